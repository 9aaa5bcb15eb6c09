/*
 * Every way to end a request early. It ends at once, what had arrived is kept, and the server sees its client leave.
 */
#include "check.h"

/* Four pieces, and then nothing more. */
#define STALLS "stall-after=5"
/* Pieces as fast as the wire takes them, for longer than any test waits. */
#define FLOWS "words=100000"

/* What a callback does, and what it saw. */
struct plan {
    uint32_t act_on;
    int32_t answer;
    hb_client *close;
    int cancel;
    uint32_t acted, after, dones;
    char text[1 << 16];
    size_t size;
    hb_response *at_done;
};

static int32_t on_event(const hb_event *event, void *context) {
    struct plan *plan = (struct plan *)context;
    if (plan->acted > 0 && event->kind != HB_EVENT_DONE) plan->after += 1;
    if (event->kind == HB_EVENT_TEXT && plan->size + event->text_len < sizeof plan->text) {
        memcpy(plan->text + plan->size, event->text, event->text_len);
        plan->size += event->text_len;
    }
    plan->dones += event->kind == HB_EVENT_DONE;
    if (event->kind != plan->act_on) return HB_CONTINUE;
    plan->acted += 1;
    if (plan->cancel) hb_cancel(event->op);
    hb_client_close(plan->close);
    return plan->answer;
}

/* One blocking call that is ended from its callback. */
static void check_ended(const char *name, hb_client *client, struct plan *plan) {
    hb_request *request = test_chat("Go on and on");
    hb_response *response = NULL;
    hb_error *error = NULL;
    size_t size = 0;
    hb_status status = hb_chat_stream(client, request, on_event, plan, &response, &error);
    const char *text = hb_response_text(response, 0, &size);
    check(status == HB_E_CANCELLED && hb_error_status(error) == status && hb_response_status(response) == status, name,
          "%s: %s", hb_status_name(status), hb_error_message(error, NULL));
    check(plan->acted == 1 && plan->after == 0 && plan->dones == 1, name, "acted %u times, %u events after, %u DONE",
          plan->acted, plan->after, plan->dones);
    check(plan->size > 0 && plan->size <= size && memcmp(text, plan->text, plan->size) == 0, name,
          "the pieces are no beginning of what had arrived");
    check(hb_error_is_retryable(error) == 0, name, "a cancel is not to be retried");
    hb_response_free(response);
    hb_error_free(error);
    hb_request_free(request);
}

static void from_callbacks(void) {
    static const int32_t STOPS[] = {HB_STOP, 3, -1, INT32_MIN, INT32_MAX};
    hb_client *client = test_client(STALLS);
    size_t i;
    for (i = 0; i < sizeof STOPS / sizeof *STOPS; i++) {
        char name[64];
        struct plan plan;
        memset(&plan, 0, sizeof plan);
        plan.act_on = HB_EVENT_TEXT;
        plan.answer = STOPS[i];
        snprintf(name, sizeof name, "a callback that answers %d", (int)STOPS[i]);
        check_ended(name, client, &plan);
        check_number("the server sees its client leave", wait_for_count("closes", (long)i + 1), (long)i + 1);
    }
    struct plan plan;
    memset(&plan, 0, sizeof plan);
    plan.act_on = HB_EVENT_TEXT;
    plan.cancel = 1;
    check_ended("hb_cancel in a callback", client, &plan);
    check_number("the server sees that too", wait_for_count("closes", 6), 6);
    memset(&plan, 0, sizeof plan);
    plan.act_on = HB_EVENT_TEXT;
    plan.close = client;
    check_ended("hb_client_close in a callback", client, &plan);
    check_number("and that", wait_for_count("closes", 7), 7);
    hb_client_free(client);
}

/* A request that has ended keeps its end: what DONE's callback answers or cancels changes nothing. */
static void at_the_end(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = test_chat("x");
    struct plan plan;
    memset(&plan, 0, sizeof plan);
    plan.act_on = HB_EVENT_DONE;
    plan.answer = HB_STOP;
    plan.cancel = 1;
    check_status("HB_STOP and hb_cancel at DONE", hb_chat_stream(client, request, on_event, &plan, NULL, NULL), HB_OK);
    hb_cancel(0);
    hb_cancel(UINT64_MAX);
    hb_cancel(UINT64_C(1) << 52);
    check_status("ops that never were", chat_once(client), HB_OK);
    hb_request_free(request);
    hb_client_free(client);
}

struct call {
    hb_client *client;
    hb_status status;
    hb_response *response;
};

static void *blocking_call(void *context) {
    struct call *call = (struct call *)context;
    hb_request *request = test_chat("x");
    call->status = hb_chat(call->client, request, &call->response, NULL);
    hb_request_free(request);
    return NULL;
}

/* A blocking call, ended from here by `end` once the server has its request. */
static void check_close(const char *name, const char *script, void (*end)(hb_client *), int is_free) {
    pthread_t thread;
    struct call call;
    memset(&call, 0, sizeof call);
    call.client = test_client(script);
    control_only("POST", "/simulator/reset", "");
    pthread_create(&thread, NULL, blocking_call, &call);
    wait_for_count("in_flight", 1);
    end(call.client);
    pthread_join(thread, NULL);
    check_status(name, call.status, HB_E_CANCELLED);
    check_status("its response", hb_response_status(call.response), HB_E_CANCELLED);
    check_number("the server sees it", wait_for_count("closes", 1), 1);
    hb_response_free(call.response);
    if (is_free) return;
    check_status("a closed client", chat_once(call.client), HB_E_CLOSED);
    hb_client_close(call.client);
    hb_client_free(call.client);
}

/* hb_cancel from another thread than the one that waits. */
static void *cancel_soon(void *context) {
    const hb_op *op = (const hb_op *)context;
    wait_for_count("streams_started", 1);
    hb_cancel(*op);
    return NULL;
}

static void from_another_thread(void) {
    pthread_t thread;
    hb_op op = 0;
    hb_client *client = test_client(STALLS);
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    check_close("hb_client_close before an answer", "stall", hb_client_close, 0);
    check_close("hb_client_close in an answer", STALLS, hb_client_close, 0);
    check_close("hb_client_free in an answer", STALLS, hb_client_free, 1);
    control_only("POST", "/simulator/reset", "");
    hb_start(client, request, queue, 0, &op, NULL);
    pthread_create(&thread, NULL, cancel_soon, &op);
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    pthread_join(thread, NULL);
    check(done != NULL && done->status == HB_E_CANCELLED, "hb_cancel from another thread", "not cancelled");
    hb_event_free(done);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

/* Rule C2: once hb_cancel has returned, DONE waits, nothing else does, and it has what had arrived. */
static void check_cancelled(const char *name, hb_queue *queue, hb_op op, const char *taken, size_t taken_size) {
    const hb_event *event = NULL, *more = NULL;
    size_t size = 0;
    hb_status next = hb_queue_next(queue, 0, &event);
    if (!check(next == HB_OK && event->kind == HB_EVENT_DONE && event->op == op, name, "%s, kind %u",
               hb_status_name(next), event == NULL ? 0 : event->kind)) {
        return;
    }
    const char *text = hb_response_text(event->response, 0, &size);
    check_status(name, event->status, HB_E_CANCELLED);
    check(taken_size <= size && memcmp(text, taken, taken_size) == 0, name, "what was taken is no beginning of it");
    check_status(name, hb_queue_next(queue, 0, &more), HB_TIMEOUT);
    hb_event_free(event);
}

static void in_every_phase(void) {
    static const struct {
        const char *name, *script;
        int takes;
    } PHASES[] = {
        {"cancel at once", "stall", -1},     {"cancel before the head", "stall", 0},
        {"cancel after a head", "stall-after=0", 0}, {"cancel in a pause", STALLS, 1},
        {"cancel in the flow", FLOWS, 1},    {"cancel later in the flow", FLOWS, 30},
    };
    size_t i;
    int round, taken;
    for (i = 0; i < sizeof PHASES / sizeof *PHASES; i++) {
        hb_client *client = test_client(PHASES[i].script);
        hb_queue *queue = test_queue();
        for (round = 0; round < 5; round++) {
            char *text = (char *)memory(1 << 24);
            size_t size = 0;
            hb_op op = 0;
            hb_request *request = test_chat("x");
            control_only("POST", "/simulator/reset", "");
            hb_start(client, request, queue, 9, &op, NULL);
            if (PHASES[i].takes >= 0) wait_for_count("in_flight", 1);
            for (taken = 0; taken < PHASES[i].takes; taken++) {
                const hb_event *event = next_event(queue);
                if (event == NULL) break;
                if (event->kind == HB_EVENT_TEXT && size + event->text_len < 1 << 24) {
                    memcpy(text + size, event->text, event->text_len);
                    size += event->text_len;
                }
                hb_event_free(event);
            }
            hb_cancel(op);
            hb_cancel(op);
            check_cancelled(PHASES[i].name, queue, op, text, size);
            if (PHASES[i].takes >= 0) check_number("the server sees it", wait_for_count("closes", 1), 1);
            hb_request_free(request);
            free(text);
        }
        hb_queue_free(queue);
        hb_client_free(client);
    }
}

/* Ending a queue ends what is in it, and nothing else. */
static void by_queue(void) {
    hb_client *client = test_client(STALLS);
    hb_queue *closed = test_queue(), *freed = test_queue(), *other = test_queue();
    hb_request *request = test_chat("x");
    const hb_event *event = NULL;
    hb_op op = 0;
    int i;
    control_only("POST", "/simulator/reset", "");
    for (i = 0; i < 3; i++) {
        hb_start(client, request, closed, (uint64_t)i, NULL, NULL);
        hb_start(client, request, freed, (uint64_t)i, NULL, NULL);
    }
    hb_start(client, request, other, 7, &op, NULL);
    wait_for_count("streams_started", 7);
    hb_queue_close(closed);
    hb_queue_close(closed);
    check_number("hb_queue_close: the server sees three leave", wait_for_count("closes", 3), 3);
    for (i = 0; i < 3; i++) {
        event = next_of_kind(closed, HB_EVENT_DONE);
        check_status("each of them has its DONE", event == NULL ? HB_OK : event->status, HB_E_CANCELLED);
        hb_event_free(event);
    }
    check_status("then the queue is empty", hb_queue_next(closed, -1, &event), HB_E_CLOSED);
    hb_queue_free(freed);
    check_number("hb_queue_free: three more", wait_for_count("closes", 6), 6);
    check_number("another queue's request goes on", count_of("in_flight"), 1);
    hb_cancel(op);
    event = next_of_kind(other, HB_EVENT_DONE);
    check(event != NULL && event->tag == 7, "and can be ended by itself", "no DONE");
    hb_event_free(event);
    hb_queue_free(closed);
    hb_queue_free(other);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    from_callbacks();
    at_the_end();
    from_another_thread();
    in_every_phase();
    by_queue();
    return check_end();
}
