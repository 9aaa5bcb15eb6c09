/*
 * A callback that leaves by longjmp, which runs nothing of what it jumps over: the library is whole after it (rule C5).
 */
#include "check.h"

#include <setjmp.h>

struct plan {
    jmp_buf out;
    uint32_t leave_on;
    int events;
};

static int32_t leaving(const hb_event *event, void *context) {
    struct plan *plan = (struct plan *)context;
    plan->events += 1;
    if (event->kind == plan->leave_on) longjmp(plan->out, 1);
    return HB_CONTINUE;
}

/* One call that is left. A function of its own, so that nothing here changes between setjmp and longjmp. */
static int is_left(hb_client *client, const hb_request *request, struct plan *plan) {
    if (setjmp(plan->out) != 0) return 1;
    hb_chat_stream(client, request, leaving, plan, NULL, NULL);
    return 0;
}

/* Each call has a client of its own, because a client remembers what its server refused and then needs no RETRY. */
static void by_longjmp(const char *name, uint32_t kind, const char *script) {
    enum { TIMES = 10 };
    hb_request *request = test_chat("Leave me");
    struct plan plan;
    int i, left = 0, works = 0;
    memset(&plan, 0, sizeof plan);
    plan.leave_on = kind;
    for (i = 0; i < TIMES; i++) {
        hb_client *client = test_client(script);
        left += is_left(client, request, &plan);
        works += chat_once(client) == HB_OK;
        hb_client_free(client);
    }
    check_number(name, left, TIMES);
    check(plan.events >= TIMES, "after an event each", "%d events", plan.events);
    check_number("then the client works", works, TIMES);
    hb_request_free(request);
}

/* What was left and what was not share a client, a queue and a server. */
static void beside_others(void) {
    hb_client *client = test_client("stall-after=5");
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("Leave me");
    struct plan plan;
    hb_op op = 0;
    memset(&plan, 0, sizeof plan);
    plan.leave_on = HB_EVENT_TEXT;
    control_only("POST", "/simulator/reset", "");
    hb_start(client, request, queue, 0, &op, NULL);
    check_number("a call is left beside another request", is_left(client, request, &plan), 1);
    check_number("both go on", wait_for_count("streams_started", 2), 2);
    hb_cancel(op);
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    check(done != NULL && done->status == HB_E_CANCELLED, "the other can be cancelled", "it cannot");
    check_number("and only that ends", wait_for_count("closes", 1), 1);
    check_number("the left one is still there", count_of("in_flight"), 1);
    hb_event_free(done);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
    check_number("until its client is freed", wait_for_count("closes", 2), 2);
}

int main(void) {
    check_begin();
    by_longjmp("a callback that jumps at a piece", HB_EVENT_TEXT, NULL);
    by_longjmp("a callback that jumps at DONE", HB_EVENT_DONE, NULL);
    by_longjmp("a callback that jumps at RETRY", HB_EVENT_RETRY, "refuse-stream-options=400");
    beside_others();
    return check_end();
}
