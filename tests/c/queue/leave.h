/*
 * Callbacks that leave a dispatch and never return into it: the queue stays whole (rule C5). The program that includes
 * this says how they leave: by an exception or by a longjmp.
 */

#ifndef LEAVE_H
#define LEAVE_H

#include "outcome.h"

enum { LEFT_REQUESTS = 4 };

struct left {
    hb_client *client;
    hb_queue *queue;
    struct outcome outcomes[LEFT_REQUESTS];
    /* Events that the callback has had, and at the how manyeth it leaves; 0 is at each. */
    int events, leave_at;
    /* What else it does then. */
    void (*also)(struct left *left);
    /* What the last dispatch said of itself. */
    uint32_t handled;
    hb_status status;
    /* Of the program. */
    void *way_out;
};

/* Leaves the callback. */
static void leave(struct left *left);
/* One dispatch; whether its callback left it. */
static int is_left(struct left *left);

static int32_t take_and_leave(const hb_event *event, void *context) {
    struct left *left = (struct left *)context;
    struct outcome *outcome = &left->outcomes[event->tag];
    outcome_event(event, outcome);
    if (event->kind == HB_EVENT_DONE) outcome_done(outcome, event);
    left->events += 1;
    if (left->leave_at != 0 && left->events != left->leave_at) return HB_CONTINUE;
    if (left->also != NULL) left->also(left);
    leave(left);
    return HB_CONTINUE;
}

static void dispatch_all(struct left *left) {
    left->status = hb_queue_dispatch(left->queue, take_and_leave, left, 0, 0, &left->handled);
}

/* Requests that have ended and wait whole. */
static void left_begin(struct left *left, int leave_at, void (*also)(struct left *)) {
    hb_request *request = test_chat("Leave me");
    uint64_t tag;
    memset(left, 0, sizeof *left);
    left->leave_at = leave_at;
    left->also = also;
    left->client = test_client("words=30");
    left->queue = test_queue();
    for (tag = 0; tag < LEFT_REQUESTS; tag++) hb_start(left->client, request, left->queue, tag, NULL, NULL);
    while (hb_client_count(left->client, HB_COUNT_SUCCEEDED) < LEFT_REQUESTS) poll(NULL, 0, 2);
    hb_request_free(request);
}

/* The rest of what waits, by dispatches that may be left; how many of these were. */
static int take_the_rest(struct left *left) {
    int lefts = 0, i, ends;
    int64_t patience_ends = clock_ms() + PATIENCE_MS;
    do {
        lefts += is_left(left);
        for (ends = 0, i = 0; i < LEFT_REQUESTS; i++) ends += (int)left->outcomes[i].dones;
    } while (ends < LEFT_REQUESTS && clock_ms() < patience_ends);
    return lefts;
}

static void left_end(struct left *left) {
    int i;
    for (i = 0; i < LEFT_REQUESTS; i++) outcome_free(&left->outcomes[i]);
    hb_queue_free(left->queue);
    hb_client_free(left->client);
}

static void check_whole(struct left *left) {
    int i;
    for (i = 0; i < LEFT_REQUESTS; i++) {
        check_outcome("each event comes once, and in order", &left->outcomes[i], HB_OK, 0, 1, "");
    }
}

static void at_each_event(struct left *left) {
    left_begin(left, 0, NULL);
    int lefts = take_the_rest(left);
    check(lefts == left->events && lefts >= 2 * LEFT_REQUESTS, "a dispatch that is left at each event",
          "left %d times, %d events", lefts, left->events);
    check_number("counts it", (long long)left->handled, 1);
    check_whole(left);
    check_number("and the last is over", is_left(left), 0);
    check_status("with nothing wrong", left->status, HB_OK);
    left_end(left);
}

static void in_the_middle(struct left *left) {
    left_begin(left, 3, NULL);
    check_number("a dispatch that is left at the third event", is_left(left), 1);
    check_number("has handled three", (long long)left->handled, 3);
    check_number("the next is not left", take_the_rest(left), 0);
    check_number("and hands out the rest", (long long)left->handled, left->events - 3);
    check_whole(left);
    left_end(left);
}

/* The queue is freed with the events that wait; the one that was in the callback's hand goes with a later call. */
static void then_free(struct left *left) {
    left_begin(left, 1, NULL);
    check_number("a dispatch is left", is_left(left), 1);
    hb_queue_free(left->queue);
    left->queue = NULL;
    check_status("its queue is freed, and the client works", chat_once(left->client), HB_OK);
    left_end(left);
}

static void free_queue(struct left *left) {
    hb_queue_free(left->queue);
    left->queue = NULL;
}

static void free_within(struct left *left) {
    left_begin(left, 2, free_queue);
    check_number("a callback frees its queue and leaves", is_left(left), 1);
    check_status("and the client works", chat_once(left->client), HB_OK);
    left_end(left);
}

/* As the first callback is left, so is the one around it. */
static void dispatch_within(struct left *left) {
    left->also = NULL;
    left->leave_at = 0;
    dispatch_all(left);
}

static void from_within(struct left *left) {
    left_begin(left, 1, dispatch_within);
    check_number("two dispatches are left at once", is_left(left), 1);
    check_number("after an event each", left->events, 2);
    take_the_rest(left);
    check_whole(left);
    left_end(left);
}

static void *take_elsewhere(void *context) {
    take_the_rest((struct left *)context);
    return context;
}

/* What one thread left does not hold up another, nor the end of the library. */
static void beside_others(struct left *left) {
    pthread_t thread;
    left_begin(left, 1, NULL);
    check_number("one thread leaves", is_left(left), 1);
    pthread_create(&thread, NULL, take_elsewhere, left);
    pthread_join(thread, NULL);
    check_number("another takes the rest", left->status, HB_OK);
    check_whole(left);
    check_status("the library ends", hb_shutdown(PATIENCE_MS), HB_OK);
    check_status("and begins anew", chat_once(left->client), HB_OK);
    left_end(left);
}

static int leave_in_every_way(void) {
    static struct left left;
    check_begin();
    at_each_event(&left);
    in_the_middle(&left);
    then_free(&left);
    free_within(&left);
    from_within(&left);
    beside_others(&left);
    return check_end();
}

#endif
