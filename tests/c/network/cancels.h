/*
 * A cancel in one phase of a request, in every way that there is: from another thread, from a callback, by the end of
 * its client. DONE is there when hb_cancel returns, and the server sees that its client has left.
 */

#ifndef CANCELS_H
#define CANCELS_H

#include "outcome.h"

/* What must be true before it is cancelled. */
enum when { AT_ONCE, CONNECTED, RECEIVED, STREAMING, RETRYING, PIECE };

struct phase {
    const char *name, *script, *connections;
    enum when when;
    /* Over TLS, whose handshake a connection that stalls does not end. */
    int is_tls;
    /* Another request has the one place in the minute. */
    int waits_for_turn;
    /* What the server sees: attempts, and requests whose client leaves. */
    long requests, closes;
};

static const char *control_of(const struct phase *phase) {
    return setting(phase->is_tls ? "HB_TEST_TLS_CONTROL" : "HB_TEST_CONTROL");
}

static hb_client *client_for(const struct phase *phase) {
    hb_options *options = phase->is_tls ? tls_options() : test_options();
    if (phase->script != NULL) hb_options_set_header(options, "x-simulator-fault", phase->script, HB_NUL);
    if (phase->waits_for_turn) hb_options_set_requests_per_minute(options, 1);
    /* No deadline may come before the cancel. */
    hb_options_set_connect_timeout_ms(options, 0);
    hb_options_set_first_token_timeout_ms(options, 0);
    hb_options_set_idle_timeout_ms(options, 0);
    hb_options_set_max_retries(options, 2);
    free(control_at(control_of(phase), "POST", "/simulator/reset", ""));
    free(control_at(control_of(phase), "PUT", "/simulator/connections", phase->connections));
    hb_client *client = client_of(options);
    if (phase->waits_for_turn) check_status("the one before it", chat_once(client), HB_OK);
    return client;
}

/* Waits until the phase has come; takes the events that belong to it. */
static void reach(const struct phase *phase, hb_queue *queue, struct outcome *outcome) {
    static const char *const COUNTERS[] = {NULL, "connections", "requests", "streams_started", NULL, NULL};
    const char *counter = COUNTERS[phase->when];
    if (counter != NULL) {
        check_number(phase->name, wait_for_count_at(control_of(phase), counter, 1), 1);
    } else if (phase->when != AT_ONCE) {
        const hb_event *event = next_of_kind(queue, phase->when == RETRYING ? HB_EVENT_RETRY : HB_EVENT_TEXT);
        if (event == NULL) give_up(phase->name);
        outcome_event(event, outcome);
        hb_event_free(event);
    }
}

/* What the server has seen in the end, and that nobody is there any more. */
static void check_server(const struct phase *phase, hb_client *client, const char *name) {
    const char *url = control_of(phase);
    if (phase->closes >= 0) {
        check_number(name, wait_for_count_at(url, "closes", phase->closes), phase->closes);
        check_number(name, count_at(url, "requests"), phase->requests);
    }
    check(hb_client_count(client, HB_COUNT_CANCELLED) == 1
              && hb_client_count(client, HB_COUNT_REQUESTS) == 1 + phase->waits_for_turn,
          name, "%lld of %lld cancelled", (long long)hb_client_count(client, HB_COUNT_CANCELLED),
          (long long)hb_client_count(client, HB_COUNT_REQUESTS));
    hb_client_free(client);
    char *stats = NULL, path[96];
    snprintf(path, sizeof path, "/simulator/wait?open-at-most=0&in_flight-at-most=0&timeout-ms=%d", PATIENCE_MS);
    stats = control_at(url, "GET", path, "");
    check(counted(stats, "open") == 0 && counted(stats, "in_flight") == 0, name, "something is left: %s", stats);
    free(stats);
}

/* What a request that was cancelled has to say: a status, its attempts, what had arrived and what that used. */
static void check_end_of(const struct phase *phase, const char *name, const hb_event *done, struct outcome *outcome) {
    outcome_event(done, outcome);
    outcome_done(outcome, done);
    uint32_t attempts = hb_response_attempts(outcome->response);
    if (phase->when == AT_ONCE) {
        uint32_t most = phase->waits_for_turn ? 0 : 1;
        check(attempts <= most, name, "%u attempts", (unsigned)attempts);
    } else {
        check_number(name, attempts, 1);
    }
    check_outcome(name, outcome, HB_E_CANCELLED, hb_error_http_status(outcome->error), attempts, "cancelled");
    int has_usage = phase->when == PIECE;
    check((hb_response_completion_tokens(outcome->response) > 0) == has_usage, name, "%lld tokens",
          (long long)hb_response_completion_tokens(outcome->response));
}

struct other {
    hb_queue *queue;
    hb_op op;
    /* The first event after the cancel, without waiting for it. */
    hb_status next;
    const hb_event *done;
};

static void *cancel_here(void *context) {
    struct other *other = (struct other *)context;
    hb_cancel(other->op);
    other->next = hb_queue_next(other->queue, 0, &other->done);
    return NULL;
}

/* On return of hb_cancel, DONE waits, and nothing else does. */
static void from_a_thread(const struct phase *phase) {
    struct outcome outcome;
    struct other other;
    pthread_t thread;
    const hb_event *more = NULL;
    hb_client *client = client_for(phase);
    hb_request *request = test_chat("x");
    memset(&outcome, 0, sizeof outcome);
    memset(&other, 0, sizeof other);
    other.queue = test_queue();
    hb_start(client, request, other.queue, 0, &other.op, NULL);
    reach(phase, other.queue, &outcome);
    pthread_create(&thread, NULL, cancel_here, &other);
    pthread_join(thread, NULL);
    if (check(other.next == HB_OK && other.done->kind == HB_EVENT_DONE && other.done->op == other.op, phase->name,
              "after hb_cancel: %s", hb_status_name(other.next))) {
        check_end_of(phase, phase->name, other.done, &outcome);
        check_status("and nothing more", hb_queue_next(other.queue, 0, &more), HB_TIMEOUT);
    }
    hb_event_free(other.done);
    check_server(phase, client, phase->name);
    outcome_free(&outcome);
    hb_request_free(request);
    hb_queue_free(other.queue);
}

/* A callback of another request: it runs inside a call of the library, and ends the one that is in the phase. */
static int32_t cancel_from_callback(const hb_event *event, void *context) {
    if (event->kind == HB_EVENT_DONE) cancel_here(context);
    return HB_CONTINUE;
}

static void from_a_callback(const struct phase *phase) {
    struct outcome outcome;
    struct other other;
    char name[96];
    hb_client *client = client_for(phase);
    hb_request *request = test_chat("x");
    /* Its request ends at once, and without the server. */
    hb_options *nowhere = test_options();
    hb_options_set_base_url(nowhere, "http://127.0.0.1:1", HB_NUL);
    hb_client *caller = client_of(nowhere);
    snprintf(name, sizeof name, "%s, from a callback", phase->name);
    memset(&outcome, 0, sizeof outcome);
    memset(&other, 0, sizeof other);
    other.queue = test_queue();
    hb_start(client, request, other.queue, 0, &other.op, NULL);
    reach(phase, other.queue, &outcome);
    hb_chat_stream(caller, request, cancel_from_callback, &other, NULL, NULL);
    if (check(other.next == HB_OK && other.done->kind == HB_EVENT_DONE, name, "after hb_cancel: %s",
              hb_status_name(other.next))) {
        check_end_of(phase, name, other.done, &outcome);
    }
    hb_event_free(other.done);
    check_server(phase, client, name);
    outcome_free(&outcome);
    hb_client_free(caller);
    hb_request_free(request);
    hb_queue_free(other.queue);
}

/* The request's own callback, where it has events: a RETRY, or a piece. */
static void from_its_own_callback(const struct phase *phase) {
    struct outcome outcome;
    char name[96];
    hb_client *client = client_for(phase);
    hb_request *request = test_chat("x");
    snprintf(name, sizeof name, "%s, from its own callback", phase->name);
    memset(&outcome, 0, sizeof outcome);
    outcome.stop_at = phase->when == RETRYING ? HB_EVENT_RETRY : HB_EVENT_TEXT;
    outcome_of(&outcome, client, request);
    check_outcome(name, &outcome, HB_E_CANCELLED, hb_error_http_status(outcome.error), 1, "");
    check_number(name, phase->when == RETRYING ? outcome.retries : outcome.pieces, 1);
    check_server(phase, client, name);
    outcome_free(&outcome);
    hb_request_free(request);
}

struct blocked {
    hb_client *client;
    hb_status status;
    hb_error *error;
    hb_response *response;
};

static void *blocking_call(void *context) {
    struct blocked *blocked = (struct blocked *)context;
    hb_request *request = test_chat("x");
    blocked->status = hb_chat(blocked->client, request, &blocked->response, &blocked->error);
    hb_request_free(request);
    return NULL;
}

/* A blocking call has no number to cancel by; the end of its client ends it in any phase. */
static void by_client(const struct phase *phase) {
    struct blocked blocked;
    pthread_t thread;
    char name[96];
    static const char *const COUNTERS[] = {NULL, "connections", "requests", "streams_started", "finished",
                                           "streams_started"};
    const char *counter = COUNTERS[phase->when];
    snprintf(name, sizeof name, "%s, by hb_client_close", phase->name);
    memset(&blocked, 0, sizeof blocked);
    blocked.client = client_for(phase);
    pthread_create(&thread, NULL, blocking_call, &blocked);
    int64_t patience_ends = clock_ms() + PATIENCE_MS;
    while (hb_client_count(blocked.client, HB_COUNT_REQUESTS) < 1 + phase->waits_for_turn
           && clock_ms() < patience_ends) {
        poll(NULL, 0, 1);
    }
    if (counter != NULL) wait_for_count_at(control_of(phase), counter, 1);
    hb_client_close(blocked.client);
    pthread_join(thread, NULL);
    check(blocked.status == HB_E_CANCELLED && hb_error_status(blocked.error) == HB_E_CANCELLED, name, "%s: %s",
          hb_status_name(blocked.status), hb_error_message(blocked.error, NULL));
    check_server(phase, blocked.client, name);
    hb_response_free(blocked.response);
    hb_error_free(blocked.error);
}

static void cancel_in(const struct phase *phase) {
    from_a_thread(phase);
    from_a_callback(phase);
    if (phase->when == RETRYING || phase->when == PIECE) from_its_own_callback(phase);
    by_client(phase);
}

#endif
