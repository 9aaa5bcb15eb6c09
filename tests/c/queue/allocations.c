/* not-under: valgrind asan tsan (they bring an allocator of their own, in the place of which this one would count) */
/*
 * What a long answer asks of the system's allocator once it runs: nothing for an event, whichever way it is taken.
 */
#include "ways.h"

#define COUNTED_HERE
#include "../../../benches/peers/allocations.c"

/*
 * Words in tens of thousands of events: what a read brings of them is put together, and so is what a late consumer
 * finds. No piece has more than a read and the bound of what waits.
 */
enum { EVENTS = 40000, BOUND = 8192 };
#define WORD " eleven byte"

/* What may be asked for once: by the answer's own text, which doubles, and by a few texts that had not grown as far. */
enum { ONCE = 20 };

static size_t upload(void) {
    static const char FRAME[] = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" WORD "\"}}]}\n\n";
    static const char END[] = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    char *body = (char *)memory((size_t)EVENTS * strlen(FRAME) + sizeof END), *at = body;
    int i;
    for (i = 0; i < EVENTS; i++) at += sprintf(at, "%s", FRAME);
    strcpy(at, END);
    control_only("PUT", "/simulator/body/long", body);
    free(body);
    return (size_t)EVENTS * strlen(WORD);
}

/* What was seen of an answer: events after its middle, and what was asked for between them. */
struct seen {
    size_t bytes, middle;
    long events, asked_before, asked;
    int is_over;
};

static int32_t HB_CALL see(const hb_event *event, void *context) {
    struct seen *seen = (struct seen *)context;
    if (event->kind == HB_EVENT_DONE) {
        check_status("the answer comes to its end", event->status, HB_OK);
        seen->is_over = 1;
    } else if (event->kind == HB_EVENT_TEXT) {
        seen->bytes += event->text_len;
        if (seen->bytes < seen->middle) {
            seen->asked_before = allocations_asked();
        } else {
            seen->events += 1;
            seen->asked = allocations_asked() - seen->asked_before;
        }
    }
    return HB_CONTINUE;
}

static void by_call(hb_client *client, hb_request *request, struct seen *seen) {
    hb_chat_stream(client, request, see, seen, NULL, NULL);
}

static void by_next(hb_client *client, hb_request *request, struct seen *seen) {
    hb_queue *queue = test_queue();
    const hb_event *event;
    hb_start(client, request, queue, 0, NULL, NULL);
    while (!seen->is_over && (event = next_event(queue)) != NULL) {
        see(event, seen);
        hb_event_free(event);
    }
    hb_queue_free(queue);
}

/* Two events are in its hands, and the first to come is not the first to go. */
static void by_two(hb_client *client, hb_request *request, struct seen *seen) {
    hb_queue *queue = test_queue();
    const hb_event *event, *kept = NULL;
    hb_start(client, request, queue, 0, NULL, NULL);
    while (!seen->is_over && (event = next_event(queue)) != NULL) {
        see(event, seen);
        if (seen->events % 2 == 0) {
            hb_event_free(event);
        } else {
            hb_event_free(kept);
            kept = event;
        }
    }
    hb_queue_free(queue);
    hb_event_free(kept);
}

static void by_dispatch(hb_client *client, hb_request *request, struct seen *seen) {
    hb_queue *queue = test_queue();
    struct pollfd handle = {(int)hb_queue_native_handle(queue), POLLIN, 0};
    hb_start(client, request, queue, 0, NULL, NULL);
    while (!seen->is_over && poll(&handle, 1, PATIENCE_MS) == 1) hb_queue_dispatch(queue, see, seen, 0, 0, NULL);
    hb_queue_free(queue);
}

int main(void) {
    static const struct {
        const char *name;
        void (*take)(hb_client *client, hb_request *request, struct seen *seen);
    } WAYS[] = {{"hb_chat_stream", by_call}, {"hb_queue_next", by_next}, {"two in hand", by_two},
                {"hb_queue_dispatch", by_dispatch}};
    hb_options *options = test_options();
    hb_request *request = test_chat("At length");
    hb_client *client;
    size_t i, whole;
    check_begin();
    whole = upload();
    faults("raw=long,content-type=text/event-stream");
    hb_options_set_limit(options, HB_LIMIT_QUEUE, BOUND);
    client = client_of(options);
    for (i = 0; i < sizeof WAYS / sizeof *WAYS; i++) {
        struct seen seen = {0, whole / 2, 0, 0, 0, 0};
        WAYS[i].take(client, request, &seen);
        check_number(WAYS[i].name, (long long)seen.bytes, (long long)whole);
        check(seen.events >= 10, "it comes in pieces", "%ld in its second half", seen.events);
        check(seen.asked <= ONCE + seen.events / 10, "which ask for no memory", "%ld allocations in %ld of them",
              seen.asked, seen.events);
        printf("# %s: %ld allocations in %ld events\n", WAYS[i].name, seen.asked, seen.events);
    }
    hb_request_free(request);
    hb_client_free(client);
    return check_end();
}
