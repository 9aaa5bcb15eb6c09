/*
 * A consumer that comes late: pieces merge, beyond a bound the answer is not read on, and nothing is lost (rule C6).
 */

#ifndef BOUNDED_H
#define BOUNDED_H

#include "ways.h"

/* A consumer that takes nothing while a stream goes on, and then all at once. */
static void merges(const struct way *way) {
    hb_options *options = options_for(way, "words=200,event-delay=2");
    hb_client *client = client_of(options);
    hb_request *request = test_chat("I am late");
    hb_queue *queue = test_queue();
    uint32_t texts = 0, choices = 0;
    size_t size = 0, i;
    const hb_event *event;
    hb_request_set_n(request, 3);
    hb_start(client, request, queue, 1, NULL, NULL);
    while (hb_client_count(client, HB_COUNT_SUCCEEDED) == 0) poll(NULL, 0, 5);
    for (event = next_event(queue); event != NULL && event->kind == HB_EVENT_TEXT; event = next_event(queue)) {
        texts += 1;
        choices |= 1u << event->choice;
        size += event->text_len;
        hb_event_free(event);
    }
    check_number("one TEXT a choice", texts, 3);
    check_number("of each", choices, 7);
    if (event != NULL) {
        size_t whole = 0, len = 0;
        check_status("then the end", event->status, HB_OK);
        for (i = 0; i < 3; i++) {
            hb_response_text(event->response, (uint32_t)i, &len);
            whole += len;
        }
        check_number("nothing is lost", (long long)size, (long long)whole);
        hb_event_free(event);
    }
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

/* How far a server has come with an answer: it counts what it has written. */
static long written(const struct way *way) {
    return count_at(way->control, "body_bytes");
}

/* Waits until the server cannot write on: it has written something, and then nothing for a while. */
static long until_stuck(const struct way *way) {
    long before = -1, now = written(way);
    int quiet = 0;
    int64_t patience_ends = clock_ms() + PATIENCE_MS;
    while (quiet < 10 && clock_ms() < patience_ends) {
        quiet = now == before && now > 0 ? quiet + 1 : 0;
        before = now;
        poll(NULL, 0, 20);
        now = written(way);
    }
    return now;
}

/* Events of a long answer, and bytes of text in each: together more than the kernel takes of what nobody reads. */
enum { EVENTS = 5000, EVENT_TEXT = 4000 };

static void upload_long(const struct way *way) {
    static const char FRAME[] = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}]}\n\n";
    static const char END[] = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    char *text = (char *)memory(EVENT_TEXT + 1), *body = (char *)memory((size_t)EVENTS * (EVENT_TEXT + 100)), *at = body;
    int i;
    memset(text, 'x', EVENT_TEXT);
    for (i = 0; i < EVENTS; i++) at += sprintf(at, FRAME, text);
    strcpy(at, END);
    free(control_at(way->control, "PUT", "/simulator/body/long", body));
    free(body);
    free(text);
}

#define LONG "times=1,raw=long,content-type=text/event-stream"

/*
 * A long answer that nobody takes, because its consumer is elsewhere or holds it: the server is held up. Another request of the same client is not, over the same
 * connection either. Then all of it is taken.
 */
static void holds_up(const struct way *way, int hold) {
    hb_options *options = options_for(way, NULL);
    hb_client *client;
    hb_request *request = test_chat("Too much");
    hb_queue *queue = test_queue();
    hb_op op = 0;
    long stuck;
    size_t size = 0, len = 0;
    uint32_t texts = 0;
    const hb_event *event;
    hb_options_set_limit(options, HB_LIMIT_QUEUE, 20000);
    hb_options_set_idle_timeout_ms(options, 1000);
    client = client_of(options);
    way_reset(way);
    upload_long(way);
    way_faults(way, LONG);
    hb_start(client, request, queue, 1, &op, NULL);
    hb_hold(op, hold);
    stuck = until_stuck(way);
    check(stuck > 0, "the server begins", "it wrote nothing");
    check_number("and is held up", count_at(way->control, "in_flight"), 1);
    check_status("another request is not", chat_once(client), HB_OK);
    check_status("nor a further one", chat_once(client), HB_OK);
    /* Past the idle deadline, which rests. */
    poll(NULL, 0, 1500);
    check_number("the first one waits", count_at(way->control, "in_flight"), 1);
    check_number("still", written(way) >= stuck, 1);
    if (hold) check_status("what is held does not come", hb_queue_next(queue, 0, &event), HB_TIMEOUT);
    hb_hold(op, 0);
    for (event = next_event(queue); event != NULL && event->kind == HB_EVENT_TEXT; event = next_event(queue)) {
        texts += 1;
        size += event->text_len;
        hb_event_free(event);
    }
    check(texts > 2, "it comes in pieces", "in %u", texts);
    if (event != NULL) {
        check_status("to its end", event->status, HB_OK);
        hb_response_text(event->response, 0, &len);
        check(len == size && len == (size_t)EVENTS * EVENT_TEXT, "and is whole", "%lu bytes of %lu", (unsigned long)size, (unsigned long)len);
        hb_event_free(event);
    }
    /* One that is held up is cancelled as any other. */
    way_faults(way, LONG);
    hb_start(client, request, queue, 2, &op, NULL);
    hb_hold(op, hold);
    until_stuck(way);
    hb_cancel(op);
    event = next_event(queue);
    if (event != NULL) check_status("a cancel while it is held up", event->status, HB_E_CANCELLED);
    hb_event_free(event);
    check_number("the server sees it", wait_for_count_at(way->control, "closes", 1), 1);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

static int bounded(const struct way *way) {
    check_begin();
    merges(way);
    holds_up(way, 0);
    holds_up(way, 1);
    return check_end();
}

#endif
