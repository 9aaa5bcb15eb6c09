/* HarfBuzz owns the prefix hb_ too and sits in every engine: both headers and both libraries in one program (A6). */
#ifdef HARFBUZZ_FIRST
#include <hb.h>
#include <hyperbolic.h>
#else
#include <hyperbolic.h>
#include <hb.h>
#endif
#include <stdio.h>
#include <string.h>

int main(void) {
    hb_buffer_t *buffer = hb_buffer_create();
    hb_buffer_add_utf8(buffer, "both", -1, 0, -1);
    printf("%s HarfBuzz shapes\n", hb_buffer_get_length(buffer) == 4 ? "ok" : "not ok");
    hb_buffer_destroy(buffer);
    printf("%s HarfBuzz is its own\n", strcmp(hb_version_string(), hb_library_version()) != 0 ? "ok" : "not ok");
    printf("%s libhyperbolic answers\n", hb_abi_version() == HYPERBOLIC_ABI_VERSION ? "ok" : "not ok");
    return 0;
}
