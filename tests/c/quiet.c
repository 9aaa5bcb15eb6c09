/*
 * The library says nothing on the host's standard output and error, whatever goes wrong.
 */
#include "silence.h"

static int32_t stop(const hb_event *event, void *context) {
    (void)event;
    (void)context;
    return HB_STOP;
}

/* Every kind of call under one script; how many failed. */
static int every_call(hb_options *options, const char *script) {
    hb_client *client = NULL;
    hb_request *chat = test_chat("x"), *completion = hb_request_new(BASE_MODEL, HB_NUL);
    hb_model_list *models = NULL;
    hb_queue *queue = test_queue();
    const hb_event *event = NULL;
    int failed = 0;
    hb_request_set_prompt(completion, "x", HB_NUL);
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_options_set_total_timeout_ms(options, 400);
    failed += hb_client_new(options, &client, NULL) < 0;
    failed += hb_chat(client, chat, NULL, NULL) < 0;
    failed += hb_complete(client, completion, NULL, NULL) < 0;
    failed += hb_chat_stream(client, chat, stop, NULL, NULL, NULL) < 0;
    failed += hb_complete_stream(client, completion, stop, NULL, NULL, NULL) < 0;
    failed += hb_models(client, &models, NULL) < 0;
    failed += hb_start(client, chat, queue, 0, NULL, NULL) < 0;
    while (client != NULL && hb_queue_next(queue, PATIENCE_MS, &event) == HB_OK) {
        uint32_t kind = event->kind;
        failed += event->status < 0;
        hb_event_free(event);
        if (kind == HB_EVENT_DONE) break;
    }
    hb_model_list_free(models);
    hb_queue_free(queue);
    hb_request_free(chat);
    hb_request_free(completion);
    hb_client_free(client);
    hb_options_free(options);
    return failed;
}

static int bad_arguments(void) {
    hb_request *request = hb_request_new("", HB_NUL);
    hb_options *options = hb_options_new();
    int failed = 0;
    failed += hb_request_set_temperature(request, 9) < 0;
    failed += hb_request_set_json(request, "x", "{", HB_NUL) < 0;
    failed += hb_request_add_message(request, "user", "\xFF", HB_NUL) < 0;
    failed += hb_request_check(request, NULL) < 0;
    failed += hb_request_check(NULL, NULL) < 0;
    failed += hb_options_set_base_url(options, "nonsense", HB_NUL) < 0;
    failed += hb_options_set_api_key(options, "a\nb", HB_NUL) < 0;
    failed += hb_client_new(options, NULL, NULL) < 0;
    failed += hb_chat(NULL, NULL, NULL, NULL) < 0;
    failed += hb_queue_next(NULL, 0, NULL) < 0;
    hb_request_free(request);
    hb_options_free(options);
    hb_request_free(hb_request_from_json("[", HB_NUL));
    hb_event_free(NULL);
    hb_response_free(NULL);
    return failed;
}

static hb_options *with_url(const char *url) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, url, HB_NUL);
    return options;
}

int main(void) {
    check_begin();
    IN_SILENCE("bad arguments", 10, bad_arguments());
    IN_SILENCE("a server that works", 0, every_call(test_options(), ""));
    IN_SILENCE("an error", 6, every_call(test_options(), "status=500"));
    IN_SILENCE("a page", 6, every_call(test_options(), "content-type=text/html,body=<html>no</html>"));
    IN_SILENCE("broken JSON", 6, every_call(test_options(), "body={\"a\":"));
    IN_SILENCE("a broken script", 6, every_call(test_options(), "no-such-fault"));
    IN_SILENCE("a cut", 5, every_call(test_options(), "cut-after=0"));
    IN_SILENCE("a reset", 5, every_call(test_options(), "reset-after=2"));
    IN_SILENCE("a reset without a head", 6, every_call(test_options(), "reset-head"));
    IN_SILENCE("a stall", 6, every_call(test_options(), "stall"));
    IN_SILENCE("no connection", 6, every_call(with_url("http://127.0.0.1:1"), ""));
    IN_SILENCE("no client", 6, every_call(with_url("http://192.0.2.1"), ""));
    return check_end();
}
