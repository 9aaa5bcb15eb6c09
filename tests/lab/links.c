/*
 * A network that breaks: an address where nobody answers, a link that is cut, packets that are lost without a word.
 * Server and client are in two networks of their own.
 */
#include "lab.h"

/* Pieces for longer than any test waits. */
#define FLOWS "words=100000,event-delay=20"
#define NOWHERE_PORT 80

/* An answer that goes on, and what was taken of it. */
struct flow {
    hb_client *client;
    hb_queue *queue;
    hb_op op;
    char text[1 << 16];
    size_t size;
};

/* Takes one event; whether it was DONE, which is then in `*done`. */
static int take(struct flow *flow, const hb_event **done) {
    const hb_event *event = next_event(flow->queue);
    *done = event;
    if (event == NULL || event->kind == HB_EVENT_DONE) return 1;
    if (event->kind == HB_EVENT_TEXT && flow->size + event->text_len < sizeof flow->text) {
        memcpy(flow->text + flow->size, event->text, event->text_len);
        flow->size += event->text_len;
    }
    hb_event_free(event);
    return 0;
}

/* Starts an answer, and returns when its first piece has come. */
static void begin(struct flow *flow, hb_client *client) {
    const hb_event *done = NULL;
    memset(flow, 0, sizeof *flow);
    flow->client = client;
    flow->queue = test_queue();
    flow->op = start_chat(client, flow->queue, 0);
    while (flow->size == 0) {
        if (take(flow, &done)) give_up("an answer ended before it began");
    }
}

/* Takes the rest; one check that it ended with `status`, and that what had come is kept. */
static void check_end_of(const char *name, struct flow *flow, hb_status status, const char *says) {
    const hb_event *done = NULL;
    size_t size = 0;
    while (!take(flow, &done)) continue;
    if (done == NULL) return;
    const char *text = hb_response_text(done->response, 0, &size), *message = hb_error_message(done->error, NULL);
    check(done->status == status && strstr(message, says) != NULL, name, "%s: \"%s\"", hb_status_name(done->status),
          message);
    check(flow->size > 0 && flow->size <= size && memcmp(text, flow->text, flow->size) == 0
              && (status == HB_E_CANCELLED || flow->size == size),
          name, "%lu bytes were delivered, %lu are in the response", (unsigned long)flow->size, (unsigned long)size);
    hb_event_free(done);
    hb_queue_free(flow->queue);
}

static hb_client *nowhere(uint32_t connect_ms) {
    hb_options *options = lab_options(setting("HB_LAB_NOWHERE"), NULL);
    hb_options_set_connect_timeout_ms(options, connect_ms);
    return client_of(options);
}

static void nobody_answers(void) {
    hb_client *client = nowhere(300);
    int64_t began = clock_ms();
    check_failed("the connect deadline, where nobody answers", chat_with(client), HB_E_DEADLINE, "connect");
    check(clock_ms() - began >= 300, "not before its time", "after %lld ms", (long long)(clock_ms() - began));
    WAIT_UNTIL(connections_in(SYN_SENT, NOWHERE_PORT) == 0);
    check_number("nothing goes on knocking", connections_in(SYN_SENT, NOWHERE_PORT), 0);
    hb_client_free(client);

    enum { MANY = 5 };
    hb_queue *queue = test_queue();
    hb_op ops[MANY];
    int i;
    client = nowhere(0);
    for (i = 0; i < MANY; i++) ops[i] = start_chat(client, queue, 0);
    WAIT_UNTIL(connections_in(SYN_SENT, NOWHERE_PORT) > 0);
    check(connections_in(SYN_SENT, NOWHERE_PORT) > 0, "requests that wait for a connection", "there are none");
    for (i = 0; i < MANY; i++) {
        hb_cancel(ops[i]);
        check_cancelled_at_once("a cancel does not wait for a connection", queue);
    }
    WAIT_UNTIL(connections_in(SYN_SENT, NOWHERE_PORT) == 0);
    check_number("and takes it back", connections_in(SYN_SENT, NOWHERE_PORT), 0);
    hb_client_free(client);
    hb_queue_free(queue);
}

/* The system says at once that there is no way. */
static void no_way(void) {
    lab("cut");
    check_failed("no way to the server", chat_by(lab_options(setting("HB_TEST_URL"), NULL)), HB_E_CONNECT,
                 "unreachable");
    lab("mend");
    check_answered("when there is one again", chat_by(lab_options(setting("HB_TEST_URL"), NULL)));
}

/* A stream whose link breaks. The system tells nobody; only the silence shows it. */
static void broken_stream(const char *how, const char *url) {
    char name[128];
    struct flow flow;
    int i;
    hb_options *options = lab_options(url, FLOWS);
    hb_options_set_idle_timeout_ms(options, 1000);
    hb_client *client = client_of(options);
    begin(&flow, client);
    lab(how);
    snprintf(name, sizeof name, "%s, %.5s: the idle deadline, with what had come", how, url);
    check_end_of(name, &flow, HB_E_DEADLINE, "idle");

    /* And one that is given up meanwhile. */
    lab("mend");
    begin(&flow, client);
    lab(how);
    hb_cancel(flow.op);
    snprintf(name, sizeof name, "%s, %.5s: a cancel does not wait for the link", how, url);
    check_cancelled_at_once(name, flow.queue);
    hb_queue_free(flow.queue);

    lab("mend");
    for (i = 0; i < 2; i++) {
        begin(&flow, client);
        hb_cancel(flow.op);
        snprintf(name, sizeof name, "%s, %.5s: the next request when the link is back", how, url);
        check_end_of(name, &flow, HB_E_CANCELLED, "");
    }
    hb_client_free(client);
}

/* A connection that was kept, and is not one any more. */
static void broken_while_idle(const char *url) {
    hb_options *options = lab_options(url, NULL);
    hb_options_set_first_token_timeout_ms(options, 1000);
    hb_options_set_connect_timeout_ms(options, 1000);
    hb_client *client = client_of(options);
    check_answered("a request", chat_with(client));
    lab("blackhole");
    struct outcome outcome = chat_with(client);
    check(outcome.status == HB_E_DEADLINE, "a kept connection that leads nowhere: a deadline", "%s: %s",
          hb_status_name(outcome.status), message_of(&outcome));
    forget(&outcome);
    lab("mend");
    check_answered("and the next request", chat_with(client));
    hb_client_free(client);
}

/* Everything that a client can be at while its packets are lost. */
static void freed(const char *url) {
    enum { STREAMS = 4, WAITING = 3 };
    struct flow *flows = (struct flow *)memory(STREAMS * sizeof *flows);
    int i, port = port_of(url), ended = 0;
    long closes = lab_wait_for_count(url, "closes", 0);
    /* What the library keeps for good is there after a first request. */
    check_answered("before", chat_by(lab_options(url, NULL)));
    WAIT_UNTIL(connections_in(ESTABLISHED, port) == 0);
    int descriptors_before = descriptors(), threads_before = threads();

    hb_client *client = client_of(lab_options(url, FLOWS)), *other = nowhere(0);
    hb_queue *queue = test_queue();
    for (i = 0; i < STREAMS; i++) begin(&flows[i], client);
    lab("blackhole");
    for (i = 0; i < WAITING; i++) {
        start_chat(client, queue, 0);
        start_chat(other, queue, 0);
    }
    WAIT_UNTIL(connections_in(SYN_SENT, NOWHERE_PORT) > 0);
    hb_client_free(client);
    hb_client_free(other);
    for (i = 0; i < STREAMS; i++) check_end_of("a stream of a client that was freed", &flows[i], HB_E_CANCELLED, "");
    for (i = 0; i < 2 * WAITING; i++) {
        const hb_event *event = NULL;
        if (hb_queue_next(queue, 0, &event) != HB_OK) break;
        ended += event->kind == HB_EVENT_DONE && event->status == HB_E_CANCELLED;
        hb_event_free(event);
    }
    check_number("hb_client_free ends what waits for a connection", ended, 2 * WAITING);
    hb_queue_free(queue);
    WAIT_UNTIL(descriptors() <= descriptors_before && threads() <= threads_before);
    check(descriptors() <= descriptors_before, "no descriptor stays", "%d before, %d after", descriptors_before,
          descriptors());
    check(threads() <= threads_before, "no thread stays", "%d before, %d after", threads_before, threads());
    lab("mend");
    /* The system goes on saying goodbye until it is heard. */
    check(lab_wait_for_count(url, "closes", closes + STREAMS) >= closes + STREAMS,
          "the server learns of it when the link is back", "it does not");
    check_answered("after", chat_by(lab_options(url, NULL)));
    free(flows);
}

int main(void) {
    const char *urls[2];
    int i;
    check_begin();
    urls[0] = setting("HB_TEST_URL");
    urls[1] = setting("HB_TEST_TLS_URL");
    nobody_answers();
    no_way();
    for (i = 0; i < 2; i++) {
        broken_stream("cut", urls[i]);
        broken_stream("blackhole", urls[i]);
        broken_while_idle(urls[i]);
        freed(urls[i]);
    }
    return check_end();
}
