/*
 * hb_shutdown: it ends every request and thread, from wherever it is called, and the next request begins afresh. A
 * name lookup that hangs is left behind (rule L6).
 */
#include "shutdown.h"

#include <netdb.h>
#include <sched.h>

/* ---- A resolver that hangs: this program's own, which the library finds before the system's. ---- */

static pthread_mutex_t lookup_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t lookup_changed = PTHREAD_COND_INITIALIZER;
static int lookups_hang, lookups_begun;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    (void)name;
    (void)service;
    (void)hints;
    *found = NULL;
    pthread_mutex_lock(&lookup_lock);
    lookups_begun += 1;
    pthread_cond_broadcast(&lookup_changed);
    while (lookups_hang) pthread_cond_wait(&lookup_changed, &lookup_lock);
    pthread_mutex_unlock(&lookup_lock);
    return EAI_NONAME;
}

static void wait_for_lookup(void) {
    pthread_mutex_lock(&lookup_lock);
    while (lookups_begun == 0) pthread_cond_wait(&lookup_changed, &lookup_lock);
    pthread_mutex_unlock(&lookup_lock);
}

static void hang_lookups(int hang) {
    pthread_mutex_lock(&lookup_lock);
    lookups_hang = hang;
    lookups_begun = 0;
    pthread_cond_broadcast(&lookup_changed);
    pthread_mutex_unlock(&lookup_lock);
}

/* ---- ---- */

static void before_anything(void) {
    check_status("before the first request", hb_shutdown(0), HB_OK);
    check_status("for ever", hb_shutdown(-1), HB_OK);
    check_status("-2", hb_shutdown(-2), HB_E_INVALID_ARGUMENT);
}

static hb_status end_of(hb_queue *queue, hb_op op) {
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    hb_status status = HB_OK;
    if (done == NULL) return HB_OK;
    status = done->op == op ? done->status : HB_E_PANIC;
    hb_event_free(done);
    return status;
}

/* What had ended keeps its end and its pieces. */
static void unread(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = test_chat("Keep me");
    hb_queue *queue = test_queue();
    struct outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    hb_start(client, request, queue, 0, NULL, NULL);
    while (hb_client_count(client, HB_COUNT_SUCCEEDED) == 0) sched_yield();
    check_status("with an end that nobody took", hb_shutdown(PATIENCE_MS), HB_OK);
    outcomes_of(queue, &outcome, 1);
    check_status("it is there", outcome.status, HB_OK);
    check(outcome.size > 0, "with its pieces", "without");
    hb_response_free(outcome.response);
    hb_error_free(outcome.error);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

static int32_t HB_CALL shut_down(const hb_event *event, void *context) {
    if (event->kind != HB_EVENT_TEXT || *(hb_status *)context != HB_TIMEOUT) return HB_CONTINUE;
    *(hb_status *)context = hb_shutdown(PATIENCE_MS);
    check(event->text_len > 0, "the event is still there", "it is not");
    return HB_CONTINUE;
}

static void within_a_callback(hb_client *client) {
    hb_request *request = test_chat("Unload me");
    hb_queue *queue = test_queue();
    hb_error *error = NULL;
    hb_status status = HB_TIMEOUT;
    check_status("in the callback of a blocking call",
                 hb_chat_stream(client, request, shut_down, &status, NULL, &error), HB_E_CANCELLED);
    check_status("it succeeds", status, HB_OK);
    check_has("and the request knows why", hb_error_message(error, NULL), "shut down");
    hb_error_free(error);
    status = HB_TIMEOUT;
    hb_start(client, request, queue, 0, NULL, NULL);
    while (status == HB_TIMEOUT) {
        if (hb_queue_dispatch(queue, shut_down, &status, 0, 0, NULL) != HB_OK) break;
        sched_yield();
    }
    check_status("in a dispatch", status, HB_OK);
    hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    hb_queue_free(queue);
    hb_request_free(request);
}

struct blocked {
    hb_client *client;
    hb_status status;
};

static void *block(void *context) {
    struct blocked *blocked = (struct blocked *)context;
    blocked->status = chat_once(blocked->client);
    return NULL;
}

static void *start_and_end(void *context) {
    int i;
    for (i = 0; i < 30; i++) {
        if (*(int *)context == 0) hb_shutdown(PATIENCE_MS);
        else {
            hb_client *client = test_client(NULL);
            hb_status status = chat_once(client);
            if (status != HB_OK && status != HB_E_CANCELLED) check_status("a request meanwhile", status, HB_OK);
            hb_client_free(client);
        }
    }
    return NULL;
}

static void from_other_threads(hb_client *client) {
    struct blocked blocked;
    pthread_t thread, racers[4];
    int roles[4] = {0, 1, 0, 1}, i;
    blocked.client = client;
    pthread_create(&thread, NULL, block, &blocked);
    wait_for_count("in_flight", 1);
    check_status("while another thread waits", hb_shutdown(PATIENCE_MS), HB_OK);
    pthread_join(thread, NULL);
    check_status("which returns", blocked.status, HB_E_CANCELLED);
    for (i = 0; i < 4; i++) pthread_create(&racers[i], NULL, start_and_end, &roles[i]);
    for (i = 0; i < 4; i++) pthread_join(racers[i], NULL);
    check_status("after a race of starts and ends", hb_shutdown(PATIENCE_MS), HB_OK);
}

/* What a shutdown says that does not wait: that all threads have ended, or that one may not have. */
static void at_once(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = test_chat("Unload me");
    hb_queue *queue = test_queue();
    int i, wrong = 0, threads_before = threads();
    for (i = 0; i < 60; i++) {
        hb_start(client, request, queue, 0, NULL, NULL);
        if (hb_shutdown(0) == HB_OK) wrong += threads() != threads_before;
        else wrong += hb_shutdown(-1) != HB_OK;
        hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    }
    check_number("a shutdown that does not wait says the truth", wrong, 0);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

static void *shut_down_for_ever(void *context) {
    *(hb_status *)context = hb_shutdown(-1);
    return NULL;
}

/* While a shutdown waits for a lookup, a start does not wait for the shutdown. */
static void beside_a_shutdown(hb_client *stuck, hb_client *other, hb_queue *queue) {
    hb_request *request = test_chat("Find me");
    hb_status status = HB_TIMEOUT;
    pthread_t thread;
    hb_op op = 0;
    hang_lookups(1);
    hb_start(stuck, request, queue, 0, &op, NULL);
    wait_for_lookup();
    pthread_create(&thread, NULL, shut_down_for_ever, &status);
    check_status("a shutdown has begun", end_of(queue, op), HB_E_CANCELLED);
    check_status("and a request beside it is answered", chat_once(other), HB_OK);
    hang_lookups(0);
    pthread_join(thread, NULL);
    check_status("it ends with the lookup", status, HB_OK);
    hb_request_free(request);
}

/* A lookup hangs: its request ends at once, its thread later. */
static void stuck_lookup(void) {
    hb_options *options = test_options();
    hb_request *request = test_chat("Find me");
    hb_queue *queue = test_queue();
    hb_client *client, *other = test_client(NULL);
    int threads_before = threads();
    hb_op op = 0;
    hb_options_set_base_url(options, "https://host.invalid", HB_NUL);
    client = client_of(options);
    hang_lookups(1);
    hb_start(client, request, queue, 0, &op, NULL);
    wait_for_lookup();
    check_status("a lookup that hangs", hb_shutdown(50), HB_TIMEOUT);
    check_status("ends its request all the same", end_of(queue, op), HB_E_CANCELLED);
    check_status("not at once: still no", hb_shutdown(0), HB_TIMEOUT);
    check_status("the next request begins afresh", chat_once(other), HB_OK);
    hang_lookups(0);
    check_status("the lookup is over", hb_shutdown(PATIENCE_MS), HB_OK);
    /* It was not joined: it may be on its last steps. */
    while (threads() > threads_before) sched_yield();
    check_number("and so is its thread", threads(), threads_before);
    beside_a_shutdown(client, other, queue);
    check_status("of the rest", hb_shutdown(-1), HB_OK);
    hb_start(client, request, queue, 0, &op, NULL);
    check_status("the name is looked up anew", end_of(queue, op), HB_E_CONNECT);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
    hb_client_free(other);
    check_status("the last", hb_shutdown(-1), HB_OK);
}

int main(void) {
    struct way way = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    hb_client *client;
    check_begin();
    before_anything();
    at_once();
    again_and_again(&way);
    client = test_client("stall-after=5");
    unread();
    within_a_callback(client);
    from_other_threads(client);
    hb_client_free(client);
    stuck_lookup();
    return check_end();
}
