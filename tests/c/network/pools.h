/*
 * Connections that are kept: used again, found dead by the next request, and never a reason to fail it. One program
 * has it over HTTP/1.1, another over HTTP/2.
 */

#ifndef POOLS_H
#define POOLS_H

#include "ways.h"

/* Requests that are answered at the same time, so that over HTTP/1.1 as many connections are kept. */
#define TOGETHER 6

/* A busy machine may lose a connection that was to be kept. Where that is no mistake, one try of these is enough. */
#define TRIES 20

/* So many requests at the same time, all of which must succeed. */
static void side_by_side(const char *name, const struct way *way, hb_client *client, int count) {
    struct outcome *outcomes = (struct outcome *)memory((size_t)count * sizeof *outcomes);
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    int i, good = 0;
    way_faults(way, "event-delay=50,words=3");
    for (i = 0; i < count; i++) hb_start(client, request, queue, (uint64_t)i, NULL, NULL);
    outcomes_of(queue, outcomes, count);
    for (i = 0; i < count; i++) {
        const struct outcome *outcome = &outcomes[i];
        if (outcome->status == HB_OK && outcome->retries <= 1 && outcome->dones == 1) good += 1;
        else printf("# %s after %u retries\n", hb_error_message(outcome->error, NULL), (unsigned)outcome->retries);
        outcome_free(&outcomes[i]);
    }
    check_number(name, good, count);
    way_faults(way, "");
    hb_request_free(request);
    hb_queue_free(queue);
    free(outcomes);
}

/* A client with connections that wait for the next request. */
static hb_client *warmed(const struct way *way, uint32_t retries) {
    hb_options *options = options_for(way, NULL);
    hb_options_set_max_retries(options, retries);
    hb_client *client = client_of(options);
    side_by_side("requests at the same time", way, client, TOGETHER);
    return client;
}

/* What a connection cost is counted on both sides alike. */
static void check_connections(const char *name, const struct way *way, const hb_client *client) {
    long made = (long)hb_client_count(client, HB_COUNT_CONNECTIONS);
    check_number(name, count_at(way->control, "connections"), made);
}

/* One request after the other uses one connection. */
static void used_again(const struct way *way) {
    enum { STREAMS = 5 };
    long made = 0;
    int tries, i, good = 0;
    for (tries = 0; tries < TRIES && made != 1; tries++) {
        hb_client *client = client_of(options_for(way, NULL));
        way_reset(way);
        for (i = 0; i < STREAMS; i++) good += chat_once(client) == HB_OK;
        made = count_at(way->control, "connections");
        check_connections("connections are counted", way, client);
        check_counts_at(way->control, "requests are counted", client);
        hb_client_free(client);
    }
    check_number("streams one after the other", good, (long long)tries * STREAMS);
    check_number("over one connection", made, 1);
    check(tries == 1 || !way->is_tls, "over HTTP/2 always", "%d tries", tries);
}

/* The server ends its connections between two requests: as a load balancer does, or a network that changed. */
static void ended_between(const struct way *way, const char *how) {
    enum { ROUNDS = 12 };
    char name[96], path[64];
    int round;
    hb_client *client = warmed(way, 0);
    snprintf(name, sizeof name, "%s, %s between requests", way->name, how);
    snprintf(path, sizeof path, "/simulator/disconnect?how=%s", how);
    for (round = 0; round < ROUNDS; round++) {
        struct outcome outcome;
        hb_request *request = test_chat("x");
        int64_t replays = hb_client_count(client, HB_COUNT_REPLAYS);
        memset(&outcome, 0, sizeof outcome);
        free(control_at(way->control, "POST", path, ""));
        outcome_of(&outcome, client, request);
        replays = hb_client_count(client, HB_COUNT_REPLAYS) - replays;
        check(outcome.status == HB_OK && replays <= 1 && (int64_t)outcome.retries == replays
                  && (replays == 0 || outcome.retry[0].delay_ms == 0)
                  && (int64_t)hb_response_attempts(outcome.response) == 1 + replays,
              name, "%s: %s after %u attempts, %lld replays", hb_status_name(outcome.status),
              hb_error_message(outcome.error, NULL), (unsigned)hb_response_attempts(outcome.response),
              (long long)replays);
        outcome_free(&outcome);
        hb_request_free(request);
        /* Every second time there are several that are dead. */
        if (round % 2 == 0) side_by_side(name, way, client, TOGETHER);
    }
    free(control_at(way->control, "POST", path, ""));
    side_by_side("all at once find theirs dead", way, client, TOGETHER);
    hb_client_free(client);
}

/* A connection that was fine and dies without a byte of an answer: the request goes again at once, once. */
static void dies_under_a_request(const struct way *way) {
    struct outcome outcome;
    hb_request *request = test_chat("x");
    way_reset(way);
    hb_client *client = warmed(way, 0);
    way_faults(way, "reset-head,times=1");
    memset(&outcome, 0, sizeof outcome);
    outcome_of(&outcome, client, request);
    check_outcome("a kept connection dies", &outcome, HB_OK, 0, 2, "");
    check(outcome.retries == 1 && outcome.retry[0].delay_ms == 0 && outcome.retry[0].attempt == 2
              && outcome.retry[0].status == HB_E_CONNECT,
          "the request goes again at once", "%u retries, %lld ms, %s", (unsigned)outcome.retries,
          (long long)outcome.retry[0].delay_ms, hb_status_name(outcome.retry[0].status));
    check_number("as a replay", (long long)hb_client_count(client, HB_COUNT_REPLAYS), 1);
    check_counts_at(way->control, "a replay is an attempt", client);
    outcome_free(&outcome);
    hb_client_free(client);

    client = warmed(way, 0);
    way_faults(way, "reset-head,times=2");
    outcome_of(&outcome, client, request);
    check_outcome("and not twice", &outcome, HB_E_CONNECT, 0, 2, "");
    check_number("one replay", (long long)hb_client_count(client, HB_COUNT_REPLAYS), 1);
    outcome_free(&outcome);
    hb_client_free(client);

    /* The replay costs none of the retries, and is none of those that lengthen the waits. */
    client = warmed(way, 2);
    way_faults(way, "reset-head");
    outcome_of(&outcome, client, request);
    check_outcome("a replay and two retries", &outcome, HB_E_CONNECT, 0, 4, "");
    check(outcome.retries == 3 && outcome.retry[0].delay_ms == 0 && outcome.retry[1].delay_ms >= 375
              && outcome.retry[1].delay_ms <= 500 && outcome.retry[2].delay_ms >= 750
              && outcome.retry[2].delay_ms <= 1000,
          "with their waits", "%u retries, %lld, %lld, %lld ms", (unsigned)outcome.retries,
          (long long)outcome.retry[0].delay_ms, (long long)outcome.retry[1].delay_ms,
          (long long)outcome.retry[2].delay_ms);
    check_number("one replay", (long long)hb_client_count(client, HB_COUNT_REPLAYS), 1);
    outcome_free(&outcome);
    hb_client_free(client);

    way_reset(way);
    client = client_of(options_for(way, NULL));
    way_faults(way, "reset-head,times=1");
    outcome_of(&outcome, client, request);
    check_outcome("a new connection dies", &outcome, HB_E_CONNECT, 0, 1, "");
    check_number("no replay", (long long)hb_client_count(client, HB_COUNT_REPLAYS), 0);
    check_connections("one connection", way, client);
    outcome_free(&outcome);
    hb_client_free(client);

    /* An answer had begun, over a connection that was kept. */
    client = warmed(way, 0);
    way_faults(way, "reset-after=1,times=1");
    outcome_of(&outcome, client, request);
    check_outcome("after a head there is no replay", &outcome, HB_E_TRUNCATED, 200, 1, "");
    outcome_free(&outcome);
    hb_client_free(client);
    way_reset(way);
    hb_request_free(request);
}

/* Many answers that go on: each is read as it comes, whatever a connection has room for. */
static void many_at_once(const struct way *way, int streams, long connections) {
    hb_client *client;
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    hb_op *ops = (hb_op *)memory((size_t)streams * sizeof *ops);
    char *seen = (char *)memory((size_t)streams);
    int i, began = 0, cancelled = 0, others = 0;
    way_reset(way);
    if (way->is_tls) free(control_at(way->control, "PUT", "/simulator/max-streams", "4"));
    client = client_of(options_for(way, "stall-after=5"));
    for (i = 0; i < streams; i++) hb_start(client, request, queue, (uint64_t)i, &ops[i], NULL);
    while (began < streams && others == 0) {
        const hb_event *event = next_event(queue);
        if (event == NULL) break;
        if (event->kind != HB_EVENT_TEXT) others += 1;
        else if (!seen[event->tag]) began += seen[event->tag] = 1;
        hb_event_free(event);
    }
    check_number("every one gets its first piece", began, streams);
    check_number("and none fails or is sent again", others, 0);
    check_number("all at once", count_at(way->control, "in_flight"), streams);
    long made = count_at(way->control, "connections");
    check(made >= connections, "over as many connections as that takes", "%ld", made);
    check_connections("which are counted", way, client);
    for (i = 0; i < streams; i++) hb_cancel(ops[i]);
    for (i = 0; i < streams; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        cancelled += done != NULL && done->status == HB_E_CANCELLED;
        hb_event_free(done);
    }
    check_number("they end when they are cancelled", cancelled, streams);
    check_number("which the server sees", wait_for_count_at(way->control, "closes", streams), streams);
    check_counts_at(way->control, "as many as were sent", client);
    way_reset(way);
    hb_client_free(client);
    hb_request_free(request);
    hb_queue_free(queue);
    free(ops);
    free(seen);
}

/* A connection that is made ahead of the first request, which uses it. */
static void warm_up(const struct way *way) {
    long made = 0;
    int tries;
    for (tries = 0; tries < TRIES && made != 1; tries++) {
        hb_client *client = client_of(options_for(way, NULL));
        hb_error *error = NULL;
        way_reset(way);
        check_ok("hb_client_warm_up", hb_client_warm_up(client, &error), &error);
        check_number("connects", wait_for_count_at(way->control, "connections", 1), 1);
        check_number("and sends nothing", count_at(way->control, "requests"), 0);
        check_number("no attempt", (long long)hb_client_count(client, HB_COUNT_ATTEMPTS), 0);
        int64_t patience_ends = clock_ms() + PATIENCE_MS;
        while (hb_client_count(client, HB_COUNT_CONNECTIONS) == 0 && clock_ms() < patience_ends) poll(NULL, 0, 1);
        check_ok("once more", hb_client_warm_up(client, &error), &error);
        check_status("the first request", chat_once(client), HB_OK);
        made = count_at(way->control, "connections");
        check_number("is sent once", count_at(way->control, "requests"), 1);
        hb_client_close(client);
        check_status("hb_client_warm_up after the end", hb_client_warm_up(client, NULL), HB_E_CLOSED);
        hb_client_free(client);
    }
    check_number("the first request uses that connection", made, 1);
    check(tries == 1 || !way->is_tls, "over HTTP/2 always", "%d tries", tries);

    /* Nobody is there: that is for the first request to say. */
    way_reset(way);
    connection_faults(way, "reset");
    hb_client *client = client_of(options_for(way, NULL));
    check_status("a server that resets", hb_client_warm_up(client, NULL), HB_OK);
    check_status("is the first request's to report", chat_once(client), HB_E_CONNECT);
    hb_client_free(client);
    way_reset(way);
}

static void all_pools(const struct way *way, int streams, long connections) {
    used_again(way);
    ended_between(way, "reset");
    ended_between(way, "close");
    dies_under_a_request(way);
    many_at_once(way, streams, connections);
    warm_up(way);
}

#endif
