/* Whole answers of a real model: chat, stream, text completion, an answer after a schema, the list of models. */
#include "model.h"

/* One attempt, and one for each connection that was found dead: this server promises to keep its connections for 5
 * seconds, and closes them after a streamed answer, mostly but not always before the next request. */
static void check_attempts(const char *answer, const hb_client *client, const hb_response *response) {
    static long long replays_before = 0;
    long long replays = hb_client_count(client, HB_COUNT_REPLAYS);
    check_number(of(answer, "attempts"), hb_response_attempts(response), 1 + replays - replays_before);
    replays_before = replays;
}

/* What every answer of this server has. */
static void check_answer(const char *answer, const char *kind, const hb_client *client, const hb_response *response) {
    long long prompt = hb_response_prompt_tokens(response), completion = hb_response_completion_tokens(response);
    long long first = hb_response_first_token_ms(response), total = hb_response_total_ms(response);
    long long created = hb_response_created(response);
    const char *reason = hb_response_finish_reason(response, 0);
    int ended = strcmp(reason, "stop") == 0 || strcmp(reason, "length") == 0;
    check_status(of(answer, "status"), hb_response_status(response), HB_OK);
    check_text(of(answer, "kind"), hb_response_object(response), kind);
    check_text(of(answer, "model"), hb_response_model(response), setting("HB_TEST_MODEL"));
    check(hb_response_id(response)[0] != '\0', of(answer, "id"), "it has none");
    check(created > 1700000000, of(answer, "date"), "got %lld", created);
    check_number(of(answer, "choices"), hb_response_choice_count(response), 1);
    check(hb_response_text(response, 0, NULL)[0] != '\0', of(answer, "text"), "it has none");
    check(ended, of(answer, "why it ended"), "got \"%s\"", reason);
    check(prompt > 0 && completion > 0, of(answer, "tokens"), "got %lld and %lld", prompt, completion);
    check_number(of(answer, "tokens add up"), hb_response_total_tokens(response), prompt + completion);
    check_attempts(answer, client, response);
    check(first >= 0 && first <= total, of(answer, "times"), "got %lld and %lld", first, total);
    check_has(of(answer, "JSON has what this library does not know"), hb_response_json(response, NULL), "\"timings\"");
}

static void check_chat(hb_client *client) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_request *request = model_chat("What is the capital of France?", 24);
    if (check_ok("a chat", hb_chat(client, request, &response, &error), &error)) {
        check_answer("chat", "chat.completion", client, response);
        check_text("chat: role", hb_response_role(response, 0), "assistant");
    }
    hb_response_free(response);
    hb_request_free(request);
}

struct pieces {
    char text[4096];
    size_t len;
    int count, dones, closed;
};

static int32_t HB_CALL collect(const hb_event *event, void *context) {
    struct pieces *pieces = (struct pieces *)context;
    if (event->kind == HB_EVENT_DONE) pieces->dones += 1;
    if (event->kind != HB_EVENT_TEXT) return HB_CONTINUE;
    if (event->text_len > sizeof pieces->text - pieces->len) return HB_STOP;
    memcpy(pieces->text + pieces->len, event->text, event->text_len);
    pieces->len += event->text_len;
    pieces->count += 1;
    return HB_CONTINUE;
}

static void check_stream(hb_client *client) {
    struct pieces *pieces = (struct pieces *)memory(sizeof *pieces);
    hb_response *response = NULL;
    hb_error *error = NULL;
    size_t len = 0;
    hb_request *request = model_chat("Write a short story about a robot.", 64);
    hb_status status = hb_chat_stream(client, request, collect, pieces, &response, &error);
    if (check_ok("a stream", status, &error)) {
        check_answer("stream", "chat.completion", client, response);
        const char *text = hb_response_text(response, 0, &len);
        check(len == pieces->len && memcmp(text, pieces->text, len) == 0, "stream: the pieces add up", "they do not");
        check(pieces->count > 1, "stream: more than one piece", "got %d", pieces->count);
        check_number("stream: done once", pieces->dones, 1);
    }
    hb_response_free(response);
    hb_request_free(request);
    free(pieces);
}

static void check_completion(hb_client *client) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_request *request = hb_request_new(setting("HB_TEST_MODEL"), HB_NUL);
    hb_request_set_prompt(request, "Once upon a time, there was a", HB_NUL);
    hb_request_set_max_tokens(request, 16);
    hb_request_set_temperature(request, 0);
    if (check_ok("a text completion", hb_complete(client, request, &response, &error), &error)) {
        check_answer("text completion", "text_completion", client, response);
    }
    hb_response_free(response);
    hb_request_free(request);
}

#define SCHEMA                                                                                          \
    "{\"type\":\"object\",\"properties\":{\"capital\":{\"enum\":[\"Paris\",\"Rome\"]},"                   \
    "\"in_europe\":{\"type\":\"boolean\"}},\"required\":[\"capital\",\"in_europe\"],\"additionalProperties\":false}"

/* The next word of a JSON text, if it is `word`. */
static int takes(const char **json, const char *word) {
    *json += strspn(*json, " \t\r\n");
    if (strncmp(*json, word, strlen(word)) != 0) return 0;
    *json += strlen(word);
    return 1;
}

/* The one object that the schema allows, in the schema's order, which this server keeps. */
static int fits_schema(const char *json) {
    return takes(&json, "{") && takes(&json, "\"capital\"") && takes(&json, ":") &&
           (takes(&json, "\"Paris\"") || takes(&json, "\"Rome\"")) && takes(&json, ",") &&
           takes(&json, "\"in_europe\"") && takes(&json, ":") && (takes(&json, "true") || takes(&json, "false")) &&
           takes(&json, "}") && json[strspn(json, " \t\r\n")] == '\0';
}

/* What has come of an object, each time as one. */
static int32_t HB_CALL close_each(const hb_event *event, void *context) {
    struct pieces *pieces = (struct pieces *)context;
    hb_text *whole = NULL;
    collect(event, context);
    if (event->kind == HB_EVENT_TEXT) pieces->closed += hb_json_close(pieces->text, pieces->len, &whole, NULL) == HB_OK;
    hb_text_free(whole);
    return HB_CONTINUE;
}

static void check_schema(hb_client *client) {
    struct pieces *pieces = (struct pieces *)memory(sizeof *pieces);
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_request *request = model_chat("What is the capital of France, and is that in Europe?", 64);
    hb_request_set_json_schema(request, "capital", SCHEMA, HB_NUL, 1);
    hb_status status = hb_chat_stream(client, request, close_each, pieces, &response, &error);
    if (check_ok("an answer after a schema", status, &error)) {
        const char *text = hb_response_text(response, 0, NULL);
        check(fits_schema(text), "it is the schema's object", "got %s", text);
        check(pieces->closed > 1 && pieces->closed == pieces->count, "and one with each piece", "%d of %d",
              pieces->closed, pieces->count);
    }
    hb_response_free(response);
    hb_request_free(request);
    free(pieces);
}

static void check_models(hb_client *client) {
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    if (check_ok("the list of models", hb_models(client, &models, &error), &error)) {
        check_number("its length", hb_model_list_count(models), 1);
        check_text("its one model", hb_model_list_id(models, 0), setting("HB_TEST_MODEL"));
    }
    hb_model_list_free(models);
}

int main(void) {
    check_begin();
    hb_client *client = client_of(test_options());
    check_chat(client);
    check_stream(client);
    check_completion(client);
    check_schema(client);
    check_models(client);
    hb_client_free(client);
    return check_end();
}
