/* This library, through its C ABI, as the header's examples use it. */
#include "bench.h"

#include <hyperbolic.h>

static void expect(hb_status status, hb_error *error) {
    if (status == HB_OK) return;
    fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
    exit(1);
}

static hb_client *client_of(const char *url, int streaming) {
    hb_options *options = hb_options_new();
    hb_client *client = NULL;
    hb_error *error = NULL;
    hb_options_set_base_url(options, url, HB_NUL);
    hb_options_set_streaming(options, streaming);
    hb_options_set_limit(options, HB_LIMIT_ANSWER, (uint64_t)1 << 30);
    expect(hb_client_new(options, &client, &error), error);
    hb_options_free(options);
    return client;
}

static hb_request *question(void) {
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_request_add_message(request, "user", PROMPT, HB_NUL);
    return request;
}

static int32_t HB_CALL count_bytes(const hb_event *event, void *context) {
    if (event->kind == HB_EVENT_TEXT) {
        int64_t *counts = context;
        counts[0] += 1;
        counts[1] += (int64_t)event->text_len;
    }
    return HB_CONTINUE;
}

static void flood(const char *url, const char *out) {
    hb_client *client = client_of(url, 1);
    hb_request *request = question();
    hb_response *response = NULL;
    hb_error *error = NULL;
    int64_t counts[2] = {0, 0}, begun = clock_ns(), cpu = cpu_ns();
    size_t size = 0;
    const char *text;
    expect(hb_chat_stream(client, request, count_bytes, counts, &response, &error), error);
    text = hb_response_text(response, 0, &size);
    if (counts[1] != (int64_t)size) give_up("pieces and answer differ");
    printf("{\"cpu_ns\":%" PRId64 ",\"wall_ns\":%" PRId64 ",\"peak_kb\":%ld,\"pieces\":%" PRId64 "}\n", cpu_ns() - cpu,
           clock_ns() - begun, resident_kb("VmHWM:"), counts[0]);
    write_text(out, text, size);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

static void unary(const char *url, long count, const char *out) {
    hb_client *client = client_of(url, 0);
    hb_request *request = question();
    struct latencies took = {0};
    int64_t cpu = 0;
    long i;
    for (i = -count / 10; i < count; i++) {
        hb_response *response = NULL;
        hb_error *error = NULL;
        int64_t begun = clock_ns();
        if (i == 0) cpu = cpu_ns();
        expect(hb_chat(client, request, &response, &error), error);
        if (i >= 0) add_latency(&took, clock_ns() - begun);
        if (i == count - 1) {
            size_t size = 0;
            const char *text = hb_response_text(response, 0, &size);
            write_text(out, text, size);
        }
        hb_response_free(response);
    }
    printf("{\"cpu_ns\":%" PRId64 ",\"requests\":%ld,\"idle_kb\":%ld", cpu_ns() - cpu, count, resident_kb("VmRSS:"));
    print_latencies(&took);
    printf("}\n");
    hb_request_free(request);
    hb_client_free(client);
}

static void paced(const char *url, long streams) {
    hb_client *client = client_of(url, 1);
    hb_request *request = question();
    hb_queue *queue = NULL;
    hb_error *error = NULL;
    struct paced paced = {0};
    struct stamps *stamps = memory(NULL, (size_t)streams * sizeof *stamps);
    const hb_event *event = NULL;
    long i, left = streams;
    memset(stamps, 0, (size_t)streams * sizeof *stamps);
    expect(hb_queue_new(&queue, &error), error);
    for (i = 0; i < streams; i++) expect(hb_start(client, request, queue, (uint64_t)i, NULL, &error), error);
    while (left > 0) {
        if (hb_queue_next(queue, -1, &event) != HB_OK) give_up("no event");
        if (event->kind == HB_EVENT_TEXT) {
            take_stamps(&paced, &stamps[event->tag], event->text, event->text_len);
        } else if (event->kind == HB_EVENT_DONE) {
            left--;
            if (event->status != HB_OK) give_up(hb_error_message(event->error, NULL));
        }
        hb_event_free(event);
    }
    print_paced(&paced);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

int main(int count, char **arguments) {
    if (count != 5) give_up("usage: PROGRAM WORK URL COUNT OUT");
    if (strcmp(arguments[1], "flood") == 0) flood(arguments[2], arguments[4]);
    else if (strcmp(arguments[1], "unary") == 0) unary(arguments[2], atol(arguments[3]), arguments[4]);
    else if (strcmp(arguments[1], "paced") == 0) paced(arguments[2], atol(arguments[3]));
    else give_up("no such work");
    return 0;
}
