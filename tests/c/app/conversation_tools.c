/*
 * Conversations with tools: calls and their results go in as they come, in any order, and go out again in theirs.
 */
#include "talk.h"

static hb_request *with_tools(void) {
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_request_add_tool(request, "roll_dice", NULL, 0, NULL, 0);
    hb_request_add_tool(request, "look_up", NULL, 0, NULL, 0);
    return request;
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

int main(void) {
    check_begin();
    calls_tools();
    ids_come_again();
    leaves_out_broken_calls();
    return check_end();
}
