/*
 * Shows everything that the library says of every kind of failure, in errors, logs and recordings, to be searched for
 * the key; and searches it too.
 */
#include "recording.h"

static const char *key;
static int shown, found;

/* One text of an error or a response. */
static void show(const char *name, const char *text) {
    shown += 1;
    found += strstr(text, key) != NULL;
    printf("# %s: %s\n", name, text);
}

static void show_error(const char *name, const hb_error *error) {
    printf("# -- %s: %s\n", name, hb_status_name(hb_error_status(error)));
    show("message", hb_error_message(error, NULL));
    show("hint", hb_error_hint(error));
    show("code", hb_error_code(error));
    show("type", hb_error_type(error));
    show("param", hb_error_param(error));
    show("request id", hb_error_request_id(error));
    show("body", hb_error_body(error, NULL));
}

static void show_response(const hb_response *response) {
    show("id", hb_response_id(response));
    show("model", hb_response_model(response));
    show("text", hb_response_text(response, 0, NULL));
    show("finish reason", hb_response_finish_reason(response, 0));
    show("request id", hb_response_request_id(response));
    show("JSON", hb_response_json(response, NULL));
}

static void show_log(hb_client *client) {
    hb_log *log;
    while ((log = hb_client_take_log(client)) != NULL) {
        show("log", hb_log_message(log, NULL));
        show("log", hb_log_json(log, NULL));
        hb_log_free(log);
    }
}

static int32_t on_event(const hb_event *event, void *context) {
    if (event->error != NULL) show_error((const char *)context, event->error);
    return HB_CONTINUE;
}

/* A chat and a list of models under these settings, which it frees. */
static void every_call(const char *name, hb_options *options, const char *script) {
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    hb_request *request = test_chat("What is the key?");
    struct recording file = recording_named("secrets");
    char context[64];
    int before = shown;
    hb_options_set_record(options, file.path, HB_NUL);
    hb_options_set_log_level(options, HB_LOG_TRACE);
    hb_options_set_log_bodies(options, 1);
    snprintf(context, sizeof context, "%s", name);
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_options_set_total_timeout_ms(options, 2000);
    if (hb_client_new(options, &client, &error) == HB_OK) {
        hb_chat_stream(client, request, on_event, context, &response, &error);
        show_error(name, error);
        show_response(response);
        hb_error_free(error);
        hb_models(client, &models, &error);
        show_log(client);
        char *text = recorded(&file);
        show("recording", text);
        free(text);
    }
    show_error(name, error);
    check(shown > before, name, "nothing was shown");
    hb_error_free(error);
    hb_model_list_free(models);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
    hb_options_free(options);
}

static hb_options *with_url(const char *url) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, url, HB_NUL);
    return options;
}

/* The key and `more` behind it, as settings that cannot be used. */
static void bad_keys(void) {
    char bad[512];
    hb_client *client = test_client(NULL);
    hb_error *error = NULL;
    hb_options *options = test_options();
    snprintf(bad, sizeof bad, "%s\r\nX-Evil: 1", key);
    hb_client_set_api_key(client, bad, HB_NUL, &error);
    show_error("a key with a line break, for a live client", error);
    hb_error_free(error);
    hb_options_set_api_key(options, bad, HB_NUL);
    every_call("a key with a line break", options, "");
    snprintf(bad, sizeof bad, "%s\xFF", key);
    options = test_options();
    hb_options_set_api_key(options, bad, HB_NUL);
    every_call("a key in Latin-1", options, "");
    snprintf(bad, sizeof bad, "https://me:%s@127.0.0.1", key);
    every_call("a key as a password of a URL", with_url(bad), "");
    options = test_options();
    snprintf(bad, sizeof bad, "a\n%s", key);
    hb_options_set_header(options, "X-Key", bad, HB_NUL);
    every_call("a key in a bad header", options, "");
    options = test_options();
    snprintf(bad, sizeof bad, "ftp://me:%s@127.0.0.1", key);
    hb_options_set_proxy(options, bad, HB_NUL);
    every_call("a key as a password of a bad proxy", options, "");
    options = test_options();
    snprintf(bad, sizeof bad, "http://me:%s@127.0.0.1:1", key);
    hb_options_set_proxy(options, bad, HB_NUL);
    every_call("a key as a password of a proxy", options, "");
    hb_client_free(client);
}

/* A server that repeats what it was sent, in every place that a client reads. */
static void echoes(void) {
    static const char *const BODIES[] = {
        "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"code\":\"%s\",\"param\":\"%s\"}}",
        "{\"object\":\"error\",\"message\":\"bad header: Bearer %s\",\"code\":40102,\"%s\":\"%s %s\"}",
        "{\"detail\":[{\"loc\":[\"header\",\"%s\"],\"msg\":\"%s\",\"input\":\"%s\",\"ctx\":\"%s\"}]}",
        "<html><title>%s</title>%s %s %s</html>",
        "%s%s %s %s",
    };
    static const int STATUSES[] = {401, 400, 500, 200, 307};
    size_t i, j;
    for (i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
        for (j = 0; j < sizeof STATUSES / sizeof *STATUSES; j++) {
            char body[2048], script[8192], name[64];
            snprintf(body, sizeof body, BODIES[i], key, key, key, key);
            char *value = encoded(body);
            snprintf(script, sizeof script, "status=%d,body=%s,header=x-request-id: %s,header=location: /%s",
                     STATUSES[j], value, key, key);
            snprintf(name, sizeof name, "echo %lu with %d", (unsigned long)i, STATUSES[j]);
            every_call(name, test_options(), script);
            free(value);
        }
    }
}

int main(void) {
    static const char *const SCRIPTS[] = {"",           "status=400",   "status=401",     "status=403,openai-errors",
                                          "status=404", "status=429",   "status=500",     "body=",
                                          "body={",     "cut-after=3",  "reset-after=3",  "reset-head",
                                          "stall",      "stall-after=3", "no such script", "refuse-stream-options=422"};
    size_t i;
    check_begin();
    key = setting("HB_TEST_KEY");
    for (i = 0; i < sizeof SCRIPTS / sizeof *SCRIPTS; i++) every_call(SCRIPTS[i], test_options(), SCRIPTS[i]);
    every_call("no TLS", with_url("https://127.0.0.1:1"), "");
    every_call("no connection", with_url("http://127.0.0.1:1"), "");
    every_call("plain http", with_url("http://192.0.2.1"), "");
    bad_keys();
    echoes();
    check(shown > 1000, "much was shown", "%d texts", shown);
    check_number("texts with the key", found, 0);
    return check_end();
}
