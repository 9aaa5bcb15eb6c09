/*
 * What an answer can hold beside a plain text: tool calls, reasoning, log-probabilities, characters in pieces, a list
 * of models. And which call takes which request.
 */
#include "same.h"

struct call {
    uint32_t count;
    uint32_t choice, tool_call;
    char name[64], id[128], arguments[256];
};

struct pieces {
    char text[1 << 14], reasoning[1 << 12];
    size_t text_size, reasoning_size;
    uint32_t broken;
    struct call calls[4];
    uint32_t call_count;
};

/* Whether bytes are whole code points: they begin with no continuation byte and no character lacks its end. */
static int whole_characters(const char *text, size_t size) {
    size_t at = 0;
    while (at < size) {
        unsigned char first = (unsigned char)text[at];
        size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 0, i;
        if (length == 0 || at + length > size) return 0;
        for (i = 1; i < length; i++) {
            if (((unsigned char)text[at + i] & 0xC0) != 0x80) return 0;
        }
        at += length;
    }
    return 1;
}

static int32_t keep(const hb_event *event, void *context) {
    struct pieces *seen = (struct pieces *)context;
    seen->broken += !whole_characters(event->text, event->text_len);
    if (event->kind == HB_EVENT_TEXT && seen->text_size + event->text_len < sizeof seen->text) {
        memcpy(seen->text + seen->text_size, event->text, event->text_len);
        seen->text_size += event->text_len;
    } else if (event->kind == HB_EVENT_REASONING && seen->reasoning_size + event->text_len < sizeof seen->reasoning) {
        memcpy(seen->reasoning + seen->reasoning_size, event->text, event->text_len);
        seen->reasoning_size += event->text_len;
    } else if (event->kind == HB_EVENT_TOOL_CALL && seen->call_count < 4) {
        struct call *call = &seen->calls[seen->call_count++];
        call->choice = event->choice;
        call->tool_call = event->tool_call;
        snprintf(call->name, sizeof call->name, "%s", event->name);
        snprintf(call->id, sizeof call->id, "%s", event->id);
        snprintf(call->arguments, sizeof call->arguments, "%s", event->text);
    }
    return HB_CONTINUE;
}

/* Sends a chat with a callback; frees client and request. */
static hb_response *ask(const char *name, hb_client *client, hb_request *request, struct pieces *seen) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    memset(seen, 0, sizeof *seen);
    check_ok(name, hb_chat_stream(client, request, keep, seen, &response, &error), &error);
    check(seen->broken == 0, name, "%u pieces end inside a character", seen->broken);
    check_text(name, seen->text, hb_response_text(response, 0, NULL));
    check_text(name, seen->reasoning, hb_response_reasoning(response, 0, NULL));
    hb_request_free(request);
    hb_client_free(client);
    return response;
}

static void tool_calls(void) {
    static const char TOOLS[] =
        "[{\"type\":\"function\",\"function\":{\"name\":\"add\",\"parameters\":{\"type\":\"object\",\"properties\":"
        "{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}},\"required\":[\"a\",\"b\"]}}},"
        "{\"type\":\"function\",\"function\":{\"name\":\"now\"}}]";
    struct pieces seen;
    uint32_t i;
    hb_request *request = test_chat("Please add 2 and 3, and say what time it is now.");
    hb_request_set_json(request, "tools", TOOLS, HB_NUL);
    hb_request_set_json(request, "tool_choice", "\"auto\"", HB_NUL);
    hb_response *response = ask("tool calls arrive", test_client(NULL), request, &seen);
    check_number("two tool calls as events", seen.call_count, 2);
    check_number("two tool calls in the response", hb_response_tool_call_count(response, 0), 2);
    for (i = 0; i < seen.call_count; i++) {
        const struct call *call = &seen.calls[i];
        check_number("a tool call's place", call->choice * 100 + call->tool_call, i);
        check_text("a tool call's name", call->name, i == 0 ? "add" : "now");
        check_text("its event and the response agree on the name", call->name,
                   hb_response_tool_call_name(response, 0, i));
        check_text("and on the id", call->id, hb_response_tool_call_id(response, 0, i));
        check(*call->id != '\0', "an id is never empty", "it is");
        check_text("and on the arguments", call->arguments, hb_response_tool_call_arguments(response, 0, i, NULL));
        check_text("arguments are the model's JSON", call->arguments, i == 0 ? "{\"a\":0,\"b\":0}" : "{}");
    }
    check_text("a call that is not there has no name", hb_response_tool_call_name(response, 0, 2), "");
    check_number("a choice that is not there has no calls", hb_response_tool_call_count(response, 1), 0);
    hb_response_free(response);
}

static void reasoning(void) {
    static const char *const FORMS[] = {"think=reasoning_content", "think=reasoning", "think",
                                        "think=reasoning,think=reasoning_content"};
    size_t i;
    for (i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        struct pieces seen;
        hb_response *response = ask(FORMS[i], test_client(FORMS[i]), test_chat("Think"), &seen);
        const char *thought = hb_response_reasoning(response, 0, NULL), *said = hb_response_text(response, 0, NULL);
        const char *first = strstr(thought, "This stands where reasoning would be");
        check(first != NULL && strstr(first + 1, "This stands") == NULL, "reasoning comes once", "%s", thought);
        check(strncmp(said, "This is canned text", 19) == 0, "and the text without it", "%s", said);
        hb_response_free(response);
    }
}

/* Bytes of one character that arrive apart are joined. */
static void characters_in_pieces(void) {
    static const char HARD[] = "na\xC3\xAFve \xE6\x97\xA5\xE6\x9C\xAC \xF0\x9F\x99\x82 \xE2\x80\xA8 end";
    struct pieces whole, apart;
    hb_response *at_once = ask("characters at once", test_client(NULL), test_chat(HARD), &whole);
    hb_response *bytewise = ask("characters byte by byte", test_client("bytewise"), test_chat(HARD), &apart);
    check_same("bytes in pieces make the same answer", at_once, bytewise);
    check_has("and it has the characters", hb_response_text(bytewise, 0, NULL), "\xF0\x9F\x99\x82");
    hb_response_free(at_once);
    hb_response_free(bytewise);
}

/* A server's NUL comes through, because the length says how long the text is. */
static void nul_in_a_text(void) {
    static const char BODY[] =
        "{\"id\":\"x\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"vendor\":{\"new\":[1,2]},\"choices\":["
        "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"a\\u0000b\"},\"finish_reason\":\"stop\"}]}";
    char *body = encoded(BODY), script[1024];
    struct pieces seen;
    size_t size = 0;
    snprintf(script, sizeof script, "body=%s", body);
    hb_response *response = ask("a text with a NUL", test_client(script), test_chat("x"), &seen);
    const char *text = hb_response_text(response, 0, &size);
    check(size == 3 && memcmp(text, "a\0b", 4) == 0, "a NUL in a text", "%lu bytes", (unsigned long)size);
    check(seen.text_size == 3 && memcmp(seen.text, "a\0b", 3) == 0, "a NUL in a piece", "%s", seen.text);
    check_has("a field that nobody knows is in the JSON", hb_response_json(response, NULL), "\"vendor\":{\"new\":[1,2]}");
    check_number("no usage is -1", hb_response_prompt_tokens(response) + hb_response_total_tokens(response), -2);
    free(body);
    hb_response_free(response);
}

static void check_models(const char *name, const hb_model_list *models, int named) {
    uint32_t i, count = hb_model_list_count(models), good = 0, base = 0;
    for (i = 0; i < count; i++) {
        good += *hb_model_list_id(models, i) != '\0' && hb_model_list_context(models, i) >= 40960
             && hb_model_list_input_price_picousd(models, i) > 0 && hb_model_list_output_price_picousd(models, i) > 0
             && hb_model_list_is_chat(models, i) >= 0 && (*hb_model_list_name(models, i) != '\0') == named;
        base += hb_model_list_is_chat(models, i) == 0;
    }
    check_number(name, count, 22);
    check_number(name, good, count);
    check_number("one of them is a base model", base, 1);
    check_text("an index out of range has no id", hb_model_list_id(models, count), "");
    check_number("and no context", hb_model_list_context(models, count), -1);
}

static void models(void) {
    hb_client *client = test_client(NULL);
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    uint32_t i, same = 0;
    if (check_ok("hb_models", hb_models(client, &models, &error), &error)) {
        check_models("the server's models", models, 0);
        check_text("a server's list has no date", hb_model_list_date(models), "");
    }
    const hb_model_list *catalog = hb_catalog();
    check_models("the catalogue", catalog, 1);
    check(strlen(hb_model_list_date(catalog)) == 10, "the catalogue has a date", "%s", hb_model_list_date(catalog));
    for (i = 0; i < hb_model_list_count(catalog); i++) {
        same += strcmp(hb_model_list_id(catalog, i), hb_model_list_id(models, i)) == 0
             && hb_model_list_input_price_picousd(catalog, i) == hb_model_list_input_price_picousd(models, i);
    }
    check_number("ids and prices agree with the server's", same, 22);
    hb_model_list_free((hb_model_list *)catalog);
    check_number("the catalogue survives a free", hb_model_list_count(hb_catalog()), 22);
    hb_model_list_free(models);
    hb_client_free(client);
}

/* A chat takes messages, a completion a prompt; hb_start takes either. */
static void kinds(void) {
    hb_client *client = test_client(NULL);
    hb_request *chat = test_chat("x"), *completion = hb_request_new(BASE_MODEL, HB_NUL), *empty;
    hb_response *response = (hb_response *)client;
    hb_error *error = NULL;
    struct pieces seen;
    memset(&seen, 0, sizeof seen);
    hb_request_set_prompt(completion, "x", HB_NUL);
    empty = hb_request_new(MODEL, HB_NUL);
    check_status("hb_chat of a prompt", hb_chat(client, completion, &response, &error), HB_E_INVALID_ARGUMENT);
    check(response == NULL, "the response is written on failure too", "it was not");
    check_text("it names the prompt", hb_error_param(error), "prompt");
    hb_error_free(error);
    check_status("hb_complete_stream of messages", hb_complete_stream(client, chat, keep, &seen, NULL, &error),
                 HB_E_INVALID_ARGUMENT);
    check_text("it names the messages", hb_error_param(error), "messages");
    hb_error_free(error);
    check_status("a request without either", hb_chat(client, empty, NULL, &error), HB_E_INVALID_ARGUMENT);
    check_text("it names the messages too", hb_error_param(error), "messages");
    hb_error_free(error);
    check_status("no callback", hb_chat_stream(client, chat, NULL, NULL, NULL, &error), HB_E_INVALID_ARGUMENT);
    check_text("it names the callback", hb_error_param(error), "on_event");
    hb_error_free(error);
    check_number("none of these was sent", count_of("requests"), 0);
    check_status("the response may be NULL", hb_chat(client, chat, NULL, NULL), HB_OK);
    check_status("of a completion too", hb_complete(client, completion, NULL, NULL), HB_OK);
    hb_request_free(chat);
    hb_request_free(completion);
    hb_request_free(empty);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    kinds();
    tool_calls();
    reasoning();
    characters_in_pieces();
    nul_in_a_text();
    models();
    return check_end();
}
