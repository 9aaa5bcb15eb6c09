/*
 * Many requests from many threads to a server that fails now and then, in ways drawn at random: each ends once, as it
 * should, none is answered twice, and client and server have counted the same. HB_TEST_STORM is how many requests,
 * HB_TEST_SEED what the faults are drawn from; without it they are others each time.
 */

#ifndef STORM_H
#define STORM_H

#include "self.h"
#include "ways.h"

enum { STORM_THREADS = 8, STORM_PERCENT = 5, STORM_REQUESTS = 2000 };

struct storm {
    hb_client *client;
    pthread_mutex_t lock;
    int next, requests;
    /* What came of them. */
    long succeeded, truncated, retries, wrong;
    int64_t tokens, cost;
};

static int next_number(struct storm *storm) {
    pthread_mutex_lock(&storm->lock);
    int number = storm->next < storm->requests ? storm->next++ : -1;
    pthread_mutex_unlock(&storm->lock);
    return number;
}

/* Books an end, and says if it is not right: a whole answer to this request and no other, or one that broke off. */
static void book(struct storm *storm, const struct outcome *outcome, const char *user, int tells_events) {
    const hb_response *response = outcome->response;
    size_t size = 0;
    const char *text = hb_response_text(response, 0, &size);
    uint32_t attempts = hb_response_attempts(response);
    int whole = outcome->status == HB_OK && strstr(text, user) != NULL
                && strcmp(hb_response_finish_reason(response, 0), "stop") == 0;
    int broken = outcome->status == HB_E_TRUNCATED && size > 0 && strncmp(text, "This", 4) == 0
                 && hb_error_status(outcome->error) == HB_E_TRUNCATED;
    int told = !tells_events
               || (outcome->dones == 1 && outcome->disorder == 0 && outcome->retries == attempts - 1
                   && outcome->size == size && memcmp(outcome->text, text, size) == 0);
    int right = (whole || broken) && told && hb_response_status(response) == outcome->status && attempts >= 1;
    int64_t tokens = hb_response_completion_tokens(response), cost = hb_response_cost_nanousd(response);
    pthread_mutex_lock(&storm->lock);
    storm->succeeded += whole;
    storm->truncated += broken;
    storm->wrong += !right;
    storm->retries += (long)attempts - 1;
    storm->tokens += tokens > 0 ? tokens : 0;
    storm->cost += cost > 0 ? cost : 0;
    if (!right) {
        printf("# %s: %s, \"%s\", %u attempts, %u retries, %u DONE, %u out of order, \"%s\"\n", user,
               hb_status_name(outcome->status), hb_error_message(outcome->error, NULL), (unsigned)attempts,
               (unsigned)outcome->retries, (unsigned)outcome->dones, (unsigned)outcome->disorder, text);
    }
    pthread_mutex_unlock(&storm->lock);
}

/* Every third with a callback, every third without, every third over a queue. */
static void *storm_calls(void *context) {
    struct storm *storm = (struct storm *)context;
    struct outcome *outcome = (struct outcome *)memory(sizeof *outcome);
    hb_queue *queue = test_queue();
    int number;
    while ((number = next_number(storm)) >= 0) {
        char user[32];
        snprintf(user, sizeof user, "user-%d-", number);
        hb_request *request = test_chat(user);
        hb_request_set_user(request, user, HB_NUL);
        if (number % 3 == 0) {
            outcome->status = hb_chat(storm->client, request, &outcome->response, &outcome->error);
        } else if (number % 3 == 1) {
            outcome_of(outcome, storm->client, request);
        } else if (hb_start(storm->client, request, queue, 0, NULL, NULL) == HB_OK) {
            outcomes_of(queue, outcome, 1);
        }
        book(storm, outcome, user, number % 3 != 0);
        outcome_free(outcome);
        hb_request_free(request);
    }
    hb_queue_free(queue);
    free(outcome);
    return NULL;
}

/* A storm over one way. `one_each` says that a connection serves one request at a time, so that no fault meets two. */
static int storm_over(const struct way *way, int one_each) {
    struct storm storm;
    pthread_t threads[STORM_THREADS];
    char script[96];
    long seed = seed_of_run();
    int i;
    check_begin();
    /* More than the default of requests is somebody's wish, and takes its time. */
    memset(&storm, 0, sizeof storm);
    storm.requests = (int)number_in("HB_TEST_STORM", STORM_REQUESTS);
    if (storm.requests > STORM_REQUESTS) alarm(HANG_SECONDS + (unsigned)storm.requests / 10);
    pthread_mutex_init(&storm.lock, NULL);
    printf("# HB_TEST_SEED=%ld HB_TEST_STORM=%d\n", seed, storm.requests);
    snprintf(script, sizeof script, "random=%d,seed=%ld,words=16", STORM_PERCENT, seed);
    hb_options *options = options_for(way, script);
    /* So many in a row do not fail by chance. */
    hb_options_set_max_retries(options, 6);
    way_reset(way);
    storm.client = client_of(options);
    for (i = 0; i < STORM_THREADS; i++) pthread_create(&threads[i], NULL, storm_calls, &storm);
    for (i = 0; i < STORM_THREADS; i++) pthread_join(threads[i], NULL);

    char *stats = control_at(way->control, "GET", "/simulator/stats", "");
    const hb_client *client = storm.client;
    printf("# %s\n", stats);
    check_number("each ends once and right", storm.wrong, 0);
    check_number("whole or broken off", storm.succeeded + storm.truncated, storm.requests);
    if (one_each) {
        check_counts_at(way->control, "client and server count the same", client);
    } else {
        /* What was on its way when another request's fault reset the connection, the server never saw. */
        long attempts = (long)hb_client_count(client, HB_COUNT_ATTEMPTS);
        long limited = (long)hb_client_count(client, HB_COUNT_RATE_LIMITED);
        check(attempts >= counted(stats, "requests") && limited <= counted(stats, "sent_429"),
              "the server saw no more than was sent", "%ld attempts, %ld answers 429", attempts, limited);
    }
    check_number("HB_COUNT_REQUESTS", (long long)hb_client_count(client, HB_COUNT_REQUESTS), storm.requests);
    check_number("HB_COUNT_SUCCEEDED", (long long)hb_client_count(client, HB_COUNT_SUCCEEDED), storm.succeeded);
    check_number("HB_COUNT_FAILED", (long long)hb_client_count(client, HB_COUNT_FAILED), storm.truncated);
    check_number("HB_COUNT_RETRIES", (long long)hb_client_count(client, HB_COUNT_RETRIES), storm.retries);
    check_number("HB_COUNT_COMPLETION_TOKENS", (long long)hb_client_count(client, HB_COUNT_COMPLETION_TOKENS),
                 (long long)storm.tokens);
    check_number("HB_COUNT_SPENT_NANOUSD", (long long)hb_client_count(client, HB_COUNT_SPENT_NANOUSD),
                 (long long)storm.cost);
    check_number("HB_COUNT_CONNECTIONS", (long long)hb_client_count(client, HB_COUNT_CONNECTIONS),
                 counted(stats, "connections"));
    if (one_each) {
        long resets = counted(stats, "reset-after"), closes = counted(stats, "close-after");
        resets = resets < 0 ? 0 : resets;
        closes = closes < 0 ? 0 : closes;
        check_number("every whole answer was one that the server gave", counted(stats, "answered"), storm.succeeded);
        check_number("none was answered twice", counted(stats, "answered_twice"), 0);
        /* A reset may overtake the piece that was sent before it; then the request is sent again. */
        check(storm.truncated >= closes && storm.truncated <= closes + resets, "only what broke off after a piece",
              "%ld did, of %ld closed and %ld reset", storm.truncated, closes, resets);
        check_number("each failure has its fault", storm.retries + storm.truncated,
                     counted(stats, "requests") - counted(stats, "answered"));
    }
    free(stats);
    hb_client_free(storm.client);
    pthread_mutex_destroy(&storm.lock);
    return check_end();
}

#endif
