/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * A library that is shut down and started again, over HTTP/2.
 */
#include "shutdown.h"

int main(void) {
    struct way way = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    check_begin();
    again_and_again(&way);
    return check_end();
}
