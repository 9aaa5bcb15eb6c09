/* The twin of conversation.py. */
#include "page.h"

int main(void) {
    hb_request *request = hb_request_new("meta-llama/Llama-3.3-70B-Instruct", HB_NUL);
    hb_request_add_message(request, "system", "You are a helpful assistant.", HB_NUL);
    hb_request_add_message(request, "user", "What is the capital of France?", HB_NUL);
    hb_request_add_message(request, "assistant", "The capital of France is Paris.", HB_NUL);
    hb_request_add_message(request, "user", "What is its population?", HB_NUL);
    hb_request_set_max_tokens(request, 256);
    return page_program(request, hb_chat);
}
