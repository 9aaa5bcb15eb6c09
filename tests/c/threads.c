/*
 * Sixty-four threads share one client, in every way to send a request; and closes race with all of it.
 */
#include "check.h"

#include <sched.h>

enum { THREADS = 64, ROUNDS = 1, RACERS = 16 };

struct worker {
    pthread_t thread;
    hb_client *client;
    hb_queue *shared;
    int number;
    /* What went wrong first, or empty. */
    char wrong[256];
    uint32_t started, cancelled, refused, answered, other;
};

static void wrong(struct worker *worker, const char *what, hb_status status) {
    if (*worker->wrong == '\0') {
        snprintf(worker->wrong, sizeof worker->wrong, "thread %d: %s: %s", worker->number, what,
                 hb_status_name(status));
    }
}

/* Each thread asks its own question, so that an answer to another's would show. */
static void expect(struct worker *worker, const char *what, hb_status status, const hb_response *response) {
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"I am thread %d.\"", worker->number);
    if (status != HB_OK) wrong(worker, what, status);
    else if (strstr(hb_response_text(response, 0, NULL), quoted) == NULL) wrong(worker, "another's answer", status);
}

static hb_request *question(const struct worker *worker) {
    char text[64];
    snprintf(text, sizeof text, "I am thread %d.", worker->number);
    return test_chat(text);
}

static int32_t on_event(const hb_event *event, void *context) {
    pthread_t *thread = (pthread_t *)context;
    /* The library calls nobody on a thread of its own. */
    if (!pthread_equal(*thread, pthread_self())) return HB_STOP;
    return event->kind <= HB_EVENT_DONE ? HB_CONTINUE : HB_STOP;
}

static void by_queue(struct worker *worker, const hb_request *request) {
    hb_queue *queue = NULL;
    hb_error *error = NULL;
    hb_status status = hb_queue_new(&queue, &error);
    if (status == HB_OK) status = hb_start(worker->client, request, queue, 5, NULL, &error);
    if (status == HB_OK) {
        const hb_event *done = NULL;
        while ((status = hb_queue_next(queue, PATIENCE_MS, &done)) == HB_OK && done->kind != HB_EVENT_DONE) {
            hb_event_free(done);
        }
        expect(worker, "own queue", status == HB_OK ? done->status : status, done == NULL ? NULL : done->response);
        hb_event_free(done);
    } else {
        wrong(worker, "hb_start", status);
    }
    hb_error_free(error);
    hb_queue_free(queue);
}

static void *work(void *context) {
    struct worker *worker = (struct worker *)context;
    hb_request *request = question(worker);
    int round;
    for (round = 0; round < ROUNDS; round++) {
        hb_response *response = NULL;
        pthread_t self = pthread_self();
        hb_status status = hb_chat(worker->client, request, &response, NULL);
        expect(worker, "hb_chat", status, response);
        hb_response_free(response);
        status = hb_chat_stream(worker->client, request, on_event, &self, &response, NULL);
        expect(worker, "hb_chat_stream", status, response);
        hb_response_free(response);
        by_queue(worker, request);
        status = hb_start(worker->client, request, worker->shared, (uint64_t)worker->number, NULL, NULL);
        if (status != HB_OK) wrong(worker, "hb_start", status);
    }
    hb_request_free(request);
    return NULL;
}

/* The one consumer of the queue that all share. */
static uint32_t take_all(struct worker *workers, hb_queue *shared) {
    uint32_t dones = 0;
    while (dones < THREADS * ROUNDS) {
        const hb_event *event = next_event(shared);
        if (event == NULL) break;
        if (event->kind == HB_EVENT_DONE) {
            dones += 1;
            if (event->tag >= THREADS) wrong(&workers[0], "no such tag", event->status);
            else expect(&workers[event->tag], "shared queue", event->status, event->response);
        }
        hb_event_free(event);
    }
    return dones;
}

static void shared_client(void) {
    static struct worker workers[THREADS];
    /* As many words as it takes to quote the question. */
    hb_client *client = test_client("words=22");
    hb_queue *shared = test_queue();
    int i, good = 0;
    for (i = 0; i < THREADS; i++) {
        workers[i].client = client;
        workers[i].shared = shared;
        workers[i].number = i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) give_up("no threads");
    }
    uint32_t dones = take_all(workers, shared);
    for (i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        good += *workers[i].wrong == '\0';
        if (*workers[i].wrong != '\0') printf("# %s\n", workers[i].wrong);
    }
    check_number("threads that got their answers, and no other's", good, THREADS);
    check_number("the shared queue has one DONE for each start", dones, THREADS * ROUNDS);
    check_number("the server saw each request once", count_of("requests"), THREADS * ROUNDS * 4);
    hb_queue_free(shared);
    hb_client_free(client);
}

struct consumer {
    hb_queue *queue;
    hb_status status;
};

static void *consume(void *context) {
    struct consumer *consumer = (struct consumer *)context;
    const hb_event *event = NULL;
    consumer->status = hb_queue_next(consumer->queue, -1, &event);
    hb_event_free(event);
    return NULL;
}

/* Rule L5: of several consumers one waits, and the others are told so at once. */
static void second_consumers(void) {
    pthread_t threads[RACERS];
    struct consumer consumers[RACERS];
    hb_queue *queue = test_queue();
    const hb_event *event = NULL;
    int i, busy = 0, closed = 0;
    for (i = 0; i < RACERS; i++) {
        consumers[i].queue = queue;
        consumers[i].status = HB_OK;
        pthread_create(&threads[i], NULL, consume, &consumers[i]);
    }
    while (hb_queue_next(queue, 0, &event) != HB_E_BUSY) sched_yield();
    /* Those that did not get in have returned; the one that did waits for ever. */
    hb_queue_close(queue);
    for (i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
        busy += consumers[i].status == HB_E_BUSY;
        closed += consumers[i].status == HB_E_CLOSED;
    }
    check(closed >= 1 && busy + closed == RACERS, "one consumer at a time", "%d waited, %d were refused", closed, busy);
    hb_queue_free(queue);
}

/* Starts into its own queue until it is refused, and then takes what there is. */
static void *race(void *context) {
    struct worker *worker = (struct worker *)context;
    hb_request *request = question(worker);
    hb_queue *queue = test_queue();
    const hb_event *event = NULL;
    hb_status status;
    while (worker->refused == 0) {
        status = hb_chat(worker->client, request, NULL, NULL);
        worker->answered += status == HB_OK;
        worker->cancelled += status == HB_E_CANCELLED;
        worker->refused += status == HB_E_CLOSED;
        worker->other += status != HB_OK && status != HB_E_CANCELLED && status != HB_E_CLOSED;
        status = hb_start(worker->client, request, queue, 0, NULL, NULL);
        worker->started += status == HB_OK;
        worker->other += status != HB_OK && status != HB_E_CLOSED;
    }
    hb_queue_close(queue);
    while (hb_queue_next(queue, -1, &event) == HB_OK) {
        worker->started -= event->kind == HB_EVENT_DONE;
        hb_event_free(event);
    }
    hb_queue_free(queue);
    hb_request_free(request);
    return NULL;
}

static void racing_close(void) {
    static struct worker workers[RACERS];
    hb_client *client = test_client("words=22");
    uint32_t lost = 0, other = 0;
    int i;
    control_only("POST", "/simulator/reset", "");
    for (i = 0; i < RACERS; i++) {
        workers[i].client = client;
        workers[i].number = i;
        pthread_create(&workers[i].thread, NULL, race, &workers[i]);
    }
    wait_for_count("requests", 2 * RACERS);
    hb_client_close(client);
    for (i = 0; i < RACERS; i++) {
        pthread_join(workers[i].thread, NULL);
        lost += workers[i].started;
        other += workers[i].other;
    }
    check_number("starts without a DONE, or DONEs too many", lost, 0);
    check_number("calls that a close ended in another way", other, 0);
    hb_client_free(client);
}

/* Many closes of the same, at once. */
static void *close_all(void *context) {
    struct worker *worker = (struct worker *)context;
    hb_client_close(worker->client);
    hb_queue_close(worker->shared);
    return NULL;
}

static void many_closes(void) {
    static struct worker workers[RACERS];
    hb_client *client = test_client("stall-after=5");
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    const hb_event *event = NULL;
    uint32_t dones = 0;
    int i;
    for (i = 0; i < RACERS; i++) hb_start(client, request, queue, 0, NULL, NULL);
    for (i = 0; i < RACERS; i++) {
        workers[i].client = client;
        workers[i].shared = queue;
        pthread_create(&workers[i].thread, NULL, close_all, &workers[i]);
    }
    for (i = 0; i < RACERS; i++) pthread_join(workers[i].thread, NULL);
    while (hb_queue_next(queue, -1, &event) == HB_OK) {
        dones += event->kind == HB_EVENT_DONE && event->status == HB_E_CANCELLED;
        hb_event_free(event);
    }
    check_number("each request has one DONE, however many close", dones, RACERS);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    shared_client();
    second_consumers();
    racing_close();
    many_closes();
    return check_end();
}
