/*
 * A failure in every phase of a request: while it connects, in the head of its answer, between two events and inside
 * one, in a body that comes drop by drop or compressed. One program has it over HTTP/1.1, another over HTTP/2.
 */

#ifndef PHASES_H
#define PHASES_H

#include "ways.h"

/* One request and what becomes of it. */
struct row {
    const char *script;
    hb_status status;
    int32_t http_status;
    const char *says;
    /* What arrives of the text; NULL is any beginning of it. */
    const char *text;
};

/* The simulator's text begins with this. */
#define WHOLE "This is canned text"
/* Long enough that only silence, and no busy machine, lets it pass. */
#define SILENCE_MS 3000

/* Whether one text is the beginning of the other. */
static int begin_alike(const char *one, const char *other) {
    size_t a = strlen(one), b = strlen(other);
    return strncmp(one, other, a < b ? a : b) == 0;
}

/* All rows at the same time, each with a client of its own. */
static void check_rows(const struct way *way, const struct row *rows, int count) {
    struct outcome *outcomes = (struct outcome *)memory((size_t)count * sizeof *outcomes);
    hb_client **clients = (hb_client **)memory((size_t)count * sizeof *clients);
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    long attempts = 0;
    int i;
    way_reset(way);
    for (i = 0; i < count; i++) {
        hb_options *options = options_for(way, rows[i].script);
        hb_options_set_idle_timeout_ms(options, SILENCE_MS);
        if (strcmp(rows[i].says, "first token") == 0) hb_options_set_first_token_timeout_ms(options, SILENCE_MS);
        clients[i] = client_of(options);
        hb_start(clients[i], request, queue, (uint64_t)i, NULL, NULL);
    }
    outcomes_of(queue, outcomes, count);
    for (i = 0; i < count; i++) {
        char name[160];
        const char *text = hb_response_text(outcomes[i].response, 0, NULL);
        snprintf(name, sizeof name, "%s, %s", way->name, rows[i].script);
        check_outcome(name, &outcomes[i], rows[i].status, rows[i].http_status, 1, rows[i].says);
        check(rows[i].text == NULL ? begin_alike(text, WHOLE) : strcmp(text, rows[i].text) == 0, name, "\"%s\" arrived",
              text);
        attempts += (long)hb_client_count(clients[i], HB_COUNT_ATTEMPTS);
        hb_client_free(clients[i]);
        outcome_free(&outcomes[i]);
    }
    check_number("the server has seen all of them", count_at(way->control, "requests"), attempts);
    hb_request_free(request);
    hb_queue_free(queue);
    free(clients);
    free(outcomes);
}

/* Nothing is ever heard of the server: what it does to a connection when it is accepted. */
static void connecting(const struct way *way) {
    static const struct {
        int is_tls;
        const char *fault;
        hb_status status;
        const char *says;
    } ROWS[] = {
        {0, "reset", HB_E_CONNECT, ""},
        {0, "close", HB_E_CONNECT, ""},
        {0, "stall", HB_E_DEADLINE, "first token"},
        {1, "reset", HB_E_CONNECT, ""},
        {1, "close", HB_E_CONNECT, ""},
        {1, "stall", HB_E_DEADLINE, "connect"},
        {1, "tls-reset", HB_E_CONNECT, ""},
        {1, "tls-stall", HB_E_DEADLINE, "connect"},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct outcome outcome;
        char name[96], script[64];
        if (ROWS[i].is_tls != way->is_tls) continue;
        snprintf(name, sizeof name, "%s, %s at accept", way->name, ROWS[i].fault);
        hb_options *options = options_for(way, NULL);
        hb_options_set_connect_timeout_ms(options, 1000);
        hb_options_set_first_token_timeout_ms(options, way->is_tls ? 0 : 1000);
        way_reset(way);
        connection_faults(way, ROWS[i].fault);
        outcome_of_options(&outcome, options);
        check_outcome(name, &outcome, ROWS[i].status, 0, 1, ROWS[i].says);
        int waits_in_vain = ROWS[i].status == HB_E_DEADLINE && !way->is_tls;
        check_number(name, hb_error_is_retryable(outcome.error), !waits_in_vain);
        check_number(name, count_at(way->control, "connections_faulted"), 1);
        check_number(name, count_at(way->control, "requests"), 0);
        check_number("and the connection is closed", wait_for_open(way, 0, PATIENCE_MS), 0);
        outcome_free(&outcome);

        /* The next connection is served. But what may have been billed is not sent again. */
        options = options_for(way, NULL);
        hb_options_set_connect_timeout_ms(options, ROWS[i].status == HB_E_DEADLINE ? 1000 : 0);
        hb_options_set_first_token_timeout_ms(options, waits_in_vain ? 1000 : 0);
        /* On a busy machine the deadline may pass for a good connection too. */
        hb_options_set_max_retries(options, 5);
        way_reset(way);
        snprintf(script, sizeof script, "%s,times=1", ROWS[i].fault);
        connection_faults(way, script);
        outcome_of_options(&outcome, options);
        if (waits_in_vain) {
            check_outcome(name, &outcome, HB_E_DEADLINE, 0, 1, ROWS[i].says);
        } else {
            check(outcome.status == HB_OK && outcome.retries >= 1 && outcome.retry[0].status == ROWS[i].status
                      && outcome.retry[0].delay_ms >= 375 && outcome.retry[0].delay_ms <= 500,
                  name, "%s after %u retries, the first after %s and %lld ms", hb_status_name(outcome.status),
                  (unsigned)outcome.retries, hb_status_name(outcome.retry[0].status),
                  (long long)outcome.retry[0].delay_ms);
            check_number(name, count_at(way->control, "requests"), 1);
        }
        outcome_free(&outcome);
        way_reset(way);
    }
}

/* A request arrived, and no whole head comes back. */
static const struct row HEADS[] = {
    {"reset-head", HB_E_CONNECT, 0, "", ""},
    {"stall", HB_E_DEADLINE, 0, "first token", ""},
    {"status=307,header=location:/v1/elsewhere", HB_E_BAD_RESPONSE, 307, "", ""},
    /* Over HTTP/1.1 alone a head can come by half. */
    {"reset-in-head", HB_E_CONNECT, 0, "", ""},
    {"stall-head", HB_E_DEADLINE, 0, "first token", ""},
};

/* An answer began. The first event has the role, each further one a word. */
static const struct row BODIES[] = {
    {"cut-after=0", HB_E_TRUNCATED, 200, "", ""},
    {"cut-after=1", HB_E_TRUNCATED, 200, "", ""},
    {"cut-after=3", HB_E_TRUNCATED, 200, "", "This is"},
    {"close-after=0", HB_E_TRUNCATED, 200, "", ""},
    {"close-after=1", HB_E_TRUNCATED, 200, "", ""},
    {"close-after=3", HB_E_TRUNCATED, 200, "", "This is"},
    {"stall-after=0", HB_E_DEADLINE, 200, "idle", ""},
    {"stall-after=1", HB_E_DEADLINE, 200, "first token", ""},
    {"stall-after=3", HB_E_DEADLINE, 200, "idle", "This is"},
    /* A reset may overtake what was sent before it. */
    {"reset-after=0", HB_E_TRUNCATED, 200, "", ""},
    {"reset-after=1", HB_E_TRUNCATED, 200, "", ""},
    {"reset-after=3", HB_E_TRUNCATED, 200, "", NULL},
    {"split=1,split=5,split=300,close-after=3", HB_E_TRUNCATED, 200, "", "This is"},
    {"bytewise,close-after=3", HB_E_TRUNCATED, 200, "", "This is"},
};

/* Some proxies compress whatever comes by, asked or not. */
static const struct row COMPRESSED[] = {
    {"gzip,words=4", HB_OK, 0, "", WHOLE},
    {"gzip,words=4,bytewise", HB_OK, 0, "", WHOLE},
    {"gzip,cut-after=3", HB_E_TRUNCATED, 200, "compressed", "This is"},
    {"gzip,cut-after=1b", HB_E_TRUNCATED, 200, "compressed", ""},
    {"gzip,cut-after=5b", HB_E_TRUNCATED, 200, "compressed", ""},
    {"gzip,cut-after=40b", HB_E_TRUNCATED, 200, "compressed", ""},
    {"gzip,close-after=3", HB_E_TRUNCATED, 200, "", "This is"},
    {"gzip,stall-after=3", HB_E_DEADLINE, 200, "idle", "This is"},
    {"gzip,reset-after=3", HB_E_TRUNCATED, 200, "", NULL},
    {"header=content-encoding:br", HB_E_BAD_RESPONSE, 200, "compressed as br", ""},
    {"header=content-encoding:zstd", HB_E_BAD_RESPONSE, 200, "compressed as zstd", ""},
    {"header=content-encoding:gzip", HB_E_BAD_RESPONSE, 200, "compressed", ""},
    {"header=content-encoding:identity,words=4", HB_OK, 0, "", WHOLE},
    {"gzip,status=503", HB_E_SERVER, 503, "the simulator was asked to answer 503", ""},
};

#define COUNT_OF(rows) ((int)(sizeof(rows) / sizeof *(rows)))

static void answers(const struct way *way) {
    struct row all[COUNT_OF(HEADS) + COUNT_OF(BODIES) + COUNT_OF(COMPRESSED)];
    int heads = COUNT_OF(HEADS) - (way->is_tls ? 2 : 0), count = heads;
    memcpy(all, HEADS, (size_t)heads * sizeof *all);
    memcpy(all + count, BODIES, sizeof BODIES);
    count += COUNT_OF(BODIES);
    memcpy(all + count, COMPRESSED, sizeof COMPRESSED);
    count += COUNT_OF(COMPRESSED);
    check_rows(way, all, count);
}

/* An answer that comes whole may be compressed: that was asked for. */
static void compressed_whole(const struct way *way) {
    static const char *const SCRIPTS[] = {"gzip,words=4", "gzip,words=4,cut-after=60b"};
    int i;
    for (i = 0; i < COUNT_OF(SCRIPTS); i++) {
        struct outcome outcome;
        hb_options *options = options_for(way, SCRIPTS[i]);
        hb_options_set_streaming(options, 0);
        outcome_of_options(&outcome, options);
        check_outcome(SCRIPTS[i], &outcome, i == 0 ? HB_OK : HB_E_TRUNCATED, 200, 1, "broke off");
        check(i > 0 || begin_alike(outcome.text, WHOLE), SCRIPTS[i], "\"%s\" arrived", outcome.text);
        outcome_free(&outcome);
    }
}

/* A stream as the simulator sends it, byte for byte, to somebody who does not know the library. To be freed. */
static char *plain_stream(void) {
    static const char BODY[] =
        "{\"model\":\"" MODEL "\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]}";
    char request[1024];
    int server = connect_to(port_of(setting("HB_TEST_URL")));
    int size = snprintf(request, sizeof request,
                        "POST /v1/chat/completions HTTP/1.0\r\nHost: x\r\nAuthorization: Bearer %s\r\n"
                        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                        setting("HB_TEST_KEY"), (int)strlen(BODY), BODY);
    send_all(server, request, (size_t)size);
    char *answer = read_all(server), *stream = strstr(answer, "\r\n\r\n");
    close(server);
    if (stream == NULL || strstr(stream, "text\"") == NULL) give_up("no stream to look at");
    memmove(answer, stream + 4, strlen(stream + 4) + 1);
    return answer;
}

/* The same inside an event, whose beginning says nothing: what had arrived are the events before it. */
static void inside_an_event(const struct way *way) {
    static const char *const BREAKS[] = {"cut", "close", "stall", "reset"};
    enum { POSITIONS = 12, BREAK_COUNT = COUNT_OF(BREAKS), COUNT = POSITIONS * BREAK_COUNT };
    char scripts[COUNT][32], texts[POSITIONS][64];
    struct row rows[COUNT];
    int position, how;
    /* The ids in it are as long each time. */
    char *stream = plain_stream();
    memset(texts, 0, sizeof texts);
    for (position = 0; position < POSITIONS; position++) {
        /* From the first byte to the middle of the fifth event. */
        long bytes = 1 + position * (long)(strstr(stream, "text\"") - stream) / (POSITIONS - 1);
        const char *at = stream, *word = NULL;
        char *text = texts[position];
        while ((word = strstr(at, "\"content\":\"")) != NULL) {
            const char *begin = word + strlen("\"content\":\"");
            const char *end = strchr(begin, '"'), *over = strstr(begin, "\n\n");
            /* One end of line is enough for the last event of a body. */
            if (over == NULL || end == NULL || over + 1 - stream > bytes) break;
            memcpy(text + strlen(text), begin, (size_t)(end - begin));
            at = over;
        }
        for (how = 0; how < BREAK_COUNT; how++) {
            struct row *row = &rows[position * BREAK_COUNT + how];
            char *script = scripts[position * BREAK_COUNT + how];
            int stall = strcmp(BREAKS[how], "stall") == 0;
            snprintf(script, sizeof scripts[0], "%s-after=%ldb", BREAKS[how], bytes);
            row->script = script;
            row->status = stall ? HB_E_DEADLINE : HB_E_TRUNCATED;
            row->http_status = 200;
            row->says = stall ? "idle" : "";
            row->text = strcmp(BREAKS[how], "reset") == 0 ? NULL : text;
        }
    }
    check(strlen(texts[POSITIONS - 1]) > strlen(texts[0]), "positions inside several events", "they are in one");
    check_rows(way, rows, COUNT);
    free(stream);
}

/*
 * Answers that take longer than the idle deadline, and what is a sign of life. Comments say nothing: a generation that
 * is dead may be kept alive by them.
 */
static void slow(const struct way *way) {
    static const char ANSWER[] =
        "data: {\"id\":\"s\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{"
        "\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"At last\"},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n";
    enum { COMMENTS = 40, IDLE_MS = 2000 };
    static const struct {
        /* Without a script: many comments, and an answer in the end. */
        const char *name, *script;
        int comments_count;
        uint32_t first_token_ms;
        hb_status status;
        const char *says, *text;
    } ROWS[] = {
        {"a byte at a time", "bytewise,byte-delay=4,words=3", 1, 0, HB_OK, "", "This is canned"},
        {"events in time", "event-delay=100,words=30", 0, 0, HB_OK, "", WHOLE},
        {"comments that count", NULL, 1, 0, HB_OK, "", "At last"},
        {"comments that do not count", NULL, 0, 0, HB_E_DEADLINE, "idle", ""},
        {"comments are no first token", NULL, 1, 2000, HB_E_DEADLINE, "first token", ""},
    };
    struct outcome outcomes[COUNT_OF(ROWS)];
    hb_client *clients[COUNT_OF(ROWS)];
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    char body[2048] = "", script[8192];
    int i;
    for (i = 0; i < COMMENTS; i++) strcat(body, ": here\n\n");
    strcat(body, ANSWER);
    char *text = encoded(body);
    snprintf(script, sizeof script, "content-type=text/event-stream,event-delay=100,body=%s", text);
    free(text);
    memset(outcomes, 0, sizeof outcomes);
    for (i = 0; i < COUNT_OF(ROWS); i++) {
        hb_options *options = options_for(way, ROWS[i].script == NULL ? script : ROWS[i].script);
        hb_options_set_idle_timeout_ms(options, IDLE_MS);
        hb_options_set_idle_counts_comments(options, ROWS[i].comments_count);
        hb_options_set_first_token_timeout_ms(options, ROWS[i].first_token_ms);
        clients[i] = client_of(options);
        hb_start(clients[i], request, queue, (uint64_t)i, NULL, NULL);
    }
    outcomes_of(queue, outcomes, COUNT_OF(ROWS));
    for (i = 0; i < COUNT_OF(ROWS); i++) {
        int64_t total_ms = hb_response_total_ms(outcomes[i].response);
        check_outcome(ROWS[i].name, &outcomes[i], ROWS[i].status, ROWS[i].status == HB_OK ? 0 : 200, 1, ROWS[i].says);
        check(begin_alike(outcomes[i].text, ROWS[i].text) && (*ROWS[i].text == '\0') == (outcomes[i].size == 0),
              ROWS[i].name, "\"%s\" arrived", outcomes[i].text);
        check(total_ms >= IDLE_MS, "longer than the idle deadline", "%lld ms", (long long)total_ms);
        outcome_free(&outcomes[i]);
        hb_client_free(clients[i]);
    }
    hb_request_free(request);
    hb_queue_free(queue);
}

static int all_phases(const struct way *way) {
    check_begin();
    connecting(way);
    answers(way);
    compressed_whole(way);
    inside_an_event(way);
    slow(way);
    return check_end();
}

#endif
