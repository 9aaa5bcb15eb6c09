/*
 * Saved conversations: the same bytes for the same content, and nothing believed of what comes back.
 */
#include "check.h"

#define BEGIN "{\"hyperbolic_conversation\":1"
#define SECRET "sk-this-is-a-secret"

/* A conversation as text; to be freed with hb_text_free. */
static hb_text *saved(const hb_conversation *chat, uint32_t flags) {
    hb_text *text = NULL;
    hb_error *error = NULL;
    check_ok("saved", hb_conversation_save(chat, flags, &text, &error), &error);
    return text;
}

static hb_conversation *loaded(const char *json, size_t len) {
    hb_conversation *chat = NULL;
    hb_error *error = NULL;
    check_ok("loaded", hb_conversation_load(json, len, &chat, &error), &error);
    return chat;
}

static void check_saved(const char *name, const hb_conversation *chat, const char *expected) {
    hb_text *text = saved(chat, 0);
    check_text(name, hb_text_data(text, NULL), expected);
    hb_text_free(text);
}

/* One with everything, whose last answer calls a tool and was cut off; of a client whose key is SECRET. */
static hb_conversation *lively(void) {
    static const char ANSWER[] =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"reasoning_content\":\"Dice?\",\"content\":\"Let me \\\"roll\\\"\","
        "\"tool_calls\":[{\"index\":0,\"id\":\"r1\",\"function\":{\"name\":\"roll_dice\",\"arguments\":\"{\\\"n\\\": 2}\"}},"
        "{\"index\":1,\"id\":\"r2\",\"function\":{\"name\":\"roll_dice\",\"arguments\":\"\"}}]}}]}\n\n";
    char script[2048], *text = encoded(ANSWER);
    hb_options *options = test_options();
    hb_conversation *chat = hb_conversation_new();
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_response *response = NULL;
    hb_error *error = NULL;
    snprintf(script, sizeof script, "content-type=text/event-stream,body=%s", text);
    free(text);
    hb_options_set_api_key(options, SECRET, HB_NUL);
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_client *client = client_of(options);
    hb_conversation_set_system(chat, "You keep an inn.\n", HB_NUL, NULL);
    hb_conversation_set_summary(chat, "They met.", HB_NUL, NULL);
    hb_conversation_add_message(chat, "user", "Roll\0!", 6, NULL);
    hb_conversation_set_metadata(chat, 0, "speaker", "Ann", HB_NUL, NULL);
    hb_conversation_set_metadata(chat, 0, "at", "7\xc3\xa9", HB_NUL, NULL);
    hb_request_set_conversation(request, chat);
    check_status("a cut answer", hb_chat(client, request, &response, NULL), HB_E_TRUNCATED);
    check_ok("goes in", hb_conversation_add_response(chat, response, 0, &error), &error);
    check_ok("an image", hb_conversation_add_message(chat, "user", "", 0, &error), &error);
    hb_conversation_add_image_url(chat, "https://host/a.jpg", HB_NUL, "low", NULL);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
    return chat;
}

#define SYSTEM ",\"system\":\"You keep an inn.\\n\""
#define MESSAGES                                                                                                         \
    ",\"summary\":\"They met.\",\"messages\":[{\"role\":\"user\",\"text\":\"Roll\\u0000!\",\"metadata\":{\"at\":\"7\xc3\xa9\"," \
    "\"speaker\":\"Ann\"}},{\"role\":\"assistant\",\"text\":\"Let me \\\"roll\\\"\",\"reasoning\":\"Dice?\",\"partial\":true," \
    "\"tool_calls\":[{\"id\":\"r1\",\"name\":\"roll_dice\",\"arguments\":\"{\\\"n\\\": 2}\"}]},{\"role\":\"user\""
#define IMAGES ",\"images\":[{\"url\":\"https://host/a.jpg\",\"detail\":\"low\"}]"

static void comes_back(void) {
    hb_conversation *chat = lively(), *again;
    hb_text *text = saved(chat, 0);
    size_t len = 0;
    const char *json = hb_text_data(text, &len);
    check_text("everything is in it", json, BEGIN SYSTEM MESSAGES IMAGES "}]}");
    check_number("its length", (long long)len, (long long)strlen(json));
    check_lacks("no key", json, SECRET);
    check_lacks("no server", json, "127.0.0.1");
    again = loaded(json, len);
    check_saved("the same bytes", again, json);
    check_number("the estimate is the same", hb_conversation_tokens(again), hb_conversation_tokens(chat));
    check_number("partial", hb_conversation_is_partial(again, 1), 1);
    check_text("reasoning", hb_conversation_reasoning(again, 1, NULL), "Dice?");
    hb_conversation_text(again, 0, &len);
    check_number("text with a NUL", (long long)len, 6);
    check_text("metadata", hb_conversation_metadata(again, 0, "speaker", NULL), "Ann");
    check_text("the open call", hb_conversation_open_tool_call_id(again, 0), "r1");
    check_text("its arguments", hb_conversation_open_tool_call_arguments(again, 0, NULL), "{\"n\": 2}");
    hb_text_free(text);

    /* It goes on. */
    hb_client *client = test_client(NULL);
    hb_request *request = hb_request_new("some/vision-model", HB_NUL);
    hb_error *error = NULL;
    hb_request_set_conversation(request, again);
    check_status("a call waits", hb_request_check(request, &error), HB_E_INVALID_ARGUMENT);
    check_has("which", hb_error_message(error, NULL), "r1");
    hb_error_free(error);
    check_ok("its result", hb_conversation_add_tool_result(again, "r1", "2 and 6", HB_NUL, &error), &error);
    hb_request_set_conversation(request, again);
    faults("status=200,body=%7B%22choices%22:[%7B%22message%22:%7B%22content%22:%22ok%22%7D%2C%22finish_reason%22:%22stop%22%7D]%7D");
    check_ok("sent", hb_chat(client, request, NULL, &error), &error);
    faults("");
    char *body = last_request();
    check_has("what was saved", body, "{\"content\":\"2 and 6\",\"role\":\"tool\",\"tool_call_id\":\"r1\"}");
    check_lacks("metadata is not sent", body, "Ann");
    free(body);
    hb_request_free(request);
    hb_client_free(client);
    hb_conversation_free(again);
    hb_conversation_free(chat);
}

static void leaves_out_on_request(void) {
    hb_conversation *chat = lively();
    hb_text *text = saved(chat, HB_SAVE_NO_SYSTEM);
    hb_error *error = NULL;
    check_text("no system prompt", hb_text_data(text, NULL), BEGIN MESSAGES IMAGES "}]}");
    hb_text_free(text);
    text = saved(chat, HB_SAVE_NO_IMAGES);
    check_text("no images", hb_text_data(text, NULL), BEGIN SYSTEM MESSAGES "}]}");
    hb_text_free(text);
    text = saved(chat, HB_SAVE_NO_SYSTEM | HB_SAVE_NO_IMAGES);
    check_text("neither", hb_text_data(text, NULL), BEGIN MESSAGES "}]}");
    hb_conversation *again = loaded(hb_text_data(text, NULL), HB_NUL);
    check_number("it is loaded all the same", hb_conversation_count(again), 3);
    check_text("without a system prompt", hb_conversation_system(again, NULL), "");
    hb_text_free(text);
    text = (hb_text *)(void *)&error;
    check_status("an unknown flag", hb_conversation_save(chat, 4, &text, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "flags");
    check(text == NULL, "no text", "there is one");
    hb_error_free(error);
    hb_conversation_free(again);
    hb_conversation_free(chat);
}

static void keeps_what_it_does_not_know(void) {
    hb_conversation *chat = loaded(
        " { \"mod\" : {\"version\": 1.50},\n \"hyperbolic_conversation\" : 1, \"messages\": [ { \"mood\":\"\\u0067ood\","
        "\"role\":\"user\",\"images\":[{\"alt\":\"x\",\"url\":\"https://a\"}] },{\"role\":\"assistant\",\"tool_calls\":"
        "[{\"cost\":null,\"id\":\"a\",\"name\":\"n\"}]}],\"end\":[]}\n",
        HB_NUL);
    check_saved("behind what is known, as it is written", chat,
                BEGIN ",\"messages\":[{\"role\":\"user\",\"images\":[{\"url\":\"https://a\",\"alt\":\"x\"}],"
                      "\"mood\":\"\\u0067ood\"},{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"name\":\"n\","
                      "\"cost\":null}]}],\"mod\":{\"version\": 1.50},\"end\":[]}");
    hb_conversation_truncate(chat, 0, NULL);
    check_saved("of the whole, whatever becomes of the messages", chat, BEGIN ",\"mod\":{\"version\": 1.50},\"end\":[]}");
    hb_conversation_free(chat);
}

static void check_refused(const char *json, size_t len, const char *place, const char *words) {
    hb_conversation *chat = (hb_conversation *)(void *)&len;
    hb_error *error = NULL;
    char name[80];
    snprintf(name, sizeof name, "%s: %s", place, words);
    check_status(name, hb_conversation_load(json, len, &chat, &error), HB_E_BAD_DATA);
    check(chat == NULL, name, "there is a conversation");
    check_text(name, hb_error_param(error), place);
    check_has(name, hb_error_message(error, NULL), words);
    check_lacks(name, hb_error_message(error, NULL), SECRET);
    check_number("not to be retried", hb_error_is_retryable(error), 0);
    hb_error_free(error);
}

static void is_not_believed(void) {
    static const struct {
        const char *json, *place, *words;
    } BAD[] = {
        {"", "json", "line 1 column 0"},
        {"null", "json", "is not an object"},
        {"{\"messages\":[]}", "hyperbolic_conversation", "is missing"},
        {"{\"hyperbolic_conversation\":2,\"messages\":[]}", "hyperbolic_conversation", "is 2, of a newer library"},
        {BEGIN ",\n\"system\":[\"" SECRET "\"]}", "system", "is not a string at line 2 column 9"},
        {BEGIN "} {", "json", "column 31"},
        {BEGIN ",\"messages\":[{\"role\":\"" SECRET "\"}]}", "messages[0].role", "is not user, assistant or tool"},
        {BEGIN ",\"messages\":[{\"role\":\"user\",\"text\":\"a\tb\"}]}", "messages[0].text", "control character"},
        {BEGIN ",\"messages\":[{\"role\":\"user\",\"images\":[{\"url\":\"file:///" SECRET "\"}]}]}",
         "messages[0].images[0].url", "does not begin with https://"},
        {BEGIN ",\"messages\":[{\"role\":\"assistant\",\"images\":[{\"url\":\"https://a\"}]}]}", "messages[0].images",
         "belongs to the role user"},
        {BEGIN ",\"messages\":[{\"role\":\"tool\",\"tool_call_id\":\"" SECRET "\"}]}", "messages[0].tool_call_id",
         "answers no open call"},
        {BEGIN ",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"name\":\"n\"},{\"id\":7}]}]}",
         "messages[0].tool_calls[1].id", "is not a string"},
        {BEGIN ",\"messages\":[{\"role\":\"assistant\",\"tool_calls\":[{\"id\":\"a\",\"name\":\"n\",\"arguments\":\"{\"}]}]}",
         "messages[0].tool_calls[0].arguments", "no whole JSON object"},
        {BEGIN ",\"messages\":[{\"role\":\"user\",\"metadata\":{\"a\":\"b\",\"c\":[\"" SECRET "\"]}}]}",
         "messages[0].metadata[1]", "is not a string"},
    };
    static const char NO_TEXT[] = BEGIN ",\"system\":\"\xed\xa0\x80\"}";
    size_t i, deep = 200000, most = 64u << 20;
    hb_conversation *chat = NULL;
    hb_error *error = NULL;
    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) check_refused(BAD[i].json, HB_NUL, BAD[i].place, BAD[i].words);
    check_refused(BAD[2].json, 5, "json", "line 1 column 5");
    check_refused(NO_TEXT, sizeof NO_TEXT - 1, "json", "byte 39");
    check_status("NULL is no data at all", hb_conversation_load(NULL, HB_NUL, &chat, &error), HB_E_INVALID_ARGUMENT);
    hb_error_free(error);

    char *large = (char *)memory(most + 1);
    memset(large, ' ', most + 1);
    memcpy(large, BEGIN "}", sizeof BEGIN);
    hb_conversation_free(loaded(large, most));
    check_refused(large, most + 1, "json", "byte 67108864");
    snprintf(large, most, "%s,\"x\":", BEGIN);
    memset(large + sizeof BEGIN + 4, '[', deep);
    check_refused(large, sizeof BEGIN + 4 + deep, "json", "line 1");
    free(large);
}

/* What was made cannot be too much to come back. */
static void is_refused_if_too_long(void) {
    size_t most = 64u << 20;
    char *large = (char *)memory(most + 1);
    hb_conversation *chat = hb_conversation_new();
    hb_text *text = NULL;
    hb_error *error = NULL;
    memset(large, 'x', most);
    check_ok("added", hb_conversation_set_system(chat, large, most, &error), &error);
    check_status("not saved", hb_conversation_save(chat, 0, &text, &error), HB_E_INVALID_ARGUMENT);
    check_has("how much is allowed", hb_error_message(error, NULL), "67108864");
    check(hb_error_hint(error)[0] != '\0', "what to do", "it does not say");
    hb_error_free(error);
    hb_text_free(saved(chat, HB_SAVE_NO_SYSTEM));
    hb_conversation_free(chat);
    free(large);
}

int main(void) {
    check_begin();
    comes_back();
    leaves_out_on_request();
    keeps_what_it_does_not_know();
    is_not_believed();
    is_refused_if_too_long();
    return check_end();
}
