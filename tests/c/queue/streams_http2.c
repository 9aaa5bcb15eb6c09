/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * Very many streams at once over TLS and HTTP/2.
 */
#include "streams.h"

int main(void) {
    const struct way secure = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    return many_streams_over(&secure);
}
