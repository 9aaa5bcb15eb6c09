/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * A crowd of starts, takes, cancels and frees over TLS and HTTP/2.
 */
#include "crowd.h"

int main(void) {
    const struct way secure = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    return crowd_over(&secure);
}
