/*
 * A library that is shut down in the middle of requests, and started again.
 */

#ifndef SHUTDOWN_H
#define SHUTDOWN_H

#include "self.h"
#include "ways.h"

/* Requests in every state: all end, and their client and queue are used again. */
static void again_and_again(const struct way *way) {
    enum { TIMES = 20 };
    hb_client *client = client_of(options_for(way, "stall-after=5"));
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("Unload me");
    int i, ends, cancelled = 0, threads_before = 0, descriptors_before = 0, ordered = 0;
    hb_op last = 0;
    for (i = 0; i < TIMES; i++) {
        hb_op reading = 0, sending = 0;
        hb_start(client, request, queue, 0, &reading, NULL);
        hb_event_free(next_of_kind(queue, HB_EVENT_TEXT));
        hb_start(client, request, queue, 0, NULL, NULL);
        hb_start(client, request, queue, 0, &sending, NULL);
        ordered += reading > last;
        last = sending;
        if (i % 2 == 0) hb_client_warm_up(client, NULL);
        if (hb_shutdown(PATIENCE_MS) != HB_OK) break;
        /* The first time loads what stays. */
        if (i == 0) threads_before = threads(), descriptors_before = descriptors();
        if (threads() != threads_before || descriptors() != descriptors_before) break;
        for (ends = 0; ends < 3; ends++) {
            const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
            cancelled += done != NULL && done->status == HB_E_CANCELLED;
            hb_event_free(done);
        }
    }
    check_number("shut down and started again", i, TIMES);
    check_number("each request has ended", cancelled, 3 * TIMES);
    check_number("the numbers go on", ordered, TIMES);
    check(threads() == threads_before, "no thread is left", "%d, not %d", threads(), threads_before);
    check(descriptors() == descriptors_before, "and no descriptor", "%d, not %d", descriptors(), descriptors_before);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

#endif
