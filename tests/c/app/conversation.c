/*
 * Conversations: what was said goes in as it comes, and goes out again in order; undone, copied, trimmed.
 */
#include "talk.h"

#define PNG "\x89PNG\r\n\x1a\n"

static void has_turns(void) {
    hb_client *client = test_client("think=reasoning_content");
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_conversation *chat = hb_conversation_new();
    hb_error *error = NULL;
    check_ok("a system prompt", hb_conversation_set_system(chat, "You keep an inn.", HB_NUL, &error), &error);
    say(chat, "Good evening!");
    check_ok("metadata", hb_conversation_set_metadata(chat, 0, "speaker", "Ann Onymous", HB_NUL, &error), &error);
    check_status("the first turn", turn(client, request, chat), HB_OK);
    check_sent("the system prompt and the question",
               "\"messages\":[{\"content\":\"You keep an inn.\",\"role\":\"system\"},{\"content\":\"Good evening!\",", "Onymous");
    check_number("messages", hb_conversation_count(chat), 2);
    check_turn(chat, 0, "user", "Good evening!");
    check_text("the answer's role", hb_conversation_role(chat, 1), "assistant");
    check_has("the answer", hb_conversation_text(chat, 1, NULL), "Good evening!");
    check(hb_conversation_reasoning(chat, 1, NULL)[0] != '\0', "its reasoning", "it has none");
    check_number("it is whole", hb_conversation_is_partial(chat, 1), 0);

    say(chat, "A room, please.");
    char *reasoning = strdup(hb_conversation_reasoning(chat, 1, NULL));
    check_status("the second turn", turn(client, request, chat), HB_OK);
    check_sent("the history", "{\"content\":\"This is canned text from the simulator", reasoning);
    check_sent("its order", "\"role\":\"assistant\"},{\"content\":\"A room, please.\",\"role\":\"user\"}]", "partial");
    hb_request_set_send_reasoning(request, 1);
    say(chat, "How much?");
    check_status("the third turn", turn(client, request, chat), HB_OK);
    check_sent("reasoning goes back on request", "\"reasoning_content\":\"", "Onymous");
    free(reasoning);

    check_text("metadata stays", hb_conversation_metadata(chat, 0, "speaker", NULL), "Ann Onymous");
    check_ok("more of it", hb_conversation_set_metadata(chat, 0, "at", "7 o'clock", HB_NUL, &error), &error);
    check_number("how many", hb_conversation_metadata_count(chat, 0), 2);
    check_text("in the order of keys", hb_conversation_metadata_key(chat, 0, 0), "at");
    check_ok("taken away", hb_conversation_set_metadata(chat, 0, "at", NULL, 0, &error), &error);
    check_text("gone", hb_conversation_metadata(chat, 0, "at", NULL), "");
    check_number("one is left", hb_conversation_metadata_count(chat, 0), 1);

    hb_conversation_free(chat);
    check_ok("the request keeps the messages", hb_request_check(request, &error), &error);
    hb_request_free(request);
    hb_client_free(client);
}

static int32_t HB_CALL stop(const hb_event *event, void *context) {
    (void)context;
    return event->kind == HB_EVENT_TEXT ? HB_STOP : HB_CONTINUE;
}

static void keeps_what_came(void) {
    hb_client *client = test_client("stall-after=5");
    hb_client *whole = test_client(NULL);
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_conversation *chat = hb_conversation_new();
    hb_response *response = NULL;
    hb_error *error = NULL;
    say(chat, "Go on and on");
    hb_request_set_conversation(request, chat);
    check_status("cancelled", hb_chat_stream(client, request, stop, NULL, &response, NULL), HB_E_CANCELLED);
    check_ok("what came goes in", hb_conversation_add_response(chat, response, 0, &error), &error);
    check_turn(chat, 1, "assistant", hb_response_text(response, 0, NULL));
    check(hb_conversation_text(chat, 1, NULL)[0] != '\0', "it is something", "it is nothing");
    check_number("and marked", hb_conversation_is_partial(chat, 1), 1);
    hb_response_free(response);
    say(chat, "Go on.");
    check_status("the next turn", turn(whole, request, chat), HB_OK);
    check_sent("what came is sent as it is", hb_conversation_text(chat, 1, NULL), "partial");
    check_number("the mark stays", hb_conversation_is_partial(chat, 1), 1);
    check_number("the next is whole", hb_conversation_is_partial(chat, 3), 0);

    /* An answer of which nothing came adds nothing, however it ended. */
    faults("status=500");
    check_status("a server that fails", turn(whole, request, chat), HB_E_SERVER);
    faults("");
    check_number("nothing was added", hb_conversation_count(chat), 4);
    hb_conversation_free(chat);
    hb_request_free(request);
    hb_client_free(whole);
    hb_client_free(client);
}

static void shows_images(void) {
    hb_client *client = test_client("status=200,body=%7B%22choices%22:[%7B%22message%22:%7B%22content%22:%22a cat%22%7D%2C"
                                    "%22finish_reason%22:%22stop%22%7D]%7D");
    hb_request *request = hb_request_new("some/vision-model", HB_NUL);
    hb_conversation *chat = hb_conversation_new();
    hb_error *error = NULL;
    check_status("no message to go with", hb_conversation_add_image(chat, PNG, HB_NUL, NULL, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "image");
    hb_error_free(error);
    say(chat, "What is this?");
    int64_t before = hb_conversation_tokens(chat);
    check_ok("by its bytes", hb_conversation_add_image(chat, PNG, HB_NUL, "low", &error), &error);
    check_ok("by its URL", hb_conversation_add_image_url(chat, "https://host/a.jpg", HB_NUL, NULL, &error), &error);
    check_number("two", hb_conversation_image_count(chat, 0), 2);
    check(hb_conversation_tokens(chat) > before, "they count", "they do not");
    check_status("no image", hb_conversation_add_image(chat, "GIF89a", HB_NUL, NULL, NULL), HB_E_INVALID_ARGUMENT);
    check_status("no such detail", hb_conversation_add_image(chat, PNG, HB_NUL, "most", NULL), HB_E_INVALID_ARGUMENT);
    check_status("no URL", hb_conversation_add_image_url(chat, "a.png", HB_NUL, NULL, NULL), HB_E_INVALID_ARGUMENT);
    check_number("two as before", hb_conversation_image_count(chat, 0), 2);
    check_status("a turn", turn(client, request, chat), HB_OK);
    check_sent("both are sent", "{\"detail\":\"low\",\"url\":\"data:image/png;base64,iVBORw0KGgo=\"}", "GIF89a");
    check_turn(chat, 1, "assistant", "a cat");
    check_status("the last message is the model's", hb_conversation_add_image(chat, PNG, HB_NUL, NULL, NULL),
                 HB_E_INVALID_ARGUMENT);
    hb_conversation_free(chat);
    hb_request_free(request);
    hb_client_free(client);
}

static void is_copied(void) {
    hb_conversation *chat = hb_conversation_new(), *copy;
    hb_error *error = NULL;
    hb_conversation_set_system(chat, "One", HB_NUL, NULL);
    say(chat, "first");
    say(chat, "second");
    copy = hb_conversation_clone(chat);
    check_ok("the copy is cut", hb_conversation_truncate(copy, 1, &error), &error);
    check_ok("and goes on", hb_conversation_add_image(copy, PNG, HB_NUL, NULL, &error), &error);
    check_ok("with metadata", hb_conversation_set_metadata(copy, 0, "a", "b", HB_NUL, &error), &error);
    check_ok("another system prompt", hb_conversation_set_system(copy, "Two", HB_NUL, &error), &error);
    check_number("the first has its messages", hb_conversation_count(chat), 2);
    check_number("without the image", hb_conversation_image_count(chat, 0), 0);
    check_text("without metadata", hb_conversation_metadata(chat, 0, "a", NULL), "");
    check_text("its system prompt", hb_conversation_system(chat, NULL), "One");
    hb_conversation_free(chat);
    check_turn(copy, 0, "user", "first");
    check_text("the copy's", hb_conversation_system(copy, NULL), "Two");
    check_ok("removed", hb_conversation_set_system(copy, NULL, 0, &error), &error);
    check_text("there is none", hb_conversation_system(copy, NULL), "");
    hb_conversation_free(copy);
}

static void is_trimmed(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_conversation *chat = hb_conversation_new();
    hb_error *error = NULL;
    uint32_t dropped = 77;
    char text[64];
    int i;
    hb_conversation_set_system(chat, "You keep an inn.", HB_NUL, NULL);
    for (i = 0; i < 10; i++) {
        snprintf(text, sizeof text, "question number %d", i);
        say(chat, text);
        hb_conversation_add_message(chat, "assistant", "A short answer.", HB_NUL, NULL);
    }
    int64_t all = hb_conversation_tokens(chat);
    check_ok("it fits", hb_conversation_trim(chat, all, &dropped, &error), &error);
    check_number("nothing goes", dropped, 0);
    check_ok("half of it", hb_conversation_trim(chat, all / 2, &dropped, &error), &error);
    check(dropped > 0 && dropped % 2 == 0, "whole exchanges go", "%u messages went", dropped);
    check_number("as many as it says", hb_conversation_count(chat), 20 - dropped);
    check(hb_conversation_tokens(chat) <= all / 2, "it fits now", "%lld", (long long)hb_conversation_tokens(chat));
    check_text("the last is there", hb_conversation_text(chat, hb_conversation_count(chat) - 2, NULL), "question number 9");
    check_ok("a summary", hb_conversation_set_summary(chat, "They met before.", HB_NUL, &error), &error);
    check_text("it is there", hb_conversation_summary(chat, NULL), "They met before.");
    say(chat, "And?");
    check_status("sent", turn(client, request, chat), HB_OK);
    check_sent("system prompt and summary",
               "[{\"content\":\"You keep an inn.\\n\\nThey met before.\",\"role\":\"system\"}",
               "question number 0");

    check_status("too little for what must stay", hb_conversation_trim(chat, 3, &dropped, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "max_tokens");
    snprintf(text, sizeof text, "about %lld tokens", (long long)hb_conversation_tokens(chat));
    check_has("how many are left", hb_error_message(error, NULL), text);
    check(dropped > 0, "what could go went", "nothing did");
    check_number("the last exchange stays", hb_conversation_count(chat), 2);
    check_turn(chat, 0, "user", "And?");
    check_text("and the summary", hb_conversation_summary(chat, NULL), "They met before.");
    hb_error_free(error);
    check_status("a negative number", hb_conversation_trim(chat, -1, &dropped, NULL), HB_E_INVALID_ARGUMENT);
    check_number("drops nothing", dropped, 0);
    hb_conversation_free(chat);
    hb_request_free(request);
    hb_client_free(client);
}

/* A call that fails changes nothing and is forgotten. */
static void forgets_what_was_bad(void) {
    hb_conversation *chat = hb_conversation_new();
    hb_error *error = NULL;
    static const char *const ROLES[] = {"system", "tool", "", "user\n", "User"};
    size_t i;
    for (i = 0; i < sizeof ROLES / sizeof *ROLES; i++) {
        check_status("no such role", hb_conversation_add_message(chat, ROLES[i], "x", HB_NUL, &error), HB_E_INVALID_ARGUMENT);
        check_text("which field", hb_error_param(error), "role");
        hb_error_free(error);
    }
    check_status("no UTF-8", hb_conversation_add_message(chat, "user", "a\xff", HB_NUL, &error), HB_E_INVALID_ARGUMENT);
    check_has("where", hb_error_message(error, NULL), "byte 1");
    hb_error_free(error);
    check_status("no message", hb_conversation_set_metadata(chat, 0, "a", "b", HB_NUL, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "index");
    hb_error_free(error);
    check_number("nothing is there", hb_conversation_count(chat), 0);
    say(chat, "hello");
    check_status("an empty key", hb_conversation_set_metadata(chat, 0, "", "b", HB_NUL, NULL), HB_E_INVALID_ARGUMENT);
    check_status("a control character", hb_conversation_set_metadata(chat, 0, "a\t", "b", HB_NUL, NULL),
                 HB_E_INVALID_ARGUMENT);
    check_number("one message", hb_conversation_count(chat), 1);
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    check_status("it can be sent", hb_request_set_conversation(request, chat), HB_OK);
    check_ok("all is well", hb_request_check(request, &error), &error);
    hb_request_free(request);

    check_text("no such message", hb_conversation_role(chat, 1), "");
    check_text("at all", hb_conversation_text(chat, UINT32_MAX, NULL), "");
    check_text("no such call", hb_conversation_tool_call_id(chat, 0, 0), "");
    check_text("none waits", hb_conversation_open_tool_call_id(chat, 0), "");
    check_text("no such key", hb_conversation_metadata_key(chat, 0, 0), "");
    check_number("no image", hb_conversation_image_count(chat, 7), 0);

    /* An empty one makes an empty request. */
    hb_conversation *empty = hb_conversation_new();
    request = test_chat("was here");
    hb_request_set_conversation(request, empty);
    check_status("nothing to send", hb_request_check(request, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "messages");
    hb_error_free(error);
    hb_request_free(request);
    hb_conversation_free(empty);
    hb_conversation_free(chat);
}

int main(void) {
    check_begin();
    has_turns();
    keeps_what_came();
    shows_images();
    is_copied();
    is_trimmed();
    forgets_what_was_bad();
    return check_end();
}
