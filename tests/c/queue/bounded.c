/*
 * A consumer that comes late, over HTTP/1.1.
 */
#include "bounded.h"

int main(void) {
    struct way way = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    return bounded(&way);
}
