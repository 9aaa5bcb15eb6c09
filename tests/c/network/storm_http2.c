/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * A storm of requests over TLS and HTTP/2, where a reset ends all that share a connection.
 */
#include "storm.h"

int main(void) {
    const struct way secure = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    return storm_over(&secure, 0);
}
