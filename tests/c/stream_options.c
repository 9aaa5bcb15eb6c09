/*
 * A server that does not know stream_options: the request goes once more without, and the client remembers.
 */
#include "check.h"

struct seen {
    uint32_t retries, texts_before, events, dones;
    uint32_t attempt, struct_size;
    int64_t delay_ms;
    int32_t http_status;
    hb_status error_status;
    char message[256], name[64];
    int fields_empty;
};

static int32_t on_event(const hb_event *event, void *context) {
    struct seen *seen = (struct seen *)context;
    seen->events += 1;
    seen->dones += event->kind == HB_EVENT_DONE;
    if (event->kind != HB_EVENT_RETRY) return HB_CONTINUE;
    seen->retries += 1;
    seen->texts_before = seen->events - 1;
    seen->attempt = event->attempt;
    seen->struct_size = event->struct_size;
    seen->delay_ms = event->delay_ms;
    seen->http_status = hb_error_http_status(event->error);
    seen->error_status = hb_error_status(event->error);
    snprintf(seen->message, sizeof seen->message, "%s", hb_error_message(event->error, NULL));
    snprintf(seen->name, sizeof seen->name, "%s", event->name);
    seen->fields_empty = event->text != NULL && *event->text == '\0' && event->text_len == 0 && *event->id == '\0'
                      && event->response == NULL && event->status == HB_OK;
    return HB_CONTINUE;
}

/* One chat with a callback; how many attempts it took. */
static uint32_t ask(const char *name, hb_client *client, struct seen *seen, hb_status expected) {
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    memset(seen, 0, sizeof *seen);
    check_status(name, hb_chat_stream(client, request, on_event, seen, &response, NULL), expected);
    check_number("one DONE", seen->dones, 1);
    uint32_t attempts = hb_response_attempts(response);
    hb_response_free(response);
    hb_request_free(request);
    return attempts;
}

static void refused_with(const char *script, int32_t http_status) {
    hb_client *client = test_client(script);
    struct seen seen;
    control_only("POST", "/simulator/reset", "");
    check_number("refused once: two attempts", ask(script, client, &seen, HB_OK), 2);
    check_number("one RETRY", seen.retries, 1);
    check_number("before anything else", seen.texts_before, 0);
    check_number("of an event's size", seen.struct_size, sizeof(hb_event));
    check_number("attempt two follows", seen.attempt, 2);
    check_number("at once", seen.delay_ms, 0);
    check_number("it says why: the HTTP status", seen.http_status, http_status);
    check_status("its status", seen.error_status, HB_E_BAD_REQUEST);
    check_has("and the server's words", seen.message, "stream_options");
    check_text("the model that is asked", seen.name, MODEL);
    check(seen.fields_empty, "a field that RETRY does not use is empty", "it is not");
    check_number("the server saw two requests", count_of("requests"), 2);
    char *last = last_request();
    check_has("the last one a stream", last, "\"stream\":true");
    check_lacks("without stream_options", last, "stream_options");
    free(last);
    check_number("the client remembers", ask("again", client, &seen, HB_OK), 1);
    check_number("and needs no RETRY", seen.retries, 0);
    check_number("so there was one request more", count_of("requests"), 3);
    hb_client_free(client);
}

/* In a blocking call without a callback it goes unseen, but for the count. */
static void unseen(void) {
    hb_client *client = test_client("refuse-stream-options=400");
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    check_status("a blocking call", hb_chat(client, request, &response, NULL), HB_OK);
    check_number("counts its attempts", hb_response_attempts(response), 2);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

/* A server that repeats the request in an error about something else names them too: that is not to be remembered. */
static void named_in_passing(void) {
    static const char SCRIPT[] = "status=422,body={\"detail\":\"stream_options\"},times=2";
    hb_client *client = test_client(SCRIPT);
    struct seen seen;
    control_only("POST", "/simulator/reset", "");
    check_number("refused with and without: two attempts", ask(SCRIPT, client, &seen, HB_E_BAD_REQUEST), 2);
    check_number("the next call is answered", ask("named", client, &seen, HB_OK), 1);
    char *last = last_request();
    check_has("and asks for usage again", last, "stream_options");
    free(last);
    hb_client_free(client);
}

/* stream_options that the caller set are the caller's: what a server says to them is the caller's to know. */
static void of_the_caller(void) {
    hb_client *client = test_client("refuse-stream-options=400");
    hb_request *request = test_chat("x");
    hb_error *error = NULL;
    hb_request_set_json(request, "stream_options", "{\"include_usage\":false}", HB_NUL);
    check_status("the caller's own", hb_chat(client, request, NULL, &error), HB_E_BAD_REQUEST);
    check_number("are sent once", hb_error_attempts(error), 1);
    char *last = last_request();
    check_has("as they are", last, "\"stream_options\":{\"include_usage\":false}");
    free(last);
    hb_error_free(error);
    hb_request_free(request);
    hb_client_free(client);
}

static void other_errors(void) {
    hb_client *client = test_client("status=400");
    struct seen seen;
    check_number("another 400 is not sent again", ask("status=400", client, &seen, HB_E_BAD_REQUEST), 1);
    check_number("and needs no RETRY", seen.retries, 0);
    hb_client_free(client);
    client = test_client("refuse-stream-options=500");
    check_number("nor is a 500", ask("refuse-stream-options=500", client, &seen, HB_E_SERVER), 1);
    hb_client_free(client);
}

/* What is asked for by default, and what comes of it where usage comes last. */
static void asked_for(void) {
    hb_client *client = test_client("final-usage");
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    check_status("usage at the end", hb_chat(client, request, &response, NULL), HB_OK);
    char *last = last_request();
    check_has("is asked for", last, "\"stream_options\":{\"include_usage\":true}");
    free(last);
    check(hb_response_prompt_tokens(response) > 0 && hb_response_completion_tokens(response) > 0, "and comes",
          "%lld tokens", (long long)hb_response_total_tokens(response));
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
    client = test_client("no-usage");
    request = test_chat("x");
    check_status("no usage at all", hb_chat(client, request, &response, NULL), HB_OK);
    check_number("is -1", hb_response_total_tokens(response), -1);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    refused_with("refuse-stream-options=400", 400);
    refused_with("refuse-stream-options=422", 422);
    unseen();
    named_in_passing();
    of_the_caller();
    other_errors();
    asked_for();
    return check_end();
}
