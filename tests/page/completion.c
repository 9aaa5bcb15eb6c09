/* The twin of completion.py. */
#include "page.h"

int main(void) {
    hb_request *request = hb_request_new("meta-llama/Meta-Llama-3.1-405B", HB_NUL);
    hb_request_set_prompt(request, "The key principles of machine learning are", HB_NUL);
    hb_request_set_max_tokens(request, 256);
    hb_request_set_temperature(request, 0.7);
    return page_program(request, hb_complete);
}
