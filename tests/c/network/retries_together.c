/*
 * Failures of many: a key that is too fast, and a server that is down.
 */
#include "outcome.h"

/* A key that was too fast: after a 429 nothing of the client's is sent before the time that the server named. */
static void everybody_pauses(void) {
    enum { OTHERS = 8, PAUSE_MS = 1500 };
    struct outcome *outcomes = (struct outcome *)memory((OTHERS + 1) * sizeof *outcomes);
    hb_options *options = test_options();
    hb_options_set_max_retries(options, 1);
    hb_client *client = client_of(options);
    hb_queue *first = test_queue(), *queue = test_queue();
    hb_request *request = test_chat("x");
    int i;
    control_only("POST", "/simulator/reset", "");
    faults("status=429,header=retry-after-ms:1500,times=1");
    int64_t begun = clock_ms();
    hb_start(client, request, first, 0, NULL, NULL);
    const hb_event *retry = next_of_kind(first, HB_EVENT_RETRY);
    check(retry != NULL && retry->delay_ms == PAUSE_MS, "the one that got the 429 waits", "not %d ms", PAUSE_MS);
    if (retry != NULL) outcome_event(retry, &outcomes[0]);
    hb_event_free(retry);
    for (i = 0; i < OTHERS; i++) hb_start(client, request, queue, (uint64_t)i, NULL, NULL);
    check_number("the server sees the next request", wait_for_count("requests", 2) >= 2, 1);
    check(clock_ms() - begun >= PAUSE_MS, "not before the pause is over", "but %lld ms after the first",
          (long long)(clock_ms() - begun));
    outcomes_of(queue, outcomes + 1, OTHERS);
    outcomes_of(first, outcomes, 1);
    check_outcome("the first succeeds in the end", &outcomes[0], HB_OK, 0, 2, "");
    for (i = 1; i <= OTHERS; i++) {
        check_outcome("the others never hear of it", &outcomes[i], HB_OK, 0, 1, "");
        check_number("and see no RETRY", outcomes[i].retries, 0);
    }
    check_counts("a pause: one 429 among all requests", client);
    check_number("one 429", count_of("sent_429"), 1);
    for (i = 0; i <= OTHERS; i++) outcome_free(&outcomes[i]);
    faults("");
    hb_request_free(request);
    hb_queue_free(first);
    hb_queue_free(queue);
    hb_client_free(client);
    free(outcomes);
}

/* While everything fails, retries stay a tenth of the requests, and ten more: the server is not buried. */
static void server_is_down(int side_by_side) {
    enum { REQUESTS = 200, MOST = REQUESTS / 10 + 10 };
    const char *name = side_by_side ? "a server that is down, side by side" : "a server that is down, in a row";
    hb_options *options = test_options();
    hb_options_set_max_retries(options, 2);
    hb_client *client = client_of(options);
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    int i, ended = 0, failed = 0;
    control_only("POST", "/simulator/reset", "");
    faults("status=503,header=retry-after-ms:1");
    int64_t begun = clock_ms();
    for (i = 0; i < REQUESTS; i++) {
        hb_start(client, request, queue, (uint64_t)i, NULL, NULL);
        while (ended <= (side_by_side && i + 1 < REQUESTS ? -1 : i)) {
            const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
            failed += done != NULL && done->status == HB_E_SERVER;
            ended += 1;
            hb_event_free(done);
        }
    }
    /* What was sent again a minute ago is forgotten, on a machine that is so slow. */
    long minutes = (long)(1 + (clock_ms() - begun) / 55000);
    long sent = count_of("requests");
    check_number(name, failed, REQUESTS);
    check(sent > REQUESTS && sent <= REQUESTS + MOST * minutes, name, "%ld requests in %ld minutes", sent, minutes);
    check_number(name, (long long)hb_client_count(client, HB_COUNT_RETRIES), sent - REQUESTS);
    check_counts(name, client);
    faults("");
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    everybody_pauses();
    server_is_down(0);
    server_is_down(1);
    return check_end();
}
