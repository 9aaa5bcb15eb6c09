/*
 * Very many streams at once over plain HTTP/1.1.
 */
#include "streams.h"

int main(void) {
    const struct way plain = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    return many_streams_over(&plain);
}
