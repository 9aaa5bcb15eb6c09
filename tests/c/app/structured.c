/*
 * Answers that are JSON: asked for by the typed calls, and shown while they arrive.
 */
#include "check.h"

#define SCHEMA                                                                                            \
    "{\"type\":\"object\",\"properties\":{\"capital\":{\"type\":\"string\"},\"people\":{\"type\":\"integer\"}," \
    "\"rivers\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},\"required\":[\"capital\",\"people\",\"rivers\"]}"

/* What the body of the last request said. */
static void check_sent(const char *name, const char *member) {
    char *body = last_request();
    check_has(name, body, member);
    free(body);
}

static void is_asked_for(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    hb_error *error = NULL;
    check_status("a JSON object", hb_request_set_json_object(request), HB_OK);
    check_ok("asked for", hb_chat(client, request, &response, &error), &error);
    check_has("an object comes", hb_response_text(response, 0, NULL), "{");
    check_sent("by its name in the API", "\"response_format\":{\"type\":\"json_object\"}");
    hb_response_free(response);
    check_status("a schema in its place", hb_request_set_json_schema(request, "capital", SCHEMA, HB_NUL, 1), HB_OK);
    check_ok("asked for", hb_chat(client, request, &response, &error), &error);
    check_has("what it asks comes", hb_response_text(response, 0, NULL), "\"capital\":");
    check_sent("by its name", "\"name\":\"capital\"");
    check_sent("strictly", "\"strict\":true");
    hb_response_free(response);
    check_status("not strict", hb_request_set_json_schema(request, "capital", SCHEMA, HB_NUL, 0), HB_OK);
    check_ok("asked for", hb_chat(client, request, NULL, &error), &error);
    check_sent("loosely", "\"strict\":false");
    hb_request_free(request);
    hb_client_free(client);
}

/* Each is refused where it is set and by the request, which names the field. */
static void is_refused(void) {
    static const struct {
        const char *name, *schema_name, *schema, *field;
    } BAD[] = {
        {"no name", NULL, "{}", "name"},
        {"an empty name", "", "{}", "name"},
        {"a name with a space", "a b", "{}", "name"},
        {"no schema", "a", NULL, "schema"},
        {"no JSON", "a", "{", "schema"},
        {"no object", "a", "[]", "schema"},
    };
    size_t i;
    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        hb_request *request = test_chat("x");
        hb_error *error = NULL;
        check_status(BAD[i].name, hb_request_set_json_schema(request, BAD[i].schema_name, BAD[i].schema, HB_NUL, 1),
                     HB_E_INVALID_ARGUMENT);
        check_status("the request remembers", hb_request_check(request, &error), HB_E_INVALID_ARGUMENT);
        check_text("which field", hb_error_param(error), BAD[i].field);
        hb_error_free(error);
        hb_request_free(request);
    }
}

static void check_closed(const char *name, const char *json, size_t len, const char *whole) {
    hb_text *text = NULL;
    hb_error *error = NULL;
    size_t size = 77;
    if (check_ok(name, hb_json_close(json, len, &text, &error), &error)) {
        check_text(name, hb_text_data(text, &size), whole);
        check_number("its length", (long long)size, (long long)strlen(whole));
    }
    hb_text_free(text);
}

static void closes(void) {
    static const struct {
        const char *json, *at;
    } MISFITS[] = {{"12", "byte 0"}, {"[1 2", "byte 3"}, {"{} x", "byte 3"}, {"{\"a\":1,}", "byte 7"}};
    size_t i;
    check_closed("nothing", NULL, 0, "");
    check_closed("a beginning", "{\"a\": [1, \"two", HB_NUL, "{\"a\": [1, \"two\"]}");
    check_closed("by its length", "[1, 2, 3]", 5, "[1, 2]");
    check_closed("a whole", "{\"a\": 1}\n", HB_NUL, "{\"a\": 1}");
    for (i = 0; i < sizeof MISFITS / sizeof *MISFITS; i++) {
        hb_text *text = (hb_text *)(void *)&i;
        hb_error *error = NULL;
        check_status(MISFITS[i].json, hb_json_close(MISFITS[i].json, HB_NUL, &text, &error), HB_E_INVALID_ARGUMENT);
        check_has("the place", hb_error_message(error, NULL), MISFITS[i].at);
        check_text("the field", hb_error_param(error), "json");
        check(text == NULL, "no text", "there is one");
        hb_error_free(error);
    }
}

/* What has come so far, and what was shown of it last. */
struct half {
    char text[1 << 14], shown[1 << 14];
    size_t size;
    int pieces, good;
};

static int32_t HB_CALL show(const hb_event *event, void *context) {
    struct half *half = (struct half *)context;
    hb_text *text = NULL;
    if (event->kind != HB_EVENT_TEXT || half->size + event->text_len >= sizeof half->text) return HB_CONTINUE;
    memcpy(half->text + half->size, event->text, event->text_len);
    half->size += event->text_len;
    half->pieces += 1;
    if (hb_json_close(half->text, half->size, &text, NULL) == HB_OK) {
        size_t size = 0;
        const char *whole = hb_text_data(text, &size);
        half->good += size >= 2 && whole[0] == '{' && whole[size - 1] == '}';
        snprintf(half->shown, sizeof half->shown, "%s", whole);
    }
    hb_text_free(text);
    return HB_CONTINUE;
}

/* Every beginning of an object is one, whatever pieces it comes in. */
static void every_beginning(const char *whole) {
    size_t len = strlen(whole), i, good = 0;
    for (i = 1; i <= len; i++) {
        hb_text *text = NULL;
        good += hb_json_close(whole, i, &text, NULL) == HB_OK && hb_text_data(text, NULL)[0] == '{';
        hb_text_free(text);
    }
    check(len > 100 && good == len, "every beginning of an object", "%lu of %lu", (unsigned long)good, (unsigned long)len);
}

/* A stream of an object: with each piece it is one. */
static void is_shown(void) {
    struct half *half = (struct half *)memory(sizeof *half);
    hb_client *client = test_client(NULL);
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_request_set_json_object(request);
    check_ok("a stream", hb_chat_stream(client, request, show, half, &response, &error), &error);
    check(half->pieces > 0 && half->good == half->pieces, "an object with each piece", "%d of %d", half->good, half->pieces);
    every_beginning(hb_response_text(response, 0, NULL));
    check_text("in the end the whole", half->shown, hb_response_text(response, 0, NULL));
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
    free(half);
}

int main(void) {
    check_begin();
    is_asked_for();
    is_refused();
    closes();
    is_shown();
    return check_end();
}
