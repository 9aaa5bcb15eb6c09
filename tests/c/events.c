/*
 * Queues and what comes out of them: how long a wait waits, what closing leaves, and what outlives what.
 */
#include "check.h"

#include <sched.h>

#define STALLS "stall-after=5"

static void waits(void) {
    hb_queue *queue = test_queue();
    const hb_event *event = (const hb_event *)queue;
    int64_t before = clock_ms();
    check_status("no wait", hb_queue_next(queue, 0, &event), HB_TIMEOUT);
    check(event == NULL, "the event is written", "it was not");
    before = clock_ms();
    check_status("a wait", hb_queue_next(queue, 120, &event), HB_TIMEOUT);
    check(clock_ms() - before >= 120, "ends not before its time", "%lld ms", (long long)(clock_ms() - before));
    check_status("-2", hb_queue_next(queue, -2, &event), HB_E_INVALID_ARGUMENT);
    check_status("INT32_MIN", hb_queue_next(queue, INT32_MIN, &event), HB_E_INVALID_ARGUMENT);
    check_status("no event wanted", hb_queue_next(queue, 0, NULL), HB_E_INVALID_ARGUMENT);
    check_status("no queue", hb_queue_next(NULL, 0, &event), HB_E_INVALID_ARGUMENT);
    hb_queue_free(queue);
}

struct consumer {
    hb_queue *queue;
    hb_status status;
    const hb_event *event;
};

static void *consume(void *context) {
    struct consumer *consumer = (struct consumer *)context;
    consumer->status = hb_queue_next(consumer->queue, -1, &consumer->event);
    return NULL;
}

/* Until another thread waits in hb_queue_next, which is when a second consumer is refused. */
static void until_taken(hb_queue *queue) {
    const hb_event *event = NULL;
    while (hb_queue_next(queue, 0, &event) != HB_E_BUSY) sched_yield();
}

static void woken_by(const char *name, void (*end)(hb_queue *), int is_free) {
    pthread_t thread;
    struct consumer consumer;
    memset(&consumer, 0, sizeof consumer);
    consumer.queue = test_queue();
    pthread_create(&thread, NULL, consume, &consumer);
    until_taken(consumer.queue);
    end(consumer.queue);
    pthread_join(thread, NULL);
    check_status(name, consumer.status, HB_E_CLOSED);
    check(consumer.event == NULL, "without an event", "there is one");
    if (!is_free) hb_queue_free(consumer.queue);
}

static volatile sig_atomic_t signals;

static void on_signal(int number) {
    (void)number;
    signals = signals + 1;
}

/* A signal does not end a wait, with or without SA_RESTART. */
static void interrupted(void) {
    static const int FLAGS[] = {0, SA_RESTART};
    size_t i;
    int n;
    for (i = 0; i < 2; i++) {
        pthread_t thread;
        struct consumer consumer;
        struct sigaction action;
        memset(&action, 0, sizeof action);
        action.sa_handler = on_signal;
        action.sa_flags = FLAGS[i];
        sigaction(SIGUSR1, &action, NULL);
        memset(&consumer, 0, sizeof consumer);
        consumer.queue = test_queue();
        pthread_create(&thread, NULL, consume, &consumer);
        until_taken(consumer.queue);
        for (n = 0; n < 20; n++) {
            int before = signals;
            pthread_kill(thread, SIGUSR1);
            while (signals == before) sched_yield();
        }
        const hb_event *event = NULL;
        check_status("a signal does not end a wait", hb_queue_next(consumer.queue, 0, &event), HB_E_BUSY);
        hb_queue_close(consumer.queue);
        pthread_join(thread, NULL);
        check_status("a close does", consumer.status, HB_E_CLOSED);
        hb_queue_free(consumer.queue);
    }
}

/* What waits can still be taken; then the queue is at its end, and takes nothing new. */
static void closed(void) {
    hb_client *client = test_client(STALLS);
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    hb_error *error = NULL;
    hb_op op = 0, refused = 99;
    const hb_event *event = NULL;
    hb_start(client, request, queue, 3, &op, NULL);
    event = next_of_kind(queue, HB_EVENT_TEXT);
    hb_event_free(event);
    hb_queue_close(queue);
    check_status("a closed queue takes nothing", hb_start(client, request, queue, 0, &refused, &error), HB_E_CLOSED);
    check_number("and gives no op", (long long)refused, 0);
    check_status("its error", hb_error_status(error), HB_E_CLOSED);
    hb_error_free(error);
    event = next_of_kind(queue, HB_EVENT_DONE);
    check(event != NULL && event->op == op && event->tag == 3 && event->status == HB_E_CANCELLED, "DONE can be taken",
          "it cannot");
    check_has("with what had arrived", hb_response_text(event == NULL ? NULL : event->response, 0, NULL), "This");
    hb_event_free(event);
    check_status("then it is at its end", hb_queue_next(queue, -1, &event), HB_E_CLOSED);
    check_status("again and again", hb_queue_next(queue, 0, &event), HB_E_CLOSED);
    hb_queue_free(queue);
    queue = test_queue();
    hb_client_close(client);
    refused = 99;
    check_status("a closed client starts nothing", hb_start(client, request, queue, 0, &refused, &error), HB_E_CLOSED);
    check_number("and gives no op either", (long long)refused, 0);
    hb_error_free(error);
    check_status("its queue is open", hb_queue_next(queue, 0, &event), HB_TIMEOUT);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

/* An event, what it points to, and what was retained from it outlive everything that they came from. */
static void outlives(void) {
    hb_client *client = test_client(NULL), *failing = test_client("status=500");
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("Outlive");
    hb_start(client, request, queue, 1, NULL, NULL);
    const hb_event *text = next_of_kind(queue, HB_EVENT_TEXT);
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    hb_start(failing, request, queue, 2, NULL, NULL);
    const hb_event *failed = next_of_kind(queue, HB_EVENT_DONE);
    if (text == NULL || done == NULL || failed == NULL) return;
    hb_request_free(request);
    hb_client_free(client);
    hb_queue_free(queue);
    hb_client_free(failing);
    check(text->text_len > 0 && strlen(text->text) == text->text_len, "a piece outlives its queue", "%s", text->text);
    check_has("a response too", hb_response_text(done->response, 0, NULL), "Outlive");
    check_status("and an error", hb_error_status(failed->error), HB_E_SERVER);
    hb_response *response = hb_response_retain(done->response);
    hb_error *error = hb_error_retain(failed->error);
    hb_event_free(done);
    hb_event_free(failed);
    hb_event_free(text);
    check_has("retained, a response outlives its event", hb_response_json(response, NULL), "Outlive");
    check_has("and an error", hb_error_message(error, NULL), "500");
    hb_response *again = hb_response_retain(response);
    check(again == response, "another reference is the same object", "it is not");
    hb_response_free(response);
    check_has("which lives until the last is freed", hb_response_text(again, 0, NULL), "Outlive");
    hb_response_free(again);
    hb_error_free(error);
    check(hb_response_retain(NULL) == NULL && hb_error_retain(NULL) == NULL, "NULL has no references", "it has");
    hb_event_free(NULL);
}

struct things {
    hb_client *client;
    hb_queue *queue;
    hb_request *request;
    hb_options *options;
    const hb_event *event;
    int order;
};

/* Finalizers free on a thread of their own, in any order. */
static void *free_all(void *context) {
    struct things *things = (struct things *)context;
    int step;
    for (step = 0; step < 5; step++) {
        switch ((step + things->order) % 5) {
            case 0: hb_client_free(things->client); break;
            case 1: hb_queue_free(things->queue); break;
            case 2: hb_request_free(things->request); break;
            case 3: hb_options_free(things->options); break;
            default: hb_event_free(things->event); break;
        }
    }
    return NULL;
}

static void any_order_any_thread(void) {
    int order;
    for (order = 0; order < 5; order++) {
        pthread_t thread;
        struct things things;
        things.order = order;
        things.options = test_options();
        hb_options_set_header(things.options, "x-simulator-fault", STALLS, HB_NUL);
        things.queue = test_queue();
        things.request = test_chat("x");
        things.client = NULL;
        hb_client_new(things.options, &things.client, NULL);
        hb_start(things.client, things.request, things.queue, 0, NULL, NULL);
        things.event = next_of_kind(things.queue, HB_EVENT_TEXT);
        pthread_create(&thread, NULL, free_all, &things);
        pthread_join(thread, NULL);
    }
    check(wait_for_count("closes", 5) >= 5, "frees in any order end what was in flight", "they do not");
}

/* The requests of a queue take turns, and what waits of one is put together. */
static void turns(void) {
    hb_client *client = test_client("words=3000");
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    hb_op ops[3];
    uint64_t tag;
    size_t sizes[3] = {0, 0, 0};
    uint32_t dones = 0, strange = 0;
    for (tag = 0; tag < 3; tag++) hb_start(client, request, queue, tag, &ops[tag], NULL);
    while (dones < 3) {
        const hb_event *event = next_event(queue);
        if (event == NULL) break;
        strange += event->tag >= 3 || event->op != ops[event->tag];
        if (event->kind == HB_EVENT_TEXT) sizes[event->tag] += event->text_len;
        if (event->kind == HB_EVENT_DONE) {
            size_t size = 0;
            hb_response_text(event->response, 0, &size);
            check(size == sizes[event->tag] && size > 10000, "pieces of requests side by side add up", "%lu of %lu",
                  (unsigned long)sizes[event->tag], (unsigned long)size);
            dones += 1;
        }
        hb_event_free(event);
    }
    check_number("op and tag belong together; events where they do not", strange, 0);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    waits();
    woken_by("hb_queue_close wakes", hb_queue_close, 0);
    woken_by("hb_queue_free wakes", hb_queue_free, 1);
    interrupted();
    closed();
    outlives();
    any_order_any_thread();
    turns();
    return check_end();
}
