/*
 * Requests as objects: raw JSON beside typed setters, what a bad value leaves behind, copies, and sending one twice.
 */
#include "check.h"

static hb_client *client;

/* Sends a chat that must succeed; the request as the server saw it, to be freed. */
static char *seen_of(const hb_request *request) {
    hb_error *error = NULL;
    check_ok("the request is answered", hb_chat(client, request, NULL, &error), &error);
    return last_request();
}

/* One check: the request is refused, in words that have `says`, and the error names `field`. */
static void check_bad(const char *name, const hb_request *request, const char *field, const char *says) {
    hb_error *error = NULL, *sent = NULL;
    hb_status status = hb_request_check(request, &error);
    hb_response *response = NULL;
    check(status == HB_E_INVALID_ARGUMENT && strcmp(hb_error_param(error), field) == 0
              && strstr(hb_error_message(error, NULL), says) != NULL,
          name, "%s, param \"%s\", \"%s\"", hb_status_name(status), hb_error_param(error),
          hb_error_message(error, NULL));
    check(hb_chat(client, request, &response, &sent) == status && response == NULL
              && strcmp(hb_error_message(sent, NULL), hb_error_message(error, NULL)) == 0,
          name, "sending says \"%s\"", hb_error_message(sent, NULL));
    hb_error_free(error);
    hb_error_free(sent);
}

static void check_bad_and_free(const char *name, hb_request *request, const char *field, const char *says) {
    check_bad(name, request, field, says);
    hb_request_free(request);
}

/* Rule A3: the first bad value stays, and among good ones the last wins. */
static void sticky(void) {
    hb_request *request = test_chat("x");
    check_status("a good value", hb_request_set_temperature(request, 0.5), HB_OK);
    check_status("a bad one", hb_request_set_temperature(request, 3), HB_E_INVALID_ARGUMENT);
    check_status("a good one after it", hb_request_set_temperature(request, 1), HB_OK);
    check_status("another bad field", hb_request_set_top_p(request, 7), HB_E_INVALID_ARGUMENT);
    check_bad("the first bad value stays", request, "temperature", "3");
    hb_request *clone = hb_request_clone(request);
    hb_request_free(request);
    check_bad_and_free("a clone remembers it too", clone, "temperature", "3");

    request = test_chat("x");
    hb_request_set_temperature(request, 0.25);
    hb_request_set_temperature(request, 1.5);
    hb_request_set_max_tokens(request, 5);
    char *seen = seen_of(request);
    check(json_has(seen, "\"temperature\":1.5") && strstr(seen, "0.25") == NULL, "the last good value wins", "%s", seen);
    free(seen);
    hb_request_free(request);
}

static void raw_json(void) {
    hb_request *request = test_chat("x");
    hb_request_set_temperature(request, 0.5);
    check_status("set_json", hb_request_set_json(request, "temperature", " 0.75 ", HB_NUL), HB_OK);
    hb_request_set_json(request, "future_key", "{\"b\":[1,2.50,null],\"a\":\"\\u00e9\"}", HB_NUL);
    hb_request_set_json(request, "top_k", "99 and more", 2);
    hb_request_set_json(request, "max_tokens", "3", HB_NUL);
    hb_request_set_max_tokens(request, 4);
    char *seen = seen_of(request);
    check(json_has(seen, "\"temperature\":0.75"), "JSON wins over a typed value before it", "%s", seen);
    check(json_has(seen, "\"max_tokens\":4"), "a typed value wins over JSON before it", "%s", seen);
    check(json_has(seen, "\"top_k\":99"), "JSON has a length", "%s", seen);
    check_has("an unknown key is sent", seen, "\"future_key\":{\"a\":\"\xC3\xA9\",\"b\":[1,2.5,null]}");
    free(seen);
    hb_request_free(request);

    request = hb_request_new(MODEL, HB_NUL);
    hb_request_set_json(request, "messages", "[{\"role\":\"user\",\"content\":\"raw\"}]", HB_NUL);
    hb_request_set_json(request, "stop", "[\"a\",\"b\"]", HB_NUL);
    hb_request_set_json(request, "logit_bias", "{\"5\":-1}", HB_NUL);
    seen = seen_of(request);
    check_has("messages as JSON", seen, "\"messages\":[{\"content\":\"raw\",\"role\":\"user\"}]");
    check_has("stop as JSON", seen, "\"stop\":[\"a\",\"b\"]");
    check_has("logit_bias as JSON", seen, "\"logit_bias\":{\"5\":-1}");
    free(seen);
    hb_request_free(request);
}

static void bad_json(void) {
    static const struct {
        const char *name, *key, *json, *field;
    } ROWS[] = {
        {"broken JSON", "tools", "[1,", "tools"},
        {"nothing", "tools", "", "tools"},
        {"two values", "tools", "1 2", "tools"},
        {"not UTF-8", "tools", "\"\xFF\"", "tools"},
        {"an empty key", "", "1", "key"},
        {"a key with a line break", "a\nb", "1", "key"},
        {"stream", "stream", "true", "stream"},
        {"stream off", "stream", "false", "stream"},
        {"a model that is a number", "model", "1", "model"},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        hb_request *request = test_chat("x");
        check_status(ROWS[i].name, hb_request_set_json(request, ROWS[i].key, ROWS[i].json, HB_NUL),
                     HB_E_INVALID_ARGUMENT);
        check_bad_and_free(ROWS[i].name, request, ROWS[i].field, ROWS[i].field);
    }
}

/* A key cannot be JSON and be added to: it would have two meanings. In either order. */
static void both_ways(void) {
    hb_request *request = test_chat("x");
    check_status("messages, then JSON", hb_request_set_json(request, "messages", "[]", HB_NUL), HB_E_INVALID_ARGUMENT);
    check_bad_and_free("messages, then JSON", request, "messages", "typed");
    request = hb_request_new(MODEL, HB_NUL);
    hb_request_set_json(request, "messages", "[]", HB_NUL);
    check_status("JSON, then a message", hb_request_add_message(request, "user", "x", 1), HB_E_INVALID_ARGUMENT);
    check_bad_and_free("JSON, then a message", request, "messages", "JSON");
    request = test_chat("x");
    hb_request_set_json(request, "stop", "\"a\"", HB_NUL);
    check_status("JSON, then a stop", hb_request_add_stop(request, "b", 1), HB_E_INVALID_ARGUMENT);
    check_bad_and_free("JSON, then a stop", request, "stop", "JSON");
    request = test_chat("x");
    hb_request_set_logit_bias(request, 5, 1);
    check_status("a bias, then JSON", hb_request_set_json(request, "logit_bias", "{}", HB_NUL), HB_E_INVALID_ARGUMENT);
    check_bad_and_free("a bias, then JSON", request, "logit_bias", "JSON");
    request = hb_request_new(BASE_MODEL, HB_NUL);
    hb_request_set_json(request, "prompt", "[\"a\",\"b\"]", HB_NUL);
    check_status("JSON, then a prompt", hb_request_add_prompt(request, "c", 1), HB_E_INVALID_ARGUMENT);
    check_bad_and_free("JSON, then a prompt", request, "prompt", "JSON");
}

static void from_json(void) {
    static const char BODY[] = "{\"model\":\"" MODEL "\",\"messages\":[{\"role\":\"user\",\"content\":\"one\"}],"
                               "\"x_new\":{\"deep\":[true]},\"temperature\":0.5}";
    static const struct {
        const char *name, *json, *field;
    } BAD[] = {
        {"no object", "[]", "json"},
        {"broken", "{\"model\":", "json"},
        {"two objects", "{}{}", "json"},
        {"not UTF-8", "{\"a\":\"\xC3(\"}", "json"},
        {"nothing", "", "json"},
        {"stream", "{\"model\":\"m\",\"messages\":[],\"stream\":false}", "stream"},
        {"no model", "{\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}", "model"},
        {"messages that are no list", "{\"model\":\"m\",\"messages\":{}}", "messages"},
    };
    size_t i;
    hb_request *request = hb_request_from_json(BODY, HB_NUL);
    hb_request_add_message(request, "assistant", "two", HB_NUL);
    hb_request_set_max_tokens(request, 3);
    char *seen = seen_of(request);
    check_has("a body's messages can be added to", seen,
              "[{\"content\":\"one\",\"role\":\"user\"},{\"content\":\"two\",\"role\":\"assistant\"}]");
    check_has("its unknown keys are sent", seen, "\"x_new\":{\"deep\":[true]}");
    check(json_has(seen, "\"temperature\":0.5") && json_has(seen, "\"max_tokens\":3"), "and its others", "%s", seen);
    free(seen);
    hb_request_free(request);
    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        check_bad_and_free(BAD[i].name, hb_request_from_json(BAD[i].json, HB_NUL), BAD[i].field, BAD[i].field);
    }
}

static void copies(void) {
    hb_request *request = test_chat("shared"), *clone;
    hb_request_set_max_tokens(request, 3);
    clone = hb_request_clone(request);
    hb_request_add_message(request, "assistant", "only the first", HB_NUL);
    hb_request_set_max_tokens(request, 4);
    hb_request_add_message(clone, "assistant", "only the clone", HB_NUL);
    char *first = seen_of(request), *again = seen_of(request), *other = seen_of(clone);
    check_text("a request can be sent twice", again, first);
    check(strstr(first, "only the clone") == NULL && json_has(first, "\"max_tokens\":4"), "the first", "%s", first);
    check(strstr(other, "only the first") == NULL && json_has(other, "\"max_tokens\":3"), "its clone", "%s", other);
    check(strstr(other, "shared") != NULL, "both have what came before", "%s", other);
    free(first);
    free(again);
    free(other);
    hb_request_free(request);
    hb_request_free(clone);
}

/* What was handed in may change or go at once: the library has its own copy. */
static void freed_at_once(void) {
    char text[] = "keep me", role[] = "user", model[] = MODEL;
    hb_queue *queue = test_queue();
    hb_request *request = hb_request_new(model, HB_NUL);
    hb_request_add_message(request, role, text, HB_NUL);
    memset(text, '#', sizeof text - 1);
    memset(role, '#', sizeof role - 1);
    memset(model, '#', sizeof model - 1);
    check_status("start", hb_start(client, request, queue, 0, NULL, NULL), HB_OK);
    hb_request_add_message(request, "user", "too late", HB_NUL);
    hb_request_free(request);
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    char *seen = last_request();
    check(done != NULL && done->status == HB_OK, "a request freed after its start is answered", "it failed");
    check(strstr(seen, "keep me") != NULL && strstr(seen, "too late") == NULL, "as it was then", "%s", seen);
    free(seen);
    hb_event_free(done);
    hb_queue_free(queue);
}

int main(void) {
    check_begin();
    client = test_client(NULL);
    sticky();
    raw_json();
    bad_json();
    both_ways();
    from_json();
    copies();
    freed_at_once();
    hb_client_free(client);
    return check_end();
}
