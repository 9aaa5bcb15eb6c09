/*
 * Reasoning: in events and a getter of its own, and left out if nobody wants it.
 */
#include "check.h"

struct pieces {
    int texts, reasonings;
};

static int32_t HB_CALL count(const hb_event *event, void *context) {
    struct pieces *pieces = (struct pieces *)context;
    pieces->texts += event->kind == HB_EVENT_TEXT;
    pieces->reasonings += event->kind == HB_EVENT_REASONING;
    return HB_CONTINUE;
}

/* One answer with reasoning that comes as `fault` says, streamed or whole, with it or without. */
static void check_answer(const char *name, hb_client *client, const char *fault, int is_omitted) {
    hb_request *request = test_chat("Why?");
    hb_response *response = NULL;
    hb_error *error = NULL;
    struct pieces pieces = {0, 0};
    const char *json;
    hb_request_set_omit_reasoning(request, is_omitted);
    faults(fault);
    check_ok(name, hb_chat_stream(client, request, count, &pieces, &response, &error), &error);
    faults("");
    check((pieces.reasonings > 0) == !is_omitted, "its events", "%d of them", pieces.reasonings);
    check(pieces.texts > 0, "the text comes", "it does not");
    check((hb_response_reasoning(response, 0, NULL)[0] != '\0') == !is_omitted, "its getter", "got \"%s\"",
          hb_response_reasoning(response, 0, NULL));
    check(hb_response_text(response, 0, NULL)[0] != '\0', "the text is there", "it is not");
    check(hb_response_first_token_ms(response) >= 0, "the first piece is counted", "it is not");
    json = hb_response_json(response, NULL);
    check((strstr(json, "think") != NULL || strstr(json, "reasoning") != NULL) == !is_omitted, "its JSON", "%s", json);
    check_has("the rest of the JSON", json, "\"finish_reason\":\"stop\"");
    check_has("and the usage", json, "\"prompt_tokens\"");
    hb_response_free(response);
    hb_request_free(request);
}

int main(void) {
    static const char *const FAULTS[] = {"think", "think=reasoning", "think=reasoning_content",
                                         "think=reasoning,think=reasoning_content"};
    hb_client *streaming, *whole;
    hb_options *options = test_options();
    size_t i;
    check_begin();
    hb_options_set_streaming(options, 0);
    whole = client_of(options);
    streaming = test_client(NULL);
    for (i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        check_answer("streamed, with it", streaming, FAULTS[i], 0);
        check_answer("streamed, without", streaming, FAULTS[i], 1);
        check_answer("whole, with it", whole, FAULTS[i], 0);
        check_answer("whole, without", whole, FAULTS[i], 1);
    }
    hb_client_free(streaming);
    hb_client_free(whole);
    return check_end();
}
