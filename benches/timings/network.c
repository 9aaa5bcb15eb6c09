/*
 * How soon things happen: printed, never judged. The server is the project's simulator, on this machine.
 */
#include "check.h"

#define TIMES 200

static int64_t clock_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int by_size(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* One line of the table, in milliseconds. */
static void report(const char *what, int64_t *us, size_t count) {
    qsort(us, count, sizeof *us, by_size);
    printf("%-58s %9.3f %9.3f %9.3f\n", what, (double)us[count / 2] / 1000, (double)us[count * 99 / 100] / 1000,
           (double)us[count - 1] / 1000);
}

/* A client of one of the two simulators; the counters of each are behind its own address. */
static hb_client *client_to(const char *url, const char *script) {
    hb_options *options = strcmp(url, "HB_TEST_TLS_URL") == 0 ? tls_options() : test_options();
    if (script != NULL) hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return client_of(options);
}

/* From hb_cancel to its return, and to the moment at which the server knows. */
static void cancels(const char *url, const char *returns, const char *seen) {
    int64_t returned[TIMES], noticed[TIMES];
    hb_client *client = client_to(url, "stall-after=5");
    hb_request *request = test_chat("x");
    hb_queue *queue = test_queue();
    const char *control = setting(strcmp(url, "HB_TEST_TLS_URL") == 0 ? "HB_TEST_TLS_CONTROL" : "HB_TEST_CONTROL");
    long closes = wait_for_count_at(control, "closes", 0);
    size_t i;
    for (i = 0; i < TIMES; i++) {
        hb_op op = 0;
        hb_start(client, request, queue, 0, &op, NULL);
        hb_event_free(next_of_kind(queue, HB_EVENT_TEXT));
        int64_t begun = clock_us();
        hb_cancel(op);
        returned[i] = clock_us() - begun;
        if (wait_for_count_at(control, "closes", closes + (long)i + 1) <= closes + (long)i) give_up("the server saw no cancel");
        noticed[i] = clock_us() - begun;
        hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    }
    report(returns, returned, TIMES);
    report(seen, noticed, TIMES);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

/* From hb_start to the first piece, on a client that has sent nothing yet. */
static void first_requests(const char *url, int warm, const char *what) {
    int64_t took[TIMES];
    hb_request *request = test_chat("x");
    hb_queue *queue = test_queue();
    size_t i;
    for (i = 0; i < TIMES; i++) {
        hb_client *client = client_to(url, NULL);
        int64_t patience_ends = clock_ms() + PATIENCE_MS;
        if (warm) hb_client_warm_up(client, NULL);
        while (warm && hb_client_count(client, HB_COUNT_CONNECTIONS) == 0 && clock_ms() < patience_ends) poll(NULL, 0, 1);
        int64_t begun = clock_us();
        hb_start(client, request, queue, 0, NULL, NULL);
        hb_event_free(next_of_kind(queue, HB_EVENT_TEXT));
        took[i] = clock_us() - begun;
        hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
        hb_client_free(client);
    }
    report(what, took, TIMES);
    hb_queue_free(queue);
    hb_request_free(request);
}

/* A whole short answer over a connection that is there; and one whose kept connection died, which is sent again. */
static void requests(const char *script, const char *what) {
    int64_t took[TIMES];
    hb_client *client = client_to("HB_TEST_URL", script);
    size_t i;
    chat_once(client);
    for (i = 0; i < TIMES; i++) {
        int64_t begun = clock_us();
        if (chat_once(client) != HB_OK) give_up("a request failed");
        took[i] = clock_us() - begun;
    }
    report(what, took, TIMES);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    printf("%-58s %9s %9s %9s\n", "milliseconds", "p50", "p99", "most");
    requests("words=1", "a request and its short answer, on a kept connection");
    first_requests("HB_TEST_URL", 0, "the first piece of a client's first answer, plain");
    first_requests("HB_TEST_TLS_URL", 0, "the same over TLS and HTTP/2");
    first_requests("HB_TEST_TLS_URL", 1, "the same after hb_client_warm_up");
    cancels("HB_TEST_URL", "hb_cancel returns, HTTP/1.1", "the server sees the cancel, HTTP/1.1");
    cancels("HB_TEST_TLS_URL", "hb_cancel returns, HTTP/2", "the server sees the cancel, HTTP/2");
    return check_end();
}
