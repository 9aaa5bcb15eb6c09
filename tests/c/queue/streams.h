/*
 * Very many streams at once, from one client into one queue, each with a token every half second: none fails.
 * HB_TEST_STREAMS is how many.
 */

#ifndef STREAMS_H
#define STREAMS_H

#include "self.h"
#include "ways.h"

enum { MANY_STREAMS = 1000 };

struct streams {
    hb_queue *queue;
    long begun, good, ended, tokens;
    int has_begun[1 << 16];
};

static void take_one(struct streams *streams) {
    const hb_event *event = next_event(streams->queue);
    if (event == NULL) give_up("the streams do not go on");
    if (event->kind == HB_EVENT_TEXT && !streams->has_begun[event->tag]) {
        streams->has_begun[event->tag] = 1;
        streams->begun += 1;
    } else if (event->kind == HB_EVENT_DONE) {
        int good = event->status == HB_OK && strcmp(hb_response_finish_reason(event->response, 0), "stop") == 0;
        if (!good && streams->ended - streams->good < 5) {
            printf("# stream %ld: %s, %s\n", (long)event->tag, hb_status_name(event->status),
                   hb_error_message(event->error, NULL));
        }
        streams->ended += 1;
        streams->good += good;
        streams->tokens += (long)hb_response_completion_tokens(event->response);
    }
    hb_event_free(event);
}

static int many_streams_over(const struct way *way) {
    static struct streams streams;
    long many = number_in("HB_TEST_STREAMS", MANY_STREAMS), i;
    char script[64];
    struct rlimit limit;
    check_begin();
    if (many > 1 << 16) give_up("HB_TEST_STREAMS is too many");
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) give_up("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) give_up("setrlimit");
    /* The first still runs when the last begins. */
    snprintf(script, sizeof script, "words=%ld,event-delay=500", 12 + many / 200);
    hb_options *options = options_for(way, script);
    /* So many connections at once take their time. */
    hb_options_set_connect_timeout_ms(options, 60000);
    hb_client *client = client_of(options), *first = client_of(options_for(way, "words=1"));
    check_status("a first request", chat_once(first), HB_OK);
    way_reset(way);

    hb_request *request = test_chat("hello");
    streams.queue = test_queue();
    long memory_before = resident(), memory_of_all;
    int64_t cpu_before = cpu_us(), cpu_begun, began = clock_ms(), all_begun;
    for (i = 0; i < many; i++) hb_start(client, request, streams.queue, (uint64_t)i, NULL, NULL);
    while (streams.begun < many && streams.ended < many) take_one(&streams);
    memory_of_all = resident(), cpu_begun = cpu_us(), all_begun = clock_ms();
    while (streams.ended < many) take_one(&streams);
    printf("# %ld streams, %ld bytes of memory each; CPU of this process: %ld us to begin one, %.1f us a token; "
           "they began in %ld ms and had %ld tokens in %ld ms\n",
           many, (memory_of_all - memory_before) / many, (long)(cpu_begun - cpu_before) / many,
           (double)(cpu_us() - cpu_begun) / (double)streams.tokens, (long)(all_begun - began), streams.tokens,
           (long)(clock_ms() - began));

    char *stats = control_at(way->control, "GET", "/simulator/stats", "");
    check_number("every stream ends well", streams.good, many);
    check_number("all at the same time", counted(stats, "most_in_flight"), many);
    check_number("and none twice", counted(stats, "streams_started"), many);
    printf("# %ld connections\n", counted(stats, "connections"));
    free(stats);
    hb_request_free(request);
    hb_queue_free(streams.queue);
    hb_client_free(client);
    hb_client_free(first);
    return check_end();
}

#endif
