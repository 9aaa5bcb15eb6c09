/*
 * A storm of requests over plain HTTP/1.1.
 */
#include "storm.h"

int main(void) {
    const struct way plain = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    return storm_over(&plain, 1);
}
