/*
 * Text in whole sentences: what each event ends with, whatever the stream does, and that nothing is lost or late.
 */
#include "../outcome.h"

#define PIECE(text) "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" text "\"}}]}\n\n"
#define FINISH "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"

/* What came, and whether a piece ended in the middle of a sentence. */
struct speech {
    struct outcome outcome;
    int is_half, halves;
};

static int32_t HB_CALL hear(const hb_event *event, void *context) {
    struct speech *speech = (struct speech *)context;
    outcome_event(event, &speech->outcome);
    if (event->kind == HB_EVENT_TEXT) {
        /* Only the last piece may. */
        speech->halves += speech->is_half;
        speech->is_half = event->text_len > 0 && !isspace((unsigned char)event->text[event->text_len - 1]);
    }
    return HB_CONTINUE;
}

/* One chat in sentences, of a client of these settings, which it frees. */
static void listen_to(struct speech *speech, hb_options *options) {
    hb_client *client = client_of(options);
    hb_request *request = test_chat("Speak");
    memset(speech, 0, sizeof *speech);
    check_status("in sentences", hb_request_set_sentences(request, 1), HB_OK);
    speech->outcome.status =
        hb_chat_stream(client, request, hear, speech, &speech->outcome.response, &speech->outcome.error);
    hb_request_free(request);
    hb_client_free(client);
}

/* A stream of these events, with further faults. */
static hb_options *streamed(const char *events, const char *faults) {
    char *body = encoded(events), *script = (char *)memory(strlen(body) + strlen(faults) + 64);
    hb_options *options = test_options();
    sprintf(script, "content-type=text/event-stream,body=%s%s", body, faults);
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    free(script);
    free(body);
    return options;
}

static void whole_sentences(void) {
    static const char *const FAULTS[] = {"", ",bytewise", ",split=70,split=71,split=200", ",gzip"};
    static const char EVENTS[] = PIECE("Dr. Sm") PIECE("ith paid 3") PIECE(".50 to") PIECE("day. ") PIECE("Why? He") PIECE(
        " said: \\\"No.\\\" Then") PIECE(" he left") FINISH;
    size_t i;
    for (i = 0; i < sizeof FAULTS / sizeof *FAULTS; i++) {
        struct speech speech;
        listen_to(&speech, streamed(EVENTS, FAULTS[i]));
        check_outcome("a whole answer", &speech.outcome, HB_OK, 0, 1, "");
        check_text("put together", speech.outcome.text, "Dr. Smith paid 3.50 today. Why? He said: \"No.\" Then he left");
        check_number("no half sentence but the last", speech.halves, 0);
        outcome_free(&speech.outcome);
    }
}

/* The simulator's own text, streamed and whole. */
static void canned(void) {
    int32_t streaming;
    for (streaming = 0; streaming < 2; streaming++) {
        struct speech speech;
        hb_options *options = test_options();
        hb_options_set_streaming(options, streaming);
        listen_to(&speech, options);
        check_outcome(streaming ? "streamed" : "not streamed", &speech.outcome, HB_OK, 0, 1, "");
        check(speech.outcome.pieces > 0 && speech.halves == 0, "in sentences", "%d halves", speech.halves);
        outcome_free(&speech.outcome);
    }
}

/* What is held is delivered when the answer breaks off; it had been there for the deadlines all along. */
static void broken(void) {
    struct speech speech;
    hb_options *options = streamed(PIECE("One. Two. Thr"), ",close-after=end");
    listen_to(&speech, options);
    check_outcome("cut", &speech.outcome, HB_E_TRUNCATED, 200, 1, "");
    check_text("the rest came", speech.outcome.text, "One. Two. Thr");
    outcome_free(&speech.outcome);

    /* Half a tag is text once nothing more comes. */
    options = streamed(PIECE(" <thi"), ",close-after=end");
    listen_to(&speech, options);
    check_outcome("cut in what may be a tag", &speech.outcome, HB_E_TRUNCATED, 200, 1, "");
    check_text("the text came", speech.outcome.text, " <thi");
    outcome_free(&speech.outcome);

    options = streamed(PIECE("Wai"), ",stall-after=end");
    hb_options_set_first_token_timeout_ms(options, 1500);
    hb_options_set_idle_timeout_ms(options, 2000);
    listen_to(&speech, options);
    check_outcome("silent after half a sentence", &speech.outcome, HB_E_DEADLINE, 200, 1, "idle");
    check_text("which came before the end", speech.outcome.text, "Wai");
    check(hb_response_first_token_ms(speech.outcome.response) < 1500, "it was there before", "after %lld ms",
          (long long)hb_response_first_token_ms(speech.outcome.response));
    outcome_free(&speech.outcome);
}

/* After a cancel nothing comes but the end, which has it all. */
static void cancelled(void) {
    hb_client *client = client_of(streamed(PIECE("One. Tw"), ",stall-after=end"));
    hb_request *request = test_chat("x");
    hb_queue *queue = test_queue();
    const hb_event *event;
    hb_op op = 0;
    hb_request_set_sentences(request, 1);
    hb_start(client, request, queue, 0, &op, NULL);
    event = next_event(queue);
    check_text("a whole sentence", event == NULL ? "" : event->text, "One. ");
    hb_event_free(event);
    hb_cancel(op);
    event = next_event(queue);
    check_number("then the end", event == NULL ? 0 : event->kind, HB_EVENT_DONE);
    check_status("by the cancel", event == NULL ? HB_OK : event->status, HB_E_CANCELLED);
    check_text("with what had come", hb_response_text(event == NULL ? NULL : event->response, 0, NULL), "One. Tw");
    hb_event_free(event);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

/* Without the option text goes as it comes; a copy keeps it. */
static void off(void) {
    struct speech speech;
    hb_client *client = client_of(streamed(PIECE("Half a"), ",stall-after=end"));
    hb_request *request = test_chat("x"), *copy;
    hb_queue *queue = test_queue();
    const hb_event *event;
    hb_request_set_sentences(request, 1);
    copy = hb_request_clone(request);
    hb_request_set_sentences(request, 0);
    hb_start(client, request, queue, 0, NULL, NULL);
    event = next_of_kind(queue, HB_EVENT_TEXT);
    check_text("as it comes", event == NULL ? "" : event->text, "Half a");
    hb_event_free(event);
    hb_queue_free(queue);
    hb_client_free(client);

    memset(&speech, 0, sizeof speech);
    client = client_of(streamed(PIECE("One. Tw") PIECE("o") FINISH, ""));
    speech.outcome.status =
        hb_chat_stream(client, copy, hear, &speech, &speech.outcome.response, &speech.outcome.error);
    check_outcome("a copy", &speech.outcome, HB_OK, 0, 1, "");
    check_number("speaks in sentences", speech.halves, 0);
    outcome_free(&speech.outcome);
    hb_client_free(client);
    hb_request_free(copy);
    hb_request_free(request);
    check_status("no request", hb_request_set_sentences(NULL, 1), HB_E_INVALID_ARGUMENT);
}

int main(void) {
    check_begin();
    whole_sentences();
    canned();
    broken();
    cancelled();
    off();
    return check_end();
}
