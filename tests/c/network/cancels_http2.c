/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * The same over TLS and HTTP/2, and while the handshake of TLS is under way.
 */
#include "cancels.h"

static const struct phase PHASES[] = {
    {"cancel while TCP is there and TLS is not", NULL, "stall", CONNECTED, 1, 0, 0, 0},
    {"cancel in the middle of TLS", NULL, "tls-stall", CONNECTED, 1, 0, 0, 0},
    {"cancel before the head", "stall", "", RECEIVED, 1, 0, 1, 1},
    {"cancel between two attempts", "status=503,header=retry-after:100", "", RETRYING, 1, 0, 1, 0},
    {"cancel before a piece", "stall-after=1", "", STREAMING, 1, 0, 1, 1},
    {"cancel in a pause", "stall-after=5", "", PIECE, 1, 0, 1, 1},
    {"cancel in the flow", "words=100000", "", PIECE, 1, 0, 1, 1},
};

int main(void) {
    size_t i;
    check_begin();
    for (i = 0; i < sizeof PHASES / sizeof *PHASES; i++) cancel_in(&PHASES[i]);
    return check_end();
}
