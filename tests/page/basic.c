/* The twin of basic.py. */
#include "page.h"

int main(void) {
    hb_request *request = hb_request_new("deepseek-ai/DeepSeek-R1", HB_NUL);
    hb_request_add_message(request, "user", "Explain quantum computing in simple terms.", HB_NUL);
    hb_request_set_max_tokens(request, 512);
    hb_request_set_temperature(request, 0.7);
    return page_program(request, hb_chat);
}
