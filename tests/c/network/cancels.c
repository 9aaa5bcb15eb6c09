/*
 * A cancel in every phase that cancel.c has not: while it connects, while it waits for its turn, between two attempts.
 */
#include "cancels.h"

static const struct phase PHASES[] = {
    {"cancel at once", "stall", "", AT_ONCE, 0, 0, -1, -1},
    {"cancel with a server that reads nothing", NULL, "stall", CONNECTED, 0, 0, 0, 0},
    {"cancel in line for its turn", NULL, "", AT_ONCE, 0, 1, 1, 0},
    {"cancel between two attempts", "status=503,header=retry-after:100", "", RETRYING, 0, 0, 1, 0},
    {"cancel in the pause after a 429", "status=429,header=retry-after:100", "", RETRYING, 0, 0, 1, 0},
    {"cancel before the head", "stall", "", RECEIVED, 0, 0, 1, 1},
    {"cancel in the head", "stall-head", "", RECEIVED, 0, 0, 1, 1},
    {"cancel in an error's body", "status=500,stall-after=9b", "", RECEIVED, 0, 0, 1, 1},
    {"cancel before a piece", "stall-after=1", "", STREAMING, 0, 0, 1, 1},
    {"cancel in a pause", "stall-after=5", "", PIECE, 0, 0, 1, 1},
    {"cancel in the flow", "words=100000", "", PIECE, 0, 0, 1, 1},
};

/* Somebody who left the line is in nobody's way: the next one takes his place when its time comes. */
static void out_of_the_line(void) {
    enum { WAITING = 5 };
    hb_options *options = test_options();
    hb_options_set_max_concurrent(options, 1);
    hb_options_set_header(options, "x-simulator-fault", "stall,times=1", HB_NUL);
    control_only("POST", "/simulator/reset", "");
    hb_client *client = client_of(options);
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    hb_op ops[WAITING + 1];
    int i;
    hb_start(client, request, queue, 0, &ops[0], NULL);
    check_number("one runs", wait_for_count("in_flight", 1), 1);
    for (i = 1; i <= WAITING; i++) hb_start(client, request, queue, (uint64_t)i, &ops[i], NULL);
    for (i = 1; i < WAITING; i++) {
        hb_cancel(ops[i]);
        const hb_event *done = next_event(queue);
        check(done != NULL && done->kind == HB_EVENT_DONE && done->tag == (uint64_t)i
                  && hb_response_attempts(done->response) == 0,
              "one that waits leaves", "another event came");
        hb_event_free(done);
    }
    check_number("the server has seen one", count_of("requests"), 1);
    hb_cancel(ops[0]);
    hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    check(done != NULL && done->tag == WAITING && done->status == HB_OK, "the last has its turn when the first leaves",
          "%s", done == NULL ? "it does not" : hb_status_name(done->status));
    hb_event_free(done);
    check_number("the server has seen two", count_of("requests"), 2);
    check_number("never both at once", count_of("most_in_flight"), 1);
    check_counts("and both sides count the same", client);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

int main(void) {
    size_t i;
    check_begin();
    for (i = 0; i < sizeof PHASES / sizeof *PHASES; i++) cancel_in(&PHASES[i]);
    out_of_the_line();
    return check_end();
}
