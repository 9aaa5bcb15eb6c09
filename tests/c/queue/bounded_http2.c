/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * A consumer that comes late, over HTTP/2, where it must not hold up the other streams of its connection.
 */
#include "bounded.h"

int main(void) {
    struct way way = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    return bounded(&way);
}
