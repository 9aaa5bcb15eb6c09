/*
 * A server that resets while a large body is on its way: the call fails, a C host with SIGPIPE as it found it lives,
 * and SIGPIPE stays as it was. That the signal is raised at all is for signals.c to show.
 */
#include "check.h"

enum { SIZE = 2 << 20, TIMES = 5 };

/* A chat that no socket buffer holds. */
static hb_request *large_request(void) {
    char *text = (char *)memory(SIZE);
    memset(text, 'x', SIZE);
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_request_add_message(request, "user", text, SIZE);
    free(text);
    return request;
}

static void reset_uploads(void) {
    hb_options *options = test_options();
    hb_options_set_header(options, "x-simulator-fault", "reset-upload", HB_NUL);
    hb_client *client = client_of(options);
    hb_request *request = large_request();
    int i, survived = 0;
    for (i = 0; i < TIMES; i++) {
        hb_response *response = NULL;
        hb_error *error = NULL;
        hb_status status = hb_chat(client, request, &response, &error);
        survived += status == HB_E_CONNECT && hb_error_is_retryable(error) == 1 && response != NULL;
        if (status != HB_E_CONNECT) printf("# %s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
        hb_response_free(response);
        hb_error_free(error);
    }
    check_number("resets of an upload", survived, TIMES);
    hb_request_free(request);
    hb_client_free(client);
}

/* The same body, taken by a server that answers while it is sent. */
static void refused_upload(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = large_request();
    hb_error *error = NULL;
    check_status("a prompt beyond the context", hb_chat(client, request, NULL, &error), HB_E_BAD_REQUEST);
    check_text("is refused in the server's words", hb_error_code(error), "40303");
    hb_error_free(error);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    struct sigaction action;
    check_begin();
    sigaction(SIGPIPE, NULL, &action);
    check(action.sa_handler == SIG_DFL, "SIGPIPE is as a C program finds it", "it is ignored or caught");
    reset_uploads();
    refused_upload();
    sigaction(SIGPIPE, NULL, &action);
    check(action.sa_handler == SIG_DFL, "and stays so", "it was changed");
    return check_end();
}
