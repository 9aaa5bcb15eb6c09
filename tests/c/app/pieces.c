/*
 * Answers without their pieces: retries and the end come, and nothing of the answer is missing.
 */
#include "../outcome.h"

static hb_request *whole_chat(void) {
    hb_request *request = test_chat("Once upon a time");
    hb_request_set_omit_pieces(request, 1);
    return request;
}

/* The text of the end is the answer's: as long as the words that the server was told to say. */
static void check_answer(const char *name, const struct outcome *outcome, hb_status status, int words) {
    char checked[64];
    const char *text = hb_response_text(outcome->response, 0, NULL);
    int spaces = 0;
    snprintf(checked, sizeof checked, "%s: the status", name);
    check_status(checked, outcome->status, status);
    for (; *text != '\0'; text++) spaces += *text == ' ';
    snprintf(checked, sizeof checked, "%s: no piece, one end", name);
    check(outcome->pieces == 0 && outcome->dones == 1 && outcome->disorder == 0, checked, "%u pieces, %u ends",
          (unsigned)outcome->pieces, (unsigned)outcome->dones);
    snprintf(checked, sizeof checked, "%s: the answer", name);
    check(words == 0 ? spaces > 0 : spaces == words - 1, checked, "%d spaces", spaces);
}

static void over_a_queue(void) {
    hb_client *client = test_client("words=50,event-delay=1");
    hb_request *request = whole_chat();
    hb_queue *queue = test_queue();
    struct outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    hb_start(client, request, queue, 0, NULL, NULL);
    outcomes_of(queue, &outcome, 1);
    check_answer("a queue", &outcome, HB_OK, 50);
    check(hb_response_first_token_ms(outcome.response) >= 0, "the first token is counted all the same", "it is not");
    hb_response_free(outcome.response);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

static void with_a_callback(const char *name, const char *script, hb_status status, int words, uint32_t retries) {
    hb_options *options = test_options();
    hb_client *client;
    hb_request *request = whole_chat();
    struct outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    control_only("POST", "/simulator/reset", "");
    faults(script);
    hb_options_set_max_retries(options, 2);
    client = client_of(options);
    outcome.status = hb_chat_stream(client, request, outcome_event, &outcome, &outcome.response, &outcome.error);
    check_answer(name, &outcome, status, words);
    check_number("retries are told", outcome.retries, retries);
    faults("");
    hb_response_free(outcome.response);
    hb_error_free(outcome.error);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    over_a_queue();
    with_a_callback("a callback", "words=50", HB_OK, 50, 0);
    with_a_callback("after a retry", "times=1,status=503", HB_OK, 0, 1);
    with_a_callback("a cut answer", "words=50,cut-after=20", HB_E_TRUNCATED, 0, 0);
    return check_end();
}
