/*
 * Tools: offered, called, and told apart when the model calls them badly.
 */
#include "check.h"

#define ADD "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}}}"

static hb_request *with_tools(const char *question) {
    hb_request *request = test_chat(question);
    hb_request_add_tool(request, "add", "Adds two numbers.", HB_NUL, ADD, HB_NUL);
    hb_request_add_tool(request, "now", NULL, 0, NULL, 0);
    return request;
}

/* What the body of the last request said. */
static void check_sent(const char *name, const char *member) {
    char *body = last_request();
    check_has(name, body, member);
    free(body);
}

struct calls {
    int count, broken, texts;
    uint32_t index[4];
    char id[4][64], name[4][64], arguments[4][256];
};

static int32_t HB_CALL collect(const hb_event *event, void *context) {
    struct calls *calls = (struct calls *)context;
    calls->texts += event->kind == HB_EVENT_TEXT;
    if (event->kind != HB_EVENT_TOOL_CALL || calls->count == 4) return HB_CONTINUE;
    calls->index[calls->count] = event->tool_call;
    calls->broken += event->status == HB_E_BAD_RESPONSE;
    snprintf(calls->id[calls->count], sizeof calls->id[0], "%s", event->id);
    snprintf(calls->name[calls->count], sizeof calls->name[0], "%s", event->name);
    snprintf(calls->arguments[calls->count], sizeof calls->arguments[0], "%s", event->text);
    calls->count += 1;
    return HB_CONTINUE;
}

static void check_call(const hb_response *response, const struct calls *calls, uint32_t at, const char *name,
                       const char *arguments) {
    check_number("which call", calls->index[at], at);
    check_text("its tool", calls->name[at], name);
    check_text("its arguments", calls->arguments[at], arguments);
    check(calls->id[at][0] != '\0', "its id", "it is empty");
    check_text("the same id in the response", hb_response_tool_call_id(response, 0, at), calls->id[at]);
    check_text("the same tool", hb_response_tool_call_name(response, 0, at), name);
    check_text("the same arguments", hb_response_tool_call_arguments(response, 0, at, NULL), arguments);
    check_number("they are whole", hb_response_tool_call_is_whole(response, 0, at), 1);
}

static void are_called(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = with_tools("please add 2 and 3, and say what time it is now");
    hb_response *response = NULL;
    hb_error *error = NULL;
    struct calls calls;
    memset(&calls, 0, sizeof calls);
    check_status("two at once", hb_request_set_parallel_tool_calls(request, 1), HB_OK);
    check_ok("streamed", hb_chat_stream(client, request, collect, &calls, &response, &error), &error);
    check_sent("nothing was said of a choice", "\"tool_choice\":\"auto\"");
    check_sent("in parallel", "\"parallel_tool_calls\":true");
    check_sent("the schema, whose keys the simulator sorts", "\"parameters\":{\"properties\":{\"a\":");
    check_number("calls", calls.count, 2);
    check_number("in the response", hb_response_tool_call_count(response, 0), 2);
    check_number("none broken", calls.broken, 0);
    check_call(response, &calls, 0, "add", "{\"a\":0,\"b\":0}");
    check_call(response, &calls, 1, "now", "{}");
    check(strcmp(calls.id[0], calls.id[1]) != 0, "ids differ", "both are %s", calls.id[0]);
    check_number("no such call", hb_response_tool_call_is_whole(response, 0, 2), 0);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

static void are_chosen(void) {
    static const struct {
        const char *choice, *sent;
        uint32_t calls;
    } CHOICES[] = {
        {"none", "\"tool_choice\":\"none\"", 0},
        {"required", "\"tool_choice\":\"required\"", 1},
        {"now", "\"name\":\"now\"},\"type\":\"function\"", 1},
        {"auto", "\"tool_choice\":\"auto\"", 0},
    };
    hb_client *client = test_client(NULL);
    hb_request *request = with_tools("hello");
    size_t i;
    for (i = 0; i < sizeof CHOICES / sizeof *CHOICES; i++) {
        hb_response *response = NULL;
        hb_error *error = NULL;
        check_status(CHOICES[i].choice, hb_request_set_tool_choice(request, CHOICES[i].choice), HB_OK);
        check_ok("asked", hb_chat(client, request, &response, &error), &error);
        check_sent("by its name in the API", CHOICES[i].sent);
        check_number("as many calls", hb_response_tool_call_count(response, 0), CHOICES[i].calls);
        hb_response_free(response);
    }
    hb_request_free(request);
    hb_client_free(client);
}

/* An answer with one call, whose arguments are `arguments`, as a stream and whole. */
static void check_arguments(const char *name, const char *arguments, int is_whole) {
    static const char *const FORMS[] = {
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"add\","
        "\"arguments\":\"%s\"}}]}}]}\n\ndata: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n",
        "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"function\":"
        "{\"name\":\"add\",\"arguments\":\"%s\"}}]},\"finish_reason\":\"tool_calls\"}]}",
    };
    hb_client *client = test_client(NULL);
    size_t i;
    for (i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        char body[1024], script[4096], *text;
        hb_request *request = with_tools("x");
        hb_response *response = NULL;
        hb_error *error = NULL;
        struct calls calls;
        memset(&calls, 0, sizeof calls);
        snprintf(body, sizeof body, FORMS[i], arguments);
        text = encoded(body);
        snprintf(script, sizeof script, "body=%s,content-type=%s", text, i == 0 ? "text/event-stream" : "application/json");
        free(text);
        faults(script);
        check_ok(name, hb_chat_stream(client, request, collect, &calls, &response, &error), &error);
        check_number("one call", calls.count, 1);
        check_number("the event says whether it is broken", calls.broken, !is_whole);
        check_number("and so does the response", hb_response_tool_call_is_whole(response, 0, 0), is_whole);
        check_text("an id all the same", calls.id[0], "call_0_0");
        faults("");
        hb_response_free(response);
        hb_request_free(request);
    }
    hb_client_free(client);
}

/* A stream that is cut in the middle of the arguments: what came of them is there, and is told to be no call. */
static void cut(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = with_tools("add");
    hb_response *response = NULL;
    struct calls calls;
    memset(&calls, 0, sizeof calls);
    faults("cut-after=3");
    check_status("cut", hb_chat_stream(client, request, collect, &calls, &response, NULL), HB_E_TRUNCATED);
    faults("");
    check_number("no event", calls.count, 0);
    check_number("in the response", hb_response_tool_call_count(response, 0), 1);
    check_text("its tool", hb_response_tool_call_name(response, 0, 0), "add");
    check_number("it is not whole", hb_response_tool_call_is_whole(response, 0, 0), 0);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

static void are_refused(void) {
    static const struct {
        const char *what, *name, *schema, *choice, *field;
    } BAD[] = {
        {"no name", NULL, "{}", "auto", "name"},
        {"a name with a space", "a b", "{}", "auto", "name"},
        {"a name that is a choice", "required", "{}", "auto", "name"},
        {"a schema that is no object", "b", "[]", "auto", "schema"},
        {"a schema that is no JSON", "b", "{", "auto", "schema"},
        {"a choice that no tool can have", "b", "{}", "a b", "tool_choice"},
        {"a choice that was not added", "b", "{}", "c", "tool_choice"},
    };
    size_t i;
    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        hb_request *request = with_tools("x");
        hb_error *error = NULL;
        hb_request_add_tool(request, BAD[i].name, NULL, 0, BAD[i].schema, HB_NUL);
        hb_request_set_tool_choice(request, BAD[i].choice);
        check_status(BAD[i].what, hb_request_check(request, &error), HB_E_INVALID_ARGUMENT);
        check_text("which field", hb_error_param(error), BAD[i].field);
        hb_error_free(error);
        hb_request_free(request);
    }
}

int main(void) {
    check_begin();
    are_called();
    are_chosen();
    check_arguments("whole arguments", "{\\\"a\\\": [1, {}]}", 1);
    check_arguments("no arguments", "", 1);
    check_arguments("half of them", "{\\\"a\\\": 1", 0);
    check_arguments("another kind of JSON", "[1]", 0);
    check_arguments("two of them", "{}{}", 0);
    check_arguments("words", "add them", 0);
    cut();
    are_refused();
    return check_end();
}
