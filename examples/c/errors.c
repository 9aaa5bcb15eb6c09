/* What to do when a call fails: there is a status for each decision. Four failures, which any server lets happen. */
#include <hyperbolic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char *decide(hb_status status) {
    switch (status) {
    case HB_OK: return "use the answer";
    case HB_E_INVALID_ARGUMENT: return "a bug in this program: correct the value that the message names";
    case HB_E_AUTHENTICATION: return "ask the user for another key";
    case HB_E_BAD_REQUEST: return "change the request; sending it again does not help";
    case HB_E_RATE_LIMITED: return "slow down, then send it again";
    case HB_E_QUOTA: return "tell the user to pay; waiting does not help";
    case HB_E_CONNECT:
    case HB_E_SERVER: return "try again later";
    case HB_E_TRUNCATED:
    case HB_E_DEADLINE:
    case HB_E_CANCELLED: return "keep what arrived, or ask again";
    default: return "show the message and give up"; /* a later version may add a status */
    }
}

/* Everything that is known of an error. Every getter takes NULL, so a response that is not there needs no question. */
static void explain(const char *what, hb_status status, const hb_response *response, const hb_error *error) {
    printf("%s: %s\n    so:      %s\n", what, hb_status_name(status), decide(status));
    if (status == HB_OK) return;
    printf("    message: %s\n", hb_error_message(error, NULL));
    if (hb_error_hint(error)[0] != '\0') printf("    hint:    %s\n", hb_error_hint(error));
    if (hb_error_param(error)[0] != '\0') printf("    field:   %s\n", hb_error_param(error));
    if (hb_error_http_status(error) != 0) printf("    HTTP:    %" PRId32 "\n", hb_error_http_status(error));
    if (hb_error_retry_after_ms(error) >= 0) printf("    wait:    %" PRId64 " ms\n", hb_error_retry_after_ms(error));
    const char *arrived = hb_response_text(response, 0, NULL);
    if (arrived[0] != '\0') printf("    arrived: %s\n", arrived);
}

static int32_t HB_CALL on_event(const hb_event *event, void *context) {
    const int *stop = (const int *)context;
    return *stop && event->kind == HB_EVENT_TEXT ? HB_STOP : HB_CONTINUE;
}

static void ask(const char *what, const hb_options *options, const hb_request *request, int stop) {
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) status = hb_chat_stream(client, request, on_event, &stop, &response, &error);
    explain(what, status, response, error);
    hb_error_free(error);
    hb_response_free(response);
    hb_client_free(client);
}

int main(void) {
    const char *model = getenv("HYPERBOLIC_MODEL");
    if (model == NULL || model[0] == '\0') model = "meta-llama/Llama-3.3-70B-Instruct";
    hb_options *options = hb_options_from_env(), *wrong_key = hb_options_from_env(), *no_server = hb_options_from_env();
    hb_request *request = hb_request_new(model, HB_NUL);
    hb_request_add_message(request, "user", "Count to a hundred.", HB_NUL);
    hb_request *too_hot = hb_request_clone(request);
    hb_options_set_api_key(wrong_key, "wrong-key", HB_NUL);
    hb_options_set_base_url(no_server, "http://127.0.0.1:9", HB_NUL);
    hb_request_set_temperature(too_hot, 9.0); /* its status says so too; hb_chat_stream repeats it, before it sends */

    ask("a wrong key", wrong_key, request, 0);
    ask("a bad field", options, too_hot, 0);
    ask("no server", no_server, request, 0);
    ask("an answer that is cut", options, request, 1);

    hb_request_free(too_hot);
    hb_request_free(request);
    hb_options_free(no_server);
    hb_options_free(wrong_key);
    hb_options_free(options);
    return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
