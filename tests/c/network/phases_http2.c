/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * A failure in every phase of a request, over TLS and HTTP/2.
 */
#include "phases.h"

int main(void) {
    const struct way secure = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    return all_phases(&secure);
}
