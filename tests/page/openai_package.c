/* The twin of openai_package.py. */
#include "page.h"

int main(void) {
    hb_request *request = hb_request_new("meta-llama/Llama-3.3-70B-Instruct", HB_NUL);
    hb_request_add_message(request, "system", "You are a helpful assistant.", HB_NUL);
    hb_request_add_message(request, "user", "Hello!", HB_NUL);
    return page_program(request, hb_chat);
}
