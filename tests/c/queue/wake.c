/*
 * How a queue tells: the handle that an event loop polls, the wake-up function, hb_queue_wake.
 */
#include "check.h"

#include <fcntl.h>

/* Whether a handle is readable within so many milliseconds. */
static int readable(intptr_t handle, int ms) {
    struct pollfd poll_fd;
    poll_fd.fd = (int)handle;
    poll_fd.events = POLLIN;
    return poll(&poll_fd, 1, ms) == 1 && (poll_fd.revents & POLLIN) != 0;
}

static int32_t HB_CALL go_on(const hb_event *event, void *context) {
    (void)event;
    (void)context;
    return HB_CONTINUE;
}

/* Takes all that comes, going by the handle alone, until a request has ended. */
static int ended_by_handle(hb_queue *queue, intptr_t handle) {
    for (;;) {
        const hb_event *event = NULL;
        hb_status status;
        int is_end;
        if (!readable(handle, PATIENCE_MS)) return 0;
        status = hb_queue_next(queue, 0, &event);
        if (status != HB_OK) return 0;
        is_end = event->kind == HB_EVENT_DONE;
        hb_event_free(event);
        if (is_end) return 1;
    }
}

static void handle(void) {
    hb_client *client = test_client("words=20,event-delay=1");
    hb_request *request = test_chat("Poll me");
    hb_queue *queue = test_queue(), *other = test_queue();
    intptr_t first = hb_queue_native_handle(queue), second = hb_queue_native_handle(other);
    const hb_event *event = NULL;
    check(first >= 0 && second >= 0 && first != second, "each queue has a handle", "%d and %d", (int)first, (int)second);
    check_number("it stays the same", hb_queue_native_handle(queue), first);
    check((fcntl((int)first, F_GETFD) & FD_CLOEXEC) != 0, "closed in a program that is started", "it is not");
    check_number("-1 for NULL", hb_queue_native_handle(NULL), -1);
    check(!readable(first, 0), "an empty queue: not readable", "it is");
    hb_start(client, request, queue, 1, NULL, NULL);
    check(ended_by_handle(queue, first), "an answer is taken by the handle alone", "it is not");
    check(!readable(first, 0) && !readable(second, 0), "afterwards it is not readable", "it is");

    hb_queue_wake(queue);
    check(readable(first, 0), "readable with a wake", "it is not");
    check_status("which a next takes", hb_queue_next(queue, 0, &event), HB_WOKEN);
    check(!readable(first, 0), "not readable without it", "it is");

    hb_start(client, request, other, 1, NULL, NULL);
    check(readable(second, PATIENCE_MS), "readable with an event", "it is not");
    check(!readable(first, 0), "which is not the other's affair", "it is");
    hb_queue_close(queue);
    check(readable(first, 0), "readable if closed", "it is not");
    check_status("to find that out", hb_queue_next(queue, 0, &event), HB_E_CLOSED);
    check(readable(first, 0), "and it stays so", "it does not");
    hb_queue_free(queue);
    check(fcntl((int)first, F_GETFD) == -1 && errno == EBADF, "a free closes it", "it is open");
    hb_queue_close(other);
    queue = test_queue();
    hb_queue_close(queue);
    check(readable(hb_queue_native_handle(queue), 0), "made after the close", "it is not readable");
    hb_queue_free(queue);
    hb_queue_free(other);
    hb_request_free(request);
    hb_client_free(client);
}

/* ---- The wake-up function ---- */

struct bell {
    pthread_mutex_t lock;
    pthread_cond_t rung;
    int rings, new_rings;
};

static void HB_CALL ring(void *context) {
    struct bell *bell = (struct bell *)context;
    pthread_mutex_lock(&bell->lock);
    bell->rings += 1;
    bell->new_rings += 1;
    pthread_cond_signal(&bell->rung);
    pthread_mutex_unlock(&bell->lock);
}

static struct bell new_bell(void) {
    struct bell bell;
    memset(&bell, 0, sizeof bell);
    pthread_mutex_init(&bell.lock, NULL);
    pthread_cond_init(&bell.rung, NULL);
    return bell;
}

static void wait_for_ring(struct bell *bell) {
    pthread_mutex_lock(&bell->lock);
    while (bell->new_rings == 0) pthread_cond_wait(&bell->rung, &bell->lock);
    bell->new_rings = 0;
    pthread_mutex_unlock(&bell->lock);
}

static int rings_of(struct bell *bell) {
    int rings;
    pthread_mutex_lock(&bell->lock);
    rings = bell->rings;
    bell->rings = 0;
    pthread_mutex_unlock(&bell->lock);
    return rings;
}

static int32_t HB_CALL count_ends(const hb_event *event, void *context) {
    *(int *)context += event->kind == HB_EVENT_DONE;
    return HB_CONTINUE;
}

/* A loop that sleeps until it is rung, and takes one event a turn: nothing is missed. */
static void driven_by_the_hook(void) {
    struct bell bell = new_bell();
    hb_client *client = test_client("words=15,event-delay=1");
    hb_request *request = test_chat("Ring me");
    hb_queue *queue = test_queue();
    int ends = 0, i;
    check_status("set", hb_queue_set_wakeup(queue, ring, &bell), HB_OK);
    check_number("an empty queue rings not", rings_of(&bell), 0);
    for (i = 0; i < 8; i++) hb_start(client, request, queue, 1, NULL, NULL);
    while (ends < 8) {
        wait_for_ring(&bell);
        if (hb_queue_dispatch(queue, count_ends, &ends, 1, 0, NULL) != HB_OK) break;
    }
    check_number("eight answers by the function alone", ends, 8);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

static void when_it_rings(void) {
    struct bell bell = new_bell(), second = new_bell();
    hb_queue *queue = test_queue();
    hb_queue_set_wakeup(queue, ring, &bell);
    hb_queue_wake(queue);
    hb_queue_wake(queue);
    check_number("a wake rings, once until it is taken", rings_of(&bell), 1);
    check_status("replaced", hb_queue_set_wakeup(queue, ring, &second), HB_OK);
    check_number("rings at once, because something waits", rings_of(&second), 1);
    check_status("a dispatch takes the wake", hb_queue_dispatch(queue, go_on, NULL, 0, 0, NULL), HB_WOKEN);
    check_status("once", hb_queue_dispatch(queue, go_on, NULL, 0, 0, NULL), HB_OK);
    check_status("none", hb_queue_set_wakeup(queue, NULL, NULL), HB_OK);
    hb_queue_wake(queue);
    check_number("is not rung", rings_of(&second) + rings_of(&bell), 0);
    hb_queue_set_wakeup(queue, ring, &bell);
    rings_of(&bell);
    hb_queue_close(queue);
    check(rings_of(&bell) >= 1, "a close rings", "it does not");
    hb_queue_free(queue);
    check_number("a free does not", rings_of(&bell), 0);
    check_status("NULL", hb_queue_set_wakeup(NULL, ring, &bell), HB_E_INVALID_ARGUMENT);
}

/* A function that takes its time: set_wakeup and free wait for it. */
struct slow {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int entered, may_leave, has_left;
};

static void HB_CALL slow_ring(void *context) {
    struct slow *slow = (struct slow *)context;
    pthread_mutex_lock(&slow->lock);
    slow->entered = 1;
    pthread_cond_broadcast(&slow->changed);
    while (!slow->may_leave) pthread_cond_wait(&slow->changed, &slow->lock);
    pthread_mutex_unlock(&slow->lock);
    /* Long enough to be caught by who does not wait. */
    poll(NULL, 0, 20);
    pthread_mutex_lock(&slow->lock);
    slow->has_left = 1;
    pthread_mutex_unlock(&slow->lock);
}

static void *wake_it(void *context) {
    hb_queue_wake((hb_queue *)context);
    return NULL;
}

static void waited_for(const char *name, int is_free) {
    struct slow slow;
    hb_queue *queue = test_queue();
    pthread_t thread;
    memset(&slow, 0, sizeof slow);
    pthread_mutex_init(&slow.lock, NULL);
    pthread_cond_init(&slow.changed, NULL);
    hb_queue_set_wakeup(queue, slow_ring, &slow);
    pthread_create(&thread, NULL, wake_it, queue);
    pthread_mutex_lock(&slow.lock);
    while (!slow.entered) pthread_cond_wait(&slow.changed, &slow.lock);
    slow.may_leave = 1;
    pthread_cond_broadcast(&slow.changed);
    pthread_mutex_unlock(&slow.lock);
    if (is_free) hb_queue_free(queue);
    else hb_queue_set_wakeup(queue, NULL, NULL);
    pthread_mutex_lock(&slow.lock);
    check(slow.has_left, name, "it returned while the function ran");
    pthread_mutex_unlock(&slow.lock);
    pthread_join(thread, NULL);
    if (!is_free) hb_queue_free(queue);
}

/* ---- hb_queue_wake ---- */

struct sleeper {
    hb_queue *queue;
    int32_t timeout_ms;
    hb_status status;
};

static void *sleep_in_next(void *context) {
    struct sleeper *sleeper = (struct sleeper *)context;
    const hb_event *event = NULL;
    sleeper->status = hb_queue_next(sleeper->queue, sleeper->timeout_ms, &event);
    hb_event_free(event);
    return NULL;
}

static void wakes(void) {
    hb_client *client = test_client("stall-after=5");
    hb_request *request = test_chat("Wake me");
    struct sleeper sleeper;
    pthread_t thread;
    const hb_event *event = NULL;
    int i;
    sleeper.queue = test_queue();
    for (i = 0; i < 50; i++) {
        sleeper.timeout_ms = i % 2 == 0 ? -1 : PATIENCE_MS;
        pthread_create(&thread, NULL, sleep_in_next, &sleeper);
        hb_queue_wake(sleeper.queue);
        pthread_join(thread, NULL);
        if (sleeper.status != HB_WOKEN) break;
    }
    check_number("a wait is woken, whoever comes first", i, 50);
    check_status("by its own wake alone", hb_queue_next(sleeper.queue, 0, &event), HB_TIMEOUT);
    hb_start(client, request, sleeper.queue, 1, NULL, NULL);
    hb_event_free(next_of_kind(sleeper.queue, HB_EVENT_TEXT));
    hb_client_close(client);
    hb_queue_wake(sleeper.queue);
    check_status("a wake comes before events", hb_queue_next(sleeper.queue, 0, &event), HB_WOKEN);
    check(event == NULL, "without one", "there is one");
    check_status("which are kept", hb_queue_next(sleeper.queue, 0, &event), HB_OK);
    hb_event_free(event);
    hb_queue_wake(NULL);
    hb_queue_free(sleeper.queue);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    handle();
    driven_by_the_hook();
    when_it_rings();
    waited_for("hb_queue_set_wakeup waits for the function", 0);
    waited_for("hb_queue_free waits for the function", 1);
    wakes();
    return check_end();
}
