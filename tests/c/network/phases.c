/*
 * A failure in every phase of a request, over plain HTTP/1.1.
 */
#include "phases.h"

int main(void) {
    const struct way plain = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    return all_phases(&plain);
}
