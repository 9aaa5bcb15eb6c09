/*
 * Conversations: answers and results of tools go in as they come, and go out again in order; undone, copied, trimmed.
 */
#include "check.h"

#define PNG "\x89PNG\r\n\x1a\n"

static hb_request *with_tools(void) {
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_request_add_tool(request, "roll_dice", NULL, 0, NULL, 0);
    hb_request_add_tool(request, "look_up", NULL, 0, NULL, 0);
    return request;
}

static void say(hb_conversation *chat, const char *text) {
    hb_error *error = NULL;
    check_ok("the user says", hb_conversation_add_message(chat, "user", text, HB_NUL, &error), &error);
}

/* Sends what was said so far and adds what comes. */
static hb_status turn(hb_client *client, hb_request *request, hb_conversation *chat) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    check_status("the request takes it", hb_request_set_conversation(request, chat), HB_OK);
    hb_status status = hb_chat(client, request, &response, NULL);
    check_ok("the answer goes in", hb_conversation_add_response(chat, response, 0, &error), &error);
    hb_response_free(response);
    return status;
}

static void check_turn(const hb_conversation *chat, uint32_t index, const char *role, const char *text) {
    size_t len = 77;
    check_text("who speaks", hb_conversation_role(chat, index), role);
    check_text("what is said", hb_conversation_text(chat, index, &len), text);
    check_number("its length", (long long)len, (long long)strlen(text));
}

/* The last request's messages from `from` on, and nothing of `never` anywhere. */
static void check_sent(const char *name, const char *from, const char *never) {
    char *body = last_request();
    check_has(name, body, from);
    check_lacks("what stays here", body, never);
    free(body);
}

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

static void check_no_result(const char *name, hb_conversation *chat, const char *id, const char *words) {
    hb_error *error = NULL;
    uint32_t count = hb_conversation_count(chat), open = hb_conversation_open_tool_call_count(chat);
    check_status(name, hb_conversation_add_tool_result(chat, id, "1", HB_NUL, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "id");
    check_has("which id", hb_error_message(error, NULL), id);
    check_has("what is wrong with it", hb_error_message(error, NULL), words);
    check(count == hb_conversation_count(chat) && open == hb_conversation_open_tool_call_count(chat), "nothing changed",
          "%u messages, %u open", hb_conversation_count(chat), hb_conversation_open_tool_call_count(chat));
    hb_error_free(error);
}

static void calls_tools(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = with_tools();
    hb_conversation *chat = hb_conversation_new();
    hb_error *error = NULL;
    char first[128], second[128], expected[512];
    say(chat, "Now roll_dice and look_up the result");
    check_status("the model calls", turn(client, request, chat), HB_OK);
    check_number("two calls wait", hb_conversation_open_tool_call_count(chat), 2);
    check_number("both of one message", hb_conversation_tool_call_count(chat, 1), 2);
    check_text("the first", hb_conversation_open_tool_call_name(chat, 0), "roll_dice");
    check_text("it is that of the message", hb_conversation_tool_call_name(chat, 1, 0), "roll_dice");
    check_text("its arguments", hb_conversation_open_tool_call_arguments(chat, 0, NULL), "{}");
    check_text("the message has the same", hb_conversation_tool_call_arguments(chat, 1, 0, NULL), "{}");
    snprintf(first, sizeof first, "%s", hb_conversation_open_tool_call_id(chat, 0));
    snprintf(second, sizeof second, "%s", hb_conversation_open_tool_call_id(chat, 1));
    check_text("the same id", hb_conversation_tool_call_id(chat, 1, 1), second);

    long before = count_of("requests");
    hb_request_set_conversation(request, chat);
    check_status("a check refuses", hb_request_check(request, &error), HB_E_INVALID_ARGUMENT);
    check_has("which call", hb_error_message(error, NULL), first);
    hb_error_free(error);
    check_status("a send too", hb_chat(client, request, NULL, &error), HB_E_INVALID_ARGUMENT);
    check_has("which call", hb_error_message(error, NULL), first);
    hb_error_free(error);
    check_number("nothing was sent", count_of("requests"), before);

    /* Frames later, with something said in between, and the last one first. */
    say(chat, "Well?");
    check_ok("the second result", hb_conversation_add_tool_result(chat, second, "a six", HB_NUL, &error), &error);
    check_no_result("the second again", chat, second, "has its result already");
    check_no_result("one that nobody made", chat, "call_of_nobody", "is the id of no call");
    check_text("the first waits", hb_conversation_open_tool_call_id(chat, 0), first);
    check_ok("the first result", hb_conversation_add_tool_result(chat, first, "6", HB_NUL, &error), &error);
    check_number("none waits", hb_conversation_open_tool_call_count(chat), 0);
    check_turn(chat, 2, "tool", "a six");
    check_text("what it answers", hb_conversation_tool_result_id(chat, 2), second);
    check_turn(chat, 3, "tool", "6");
    check_turn(chat, 4, "user", "Well?");
    check_text("a user answers no call", hb_conversation_tool_result_id(chat, 4), "");
    check_status("the next turn", turn(client, request, chat), HB_OK);
    snprintf(expected, sizeof expected,
             "\"type\":\"function\"}]},{\"content\":\"a six\",\"role\":\"tool\",\"tool_call_id\":\"%s\"},"
             "{\"content\":\"6\",\"role\":\"tool\",\"tool_call_id\":\"%s\"},{\"content\":\"Well?\",\"role\":\"user\"}]",
             second, first);
    check_sent("results stand behind their calls", expected, "partial");

    /* Undone, a call waits again. */
    check_ok("undo", hb_conversation_truncate(chat, 3, &error), &error);
    check_number("one waits", hb_conversation_open_tool_call_count(chat), 1);
    check_text("the one whose result is gone", hb_conversation_open_tool_call_id(chat, 0), first);
    check_status("more than there is", hb_conversation_truncate(chat, 4, &error), HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "count");
    hb_error_free(error);
    check_ok("its result again", hb_conversation_add_tool_result(chat, first, "5", HB_NUL, &error), &error);
    check_turn(chat, 3, "tool", "5");
    hb_conversation_free(chat);
    hb_request_free(request);
    hb_client_free(client);
}

/* Servers that send no id, or count theirs from 0 in each answer: what was answered may come again. */
static void ids_come_again(void) {
    static const char ANSWER[] =
        "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"roll_dice\","
        "\"arguments\":\"\"}}]},\"finish_reason\":\"tool_calls\"}]}";
    char script[1024], *text = encoded(ANSWER);
    hb_client *client = test_client(NULL);
    hb_request *request = with_tools();
    hb_conversation *chat = hb_conversation_new();
    hb_response *response = NULL;
    hb_error *error = NULL;
    snprintf(script, sizeof script, "body=%s", text);
    free(text);
    faults(script);
    say(chat, "Roll");
    check_status("a call", turn(client, request, chat), HB_OK);
    check_text("an id that the library made", hb_conversation_open_tool_call_id(chat, 0), "call_0_0");
    check_text("no arguments", hb_conversation_open_tool_call_arguments(chat, 0, NULL), "");
    check_ok("answered", hb_conversation_add_tool_result(chat, "call_0_0", "1", HB_NUL, &error), &error);
    check_status("another call", turn(client, request, chat), HB_OK);
    check_sent("no arguments are an empty object", "\"arguments\":\"{}\"", "partial");

    /* While it waits, the same id once more would leave a result with two meanings. */
    hb_request *other = with_tools();
    hb_request_add_message(other, "user", "Roll", HB_NUL);
    check_ok("the same answer", hb_chat(client, other, &response, &error), &error);
    check_status("it is refused", hb_conversation_add_response(chat, response, 0, &error), HB_E_INVALID_ARGUMENT);
    check_has("which id", hb_error_message(error, NULL), "call_0_0");
    hb_error_free(error);
    check_number("nothing was added", hb_conversation_count(chat), 4);
    check_ok("the result", hb_conversation_add_tool_result(chat, "call_0_0", "2", HB_NUL, &error), &error);
    check_turn(chat, 2, "tool", "1");
    check_turn(chat, 4, "tool", "2");
    check_ok("now it goes in", hb_conversation_add_response(chat, response, 0, &error), &error);
    check_status("a choice that is not there", hb_conversation_add_response(chat, response, 1, &error),
                 HB_E_INVALID_ARGUMENT);
    check_text("which field", hb_error_param(error), "choice");
    hb_error_free(error);
    faults("");
    hb_response_free(response);
    hb_request_free(other);
    hb_conversation_free(chat);
    hb_request_free(request);
    hb_client_free(client);
}

/* Of a cut answer, and of one with bad arguments, no call enters that no tool can run. */
static void leaves_out_broken_calls(void) {
    static const char BROKEN[] =
        "{\"choices\":[{\"message\":{\"content\":\"Let me see.\",\"tool_calls\":[{\"id\":\"bad\",\"function\":"
        "{\"name\":\"look_up\",\"arguments\":\"{\\\"word\\\": \"}},{\"id\":\"good\",\"function\":{\"name\":\"look_up\","
        "\"arguments\":\"{}\"}}]},\"finish_reason\":\"tool_calls\"}]}";
    /* Begun and no further, which is not the same as without arguments. */
    static const char BEGUN[] =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hm.\",\"tool_calls\":[{\"index\":0,\"id\":\"begun\","
        "\"function\":{\"name\":\"look_up\",\"arguments\":\"\"}}]}}]}\n\n";
    char script[2048], *text = encoded(BROKEN);
    hb_client *client = test_client(NULL);
    hb_request *request = with_tools();
    hb_conversation *chat = hb_conversation_new();
    say(chat, "look_up something");
    hb_request_set_conversation(request, chat);
    hb_response *response = NULL;
    hb_error *error = NULL;
    faults("cut-after=3");
    check_status("cut", hb_chat(client, request, &response, NULL), HB_E_TRUNCATED);
    check_number("there was a call", hb_response_tool_call_count(response, 0), 1);
    check_ok("added", hb_conversation_add_response(chat, response, 0, &error), &error);
    check_number("nothing of it entered", hb_conversation_count(chat), 1);
    hb_response_free(response);
    snprintf(script, sizeof script, "body=%s", text);
    free(text);
    faults(script);
    check_status("a broken call", turn(client, request, chat), HB_OK);
    check_turn(chat, 1, "assistant", "Let me see.");
    check_number("the other one entered", hb_conversation_tool_call_count(chat, 1), 1);
    check_text("and waits", hb_conversation_open_tool_call_id(chat, 0), "good");
    check_ok("its result", hb_conversation_add_tool_result(chat, "good", "", HB_NUL, &error), &error);
    text = encoded(BEGUN);
    snprintf(script, sizeof script, "content-type=text/event-stream,body=%s", text);
    free(text);
    faults(script);
    hb_request_set_conversation(request, chat);
    check_status("cut again", hb_chat(client, request, &response, NULL), HB_E_TRUNCATED);
    faults("");
    check_number("a call had begun", hb_response_tool_call_count(response, 0), 1);
    check_ok("added", hb_conversation_add_response(chat, response, 0, &error), &error);
    check_turn(chat, 3, "assistant", "Hm.");
    check_number("without the call", hb_conversation_tool_call_count(chat, 3), 0);
    check_number("marked", hb_conversation_is_partial(chat, 3), 1);
    hb_response_free(response);
    hb_conversation_free(chat);
    hb_request_free(request);
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
    calls_tools();
    ids_come_again();
    leaves_out_broken_calls();
    shows_images();
    is_copied();
    is_trimmed();
    forgets_what_was_bad();
    return check_end();
}
