/* A conversation with a real model: two turns, saved, loaded, a third; then trimmed, and what is sent shrinks. */
#include "model.h"

/* One turn; how many tokens the server counted in what was sent. */
static long long turn(const char *name, hb_client *client, hb_conversation *chat, const char *question) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_request *request = hb_request_new(setting("HB_TEST_MODEL"), HB_NUL);
    check_ok(of(name, "the question"), hb_conversation_add_message(chat, "user", question, HB_NUL, &error), &error);
    hb_request_set_conversation(request, chat);
    hb_request_set_max_tokens(request, 24);
    hb_request_set_temperature(request, 0);
    check_ok(of(name, "an answer"), hb_chat(client, request, &response, &error), &error);
    check_ok(of(name, "goes in"), hb_conversation_add_response(chat, response, 0, &error), &error);
    uint32_t last = hb_conversation_count(chat) - 1;
    check_text(of(name, "it is the last"), hb_conversation_text(chat, last, NULL), hb_response_text(response, 0, NULL));
    check(hb_conversation_text(chat, last, NULL)[0] != '\0', of(name, "it says something"), "nothing");
    check_number(of(name, "it is whole"), hb_conversation_is_partial(chat, last), 0);
    long long tokens = hb_response_prompt_tokens(response);
    hb_response_free(response);
    hb_request_free(request);
    return tokens;
}

/* Out of the program and in again. */
static hb_conversation *kept(hb_conversation *chat) {
    hb_conversation *again = NULL;
    hb_text *json = NULL, *once_more = NULL;
    hb_error *error = NULL;
    size_t len = 0;
    check_ok("saved", hb_conversation_save(chat, 0, &json, &error), &error);
    const char *text = hb_text_data(json, &len);
    check_lacks("without the key", text, setting("HB_TEST_KEY"));
    if (check_ok("loaded", hb_conversation_load(text, len, &again, &error), &error)) {
        check_ok("saved again", hb_conversation_save(again, 0, &once_more, &error), &error);
        check_text("the same bytes", hb_text_data(once_more, NULL), text);
    }
    hb_text_free(once_more);
    hb_text_free(json);
    hb_conversation_free(chat);
    return again;
}

int main(void) {
    hb_client *client = client_of(test_options());
    hb_conversation *chat = hb_conversation_new();
    hb_error *error = NULL;
    uint32_t dropped = 0;
    check_begin();
    check_ok("a system prompt", hb_conversation_set_system(chat, "You are a helpful guide.", HB_NUL, &error), &error);
    long long first = turn("the first turn", client, chat, "What is the capital of France?");
    long long second = turn("the second turn", client, chat, "What is its largest museum?");
    check(first > 0 && second > first, "the server counts more", "%lld, then %lld", first, second);
    chat = kept(chat);
    if (chat == NULL) return check_end();
    long long third = turn("the third turn", client, chat, "And its longest river?");
    check(third > second, "the server counts more after a load", "%lld, then %lld", second, third);

    int64_t budget = hb_conversation_tokens(chat) / 2;
    check_ok("trimmed", hb_conversation_trim(chat, budget, &dropped, &error), &error);
    check(dropped >= 2, "exchanges went", "%u messages", dropped);
    check_text("the last question is there", hb_conversation_text(chat, hb_conversation_count(chat) - 2, NULL),
               "And its longest river?");
    long long fourth = turn("after the trim", client, chat, "Why?");
    check(fourth > 0 && fourth < third, "the server counts less", "%lld, then %lld", third, fourth);
    hb_conversation_free(chat);
    hb_client_free(client);
    return check_end();
}
