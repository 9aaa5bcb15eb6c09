/*
 * nginx in front of the server, as most people meet it: TLS, HTTP/2, limits that it sets and errors that it makes.
 */
#include "lab.h"
#include "../c/same.h"

/* Five pieces, and then nothing more. */
#define STALLS "stall-after=5"

static void set_address(hb_options *options, const char *variable) {
    char url[64];
    snprintf(url, sizeof url, "https://%s", setting(variable));
    hb_options_set_base_url(options, url, HB_NUL);
}

/* Settings for one of nginx's addresses, which trust its authority. Requests that it refuses are sent again. */
static hb_options *through(const char *variable, const char *script) {
    hb_options *options = test_options();
    trust(options, "HB_LAB_CA");
    set_address(options, variable);
    if (script != NULL) hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return options;
}

/* One check that nginx has logged `requests` answers at this address, all of them with `words`. */
static void check_logged(const char *name, const char *variable, const char *words, int requests) {
    char address[64];
    snprintf(address, sizeof address, "%s ", setting(variable));
    WAIT_UNTIL(lines_with(setting("HB_LAB_LOG"), address, words) >= requests);
    int with = lines_with(setting("HB_LAB_LOG"), address, words);
    int all = lines_with(setting("HB_LAB_LOG"), address, NULL);
    check(with == requests && all == requests, name, "%d of %d lines, %d requests", with, all, requests);
}

static void the_same_answer(void) {
    hb_client *direct = test_client(NULL), *client = client_of(through("HB_LAB_GOOD", NULL));
    hb_client *stalling = client_of(through("HB_LAB_GOOD", STALLS));
    struct outcome plain = chat_with(direct), secure = chat_with(client);
    check_same("the answer is the same", plain.response, secure.response);
    check_same_json("and its JSON", plain.response, secure.response);
    forget(&plain);
    forget(&secure);

    /* It streams: a piece comes before the answer is whole, and a cancel gets through to the server. */
    hb_queue *queue = test_queue();
    control_only("POST", "/simulator/reset", "");
    hb_op op = start_chat(stalling, queue, 0);
    const hb_event *piece = next_of_kind(queue, HB_EVENT_TEXT);
    check(piece != NULL, "a piece of an answer that goes on", "none came");
    hb_event_free(piece);
    hb_cancel(op);
    hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    check_number("the server sees a cancel", wait_for_count("closes", 1), 1);
    check_answered("and the next request is answered", chat_with(client));
    check_logged("all over HTTP/2", "HB_LAB_GOOD", " HTTP/2.0 ", 3);
    hb_queue_free(queue);
    hb_client_free(direct);
    hb_client_free(client);
    hb_client_free(stalling);
}

static void certificates(void) {
    hb_options *options = test_options();
    set_address(options, "HB_LAB_GOOD");
    check_failed("an authority that nobody knows", chat_by(options), HB_E_CONNECT, "certificate");
    check_failed("a certificate that has expired", chat_by(through("HB_LAB_EXPIRED", NULL)), HB_E_CONNECT,
                 "certificate expired");
    check_failed("a certificate of another host", chat_by(through("HB_LAB_OTHER_HOST", NULL)), HB_E_CONNECT,
                 "certificate not valid for name");
}

static void versions_of_tls(void) {
    check_answered("TLS 1.2", chat_by(through("HB_LAB_TLS_1_2", NULL)));
    check_logged("is what it was", "HB_LAB_TLS_1_2", " HTTP/2.0 TLSv1.2 ", 1);
    check_answered("TLS 1.3", chat_by(through("HB_LAB_TLS_1_3", NULL)));
    check_logged("is what it was", "HB_LAB_TLS_1_3", " HTTP/2.0 TLSv1.3 ", 1);
}

/* More at once than a connection may carry: further connections do. */
static void many_streams(void) {
    enum { STREAMS = 40, A_CONNECTION = 8 };
    hb_client *client = client_of(through("HB_LAB_FEW_STREAMS", STALLS));
    hb_queue *queue = test_queue();
    hb_op ops[STREAMS];
    int i, begun = 0, failed = 0, ended = 0, seen[STREAMS] = {0};
    int64_t patience_ends = clock_ms() + PATIENCE_MS;
    control_only("POST", "/simulator/reset", "");
    for (i = 0; i < STREAMS; i++) ops[i] = start_chat(client, queue, (uint64_t)i);
    while (begun + failed < STREAMS && clock_ms() < patience_ends) {
        const hb_event *event = NULL;
        if (hb_queue_next(queue, 1000, &event) != HB_OK) continue;
        if (event->kind == HB_EVENT_DONE) {
            printf("# %s\n", hb_error_message(event->error, NULL));
            failed += 1;
        }
        if (event->kind == HB_EVENT_TEXT) begun += seen[event->tag]++ == 0;
        hb_event_free(event);
    }
    printf("# %d connections\n", connections_in(ESTABLISHED, port_of(setting("HB_LAB_FEW_STREAMS"))));
    check_number("40 streams at once, 8 a connection: all have begun", begun, STREAMS);
    check_number("and the server holds each of them open", count_of("in_flight"), STREAMS);
    for (i = 0; i < STREAMS; i++) hb_cancel(ops[i]);
    for (i = failed; i < STREAMS; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        if (done == NULL) break;
        ended += done->status == HB_E_CANCELLED;
        hb_event_free(done);
    }
    check_number("each can be ended", ended, STREAMS - failed);
    long closes = wait_for_count("closes", begun);
    check(closes >= begun, "and the server sees it", "%ld of %d", closes, begun);
    hb_client_free(client);
    hb_queue_free(queue);
}

/* 40 answers that take their time, with the limits of `variable`. */
static void side_by_side(const char *name, const char *variable) {
    enum { MANY = 40 };
    hb_client *client = client_of(through(variable, "event-delay=20,words=20"));
    hb_queue *queue = test_queue();
    int i, good = 0;
    for (i = 0; i < MANY; i++) start_chat(client, queue, (uint64_t)i);
    for (i = 0; i < MANY; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        if (done == NULL) break;
        good += done->status == HB_OK;
        if (done->status != HB_OK) {
            printf("# %s: %s\n", hb_status_name(done->status), hb_error_message(done->error, NULL));
        }
        hb_event_free(done);
    }
    check_number(name, good, MANY);
    hb_client_free(client);
    hb_queue_free(queue);
}

/* A server that closes connections while nobody uses them. */
static void kept_alive(void) {
    enum { TIMES = 3 };
    int i, port = port_of(setting("HB_LAB_SHORT_KEEPALIVE"));
    hb_client *client = client_of(through("HB_LAB_SHORT_KEEPALIVE", NULL));
    for (i = 0; i < TIMES; i++) {
        check_answered("a connection that the server ended goes unseen", chat_with(client));
        WAIT_UNTIL(connections_in(ESTABLISHED, port) == 0);
        check_number("the server ends it", connections_in(ESTABLISHED, port), 0);
    }
    WAIT_UNTIL(connections_in(CLOSE_WAIT, port) == 0);
    check_number("and it is not kept half open", connections_in(CLOSE_WAIT, port), 0);
    hb_client_free(client);
}

/* GOAWAY: the server takes no more on this connection. What it had not begun can be sent on another. */
static void few_requests(void) {
    enum { TIMES = 45 };
    hb_client *client = client_of(through("HB_LAB_FEW_REQUESTS", NULL));
    int i, good = 0;
    for (i = 0; i < TIMES; i++) good += chat_once(client) == HB_OK;
    check_number("20 requests a connection: each of 45 is answered", good, TIMES);
    hb_client_free(client);
    side_by_side("40 at once, 20 a connection: all are answered", "HB_LAB_FEW_REQUESTS");
}

/* What nginx itself answers when the server does not, or when it has enough. */
static void errors_of_its_own(void) {
    enum { SIZE = 4 << 20 };
    struct outcome outcome = chat_by(through("HB_LAB_NO_SERVER", NULL));
    check_number("no server behind it: HTTP", hb_error_http_status(outcome.error), 502);
    check_lacks("without its page", message_of(&outcome), "<");
    check_failed("no server behind it", outcome, HB_E_SERVER, "502");

    outcome = chat_by(through("HB_LAB_IMPATIENT", "stall"));
    check_number("a server that nginx does not wait for: HTTP", hb_error_http_status(outcome.error), 504);
    check_failed("a server that nginx does not wait for", outcome, HB_E_SERVER, "504");

    outcome = chat_by(through("HB_LAB_IMPATIENT", STALLS));
    check_has("what had come", hb_response_text(outcome.response, 0, NULL), "This is canned");
    check_failed("an answer that nginx cuts off", outcome, HB_E_TRUNCATED, "");

    char *text = (char *)memory(SIZE);
    memset(text, 'x', SIZE);
    hb_client *client = client_of(through("HB_LAB_SMALL_BODY", NULL));
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_request_add_message(request, "user", text, SIZE);
    free(text);
    memset(&outcome, 0, sizeof outcome);
    outcome.status = hb_chat(client, request, &outcome.response, &outcome.error);
    hb_request_free(request);
    check_number("a request that nginx does not take: HTTP", hb_error_http_status(outcome.error), 413);
    check_failed("a request that nginx does not take", outcome, HB_E_BAD_REQUEST, "413");
    check_answered("a smaller one by the same client", chat_with(client));
    hb_client_free(client);
}

int main(void) {
    check_begin();
    the_same_answer();
    certificates();
    versions_of_tls();
    kept_alive();
    few_requests();
    errors_of_its_own();
    side_by_side("40 at once, 8 a connection: all are answered", "HB_LAB_FEW_STREAMS");
    many_streams();
    return check_end();
}
