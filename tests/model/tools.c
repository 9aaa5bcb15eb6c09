/* A tool in two rounds with a real model: it calls, the result goes back, it says what came out. */
#include "model.h"

#define ADD                                                                                                \
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}},"          \
    "\"required\":[\"a\",\"b\"]}"

struct calls {
    int count;
    char id[128], arguments[256];
};

static int32_t HB_CALL collect(const hb_event *event, void *context) {
    struct calls *calls = (struct calls *)context;
    if (event->kind != HB_EVENT_TOOL_CALL) return HB_CONTINUE;
    check_text("the event: the tool", event->name, "add");
    check_status("the event: its arguments are whole", event->status, HB_OK);
    snprintf(calls->id, sizeof calls->id, "%s", event->id);
    snprintf(calls->arguments, sizeof calls->arguments, "%s", event->text);
    calls->count += 1;
    return HB_CONTINUE;
}

/* The question, and the tool that answers it. */
static hb_request *request_of(const hb_conversation *chat) {
    hb_request *request = hb_request_new(setting("HB_TEST_MODEL"), HB_NUL);
    hb_request_add_tool(request, "add", "Adds two numbers.", HB_NUL, ADD, HB_NUL);
    hb_request_set_max_tokens(request, 64);
    hb_request_set_temperature(request, 0);
    check_status("the request takes the conversation", hb_request_set_conversation(request, chat), HB_OK);
    return request;
}

/* The model's call, streamed. */
static void first_round(hb_client *client, hb_conversation *chat) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    struct calls calls;
    memset(&calls, 0, sizeof calls);
    hb_request *request = request_of(chat);
    if (check_ok("a call", hb_chat_stream(client, request, collect, &calls, &response, &error), &error)) {
        const char *arguments = hb_response_tool_call_arguments(response, 0, 0, NULL);
        check_number("one event", calls.count, 1);
        check_number("one call", hb_response_tool_call_count(response, 0), 1);
        check_text("its id", hb_response_tool_call_id(response, 0, 0), calls.id);
        check(calls.id[0] != '\0', "the id is not empty", "it is");
        check_text("its arguments", arguments, calls.arguments);
        check_has("the first number", arguments, "\"a\"");
        check_has("the second number", arguments, "\"b\"");
        check_number("they are whole", hb_response_tool_call_is_whole(response, 0, 0), 1);
        check_ok("into the conversation", hb_conversation_add_response(chat, response, 0, &error), &error);
    }
    hb_response_free(response);
    hb_request_free(request);
}

int main(void) {
    hb_client *client = client_of(test_options());
    hb_conversation *chat = hb_conversation_new();
    hb_response *response = NULL;
    hb_error *error = NULL;
    check_begin();
    check_ok("a question", hb_conversation_add_message(chat, "user", "Please add 2 and 3", HB_NUL, &error), &error);
    first_round(client, chat);
    check_number("it waits for its result", hb_conversation_open_tool_call_count(chat), 1);

    hb_request *request = request_of(chat);
    check_status("it is not sent before", hb_chat(client, request, NULL, &error), HB_E_INVALID_ARGUMENT);
    check_has("which call", hb_error_message(error, NULL), hb_conversation_open_tool_call_id(chat, 0));
    hb_error_free(error);
    hb_request_free(request);

    const char *id = hb_conversation_open_tool_call_id(chat, 0);
    check_ok("the result", hb_conversation_add_tool_result(chat, id, "5", HB_NUL, &error), &error);
    request = request_of(chat);
    if (check_ok("an answer", hb_chat(client, request, &response, &error), &error)) {
        check_has("with the result", hb_response_text(response, 0, NULL), "5");
        check_number("and no call", hb_response_tool_call_count(response, 0), 0);
    }
    hb_response_free(response);
    hb_request_free(request);
    hb_conversation_free(chat);
    hb_client_free(client);
    return check_end();
}
