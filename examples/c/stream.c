/* An answer that appears while the model writes it. examples/run runs this one. */
#include <hyperbolic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *model_name(void) {
    const char *name = getenv("HYPERBOLIC_MODEL");
    return name != NULL && name[0] != '\0' ? name : "meta-llama/Llama-3.3-70B-Instruct";
}

/* Runs on the thread that called hb_chat_stream, once for each event. Without the flush, stdio would hold the pieces
 * back. If nobody reads the output any more, the model need not go on writing. */
static int32_t HB_CALL on_event(const hb_event *event, void *context) {
    (void)context;
    if (event->kind != HB_EVENT_TEXT) return HB_CONTINUE;
    if (fwrite(event->text, 1, event->text_len, stdout) != event->text_len) return HB_STOP;
    return fflush(stdout) == 0 ? HB_CONTINUE : HB_STOP;
}

/* What a server did not count is -1. */
static void print_summary(const hb_response *response) {
    fprintf(stderr, "\n[%s, finished by \"%s\"", hb_response_model(response), hb_response_finish_reason(response, 0));
    if (hb_response_completion_tokens(response) >= 0) {
        fprintf(stderr, ", %" PRId64 " tokens", hb_response_completion_tokens(response));
    }
    fprintf(stderr, "; first piece after %" PRId64 " ms, all after %" PRId64 " ms]\n",
            hb_response_first_token_ms(response), hb_response_total_ms(response));
}

int main(void) {
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_error *error = NULL;

    /* A setter remembers the first bad value, and the call that uses the object reports it. */
    hb_options *options = hb_options_from_env();
    hb_request *request = hb_request_new(model_name(), HB_NUL);
    hb_request_add_message(request, "user", "Write a short story about a robot.", HB_NUL);
    hb_request_set_max_tokens(request, 512);

    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) status = hb_chat_stream(client, request, on_event, NULL, &response, &error);
    if (status == HB_OK) {
        print_summary(response);
    } else {
        /* What was printed stays right: it is the beginning of the answer, and `response` has it too. */
        fprintf(stderr, "\n%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
        if (hb_error_hint(error)[0] != '\0') fprintf(stderr, "%s\n", hb_error_hint(error));
    }

    hb_error_free(error);
    hb_response_free(response);
    hb_client_free(client);
    hb_request_free(request);
    hb_options_free(options);
    return status == HB_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
