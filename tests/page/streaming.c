/* The twin of streaming.py: the pieces as they come, and no line end behind them. */
#include "page.h"

static int32_t HB_CALL print_piece(const hb_event *event, void *context) {
    (void)context;
    if (event->kind == HB_EVENT_TEXT) {
        fwrite(event->text, 1, event->text_len, stdout);
        fflush(stdout);
    }
    return HB_CONTINUE;
}

int main(void) {
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_options *options = page_options();
    hb_request *request = hb_request_new("meta-llama/Llama-3.3-70B-Instruct", HB_NUL);
    hb_request_add_message(request, "user", "Write a short story about a robot.", HB_NUL);
    hb_request_set_max_tokens(request, 512);
    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) status = hb_chat_stream(client, request, print_piece, NULL, &response, &error);
    hb_response_free(response);
    hb_client_free(client);
    hb_request_free(request);
    hb_options_free(options);
    return page_end(status, error);
}
