/*
 * A crowd of starts, takes, cancels and frees over plain HTTP/1.1.
 */
#include "crowd.h"

int main(void) {
    const struct way plain = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    return crowd_over(&plain);
}
