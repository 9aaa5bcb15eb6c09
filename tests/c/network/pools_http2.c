/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * Connections that are kept, over TLS and HTTP/2: twenty streams where a connection takes four.
 */
#include "pools.h"

int main(void) {
    const struct way secure = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    check_begin();
    all_pools(&secure, 20, 5);
    return check_end();
}
