/*
 * How fast a client goes: so many requests a minute, so many at a time, in the order in which they came. What the
 * server saw decides. HB_TEST_MINUTE_MS is the minute of both sides in the one test that waits for it to pass; where no time
 * may pass, the minute is an hour.
 */
#include "../simulator.h"
#include "../ways.h"

/* Of test builds only: the minute of the clients that are made from now on. */
HB_API void hb_test_minute_ms(uint64_t ms);

#define BIG_MODEL "meta-llama/Meta-Llama-3.1-405B-Instruct"
#define OTHER_KEY "another-key"

enum { MINUTE_MS = 3000, HOUR_MS = 3600000, HOUR_AND_A_HALF_MS = HOUR_MS / 2 * 3 };

static hb_client *paced_client(hb_options *options, uint64_t minute_ms) {
    hb_test_minute_ms(minute_ms);
    return client_of(options);
}

/* Starts a request that the server and its DONE know by a number; one that has no deadline waits for ever. */
static hb_op ask(hb_client *client, hb_queue *queue, int number, const char *model, uint32_t deadline_ms) {
    char user[16];
    hb_op op = 0;
    hb_request *request = hb_request_new(model, HB_NUL);
    snprintf(user, sizeof user, "%d", number);
    hb_request_add_message(request, "user", "x", HB_NUL);
    hb_request_set_user(request, user, HB_NUL);
    hb_request_set_total_timeout_ms(request, deadline_ms);
    if (hb_start(client, request, queue, (uint64_t)number, &op, NULL) != HB_OK) give_up("hb_start fails");
    hb_request_free(request);
    return op;
}

/* The next end is that of this request, and this is what it says. */
static void ends(const char *name, hb_queue *queue, int number, hb_status status, const char *says) {
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    if (done == NULL) return;
    const char *message = hb_error_message(done->error, NULL);
    check(done->tag == (uint64_t)number && done->status == status && strstr(message, says) != NULL, name,
          "number %u, %s: \"%s\"", (unsigned)done->tag, hb_status_name(done->status), message);
    check_number(name, hb_response_attempts(done->response), status == HB_OK);
    hb_event_free(done);
}

/* Sends so many requests at once; how many are answered. */
static int burst(hb_client *client, const char *model, int requests) {
    hb_queue *queue = test_queue();
    hb_request *request = hb_request_new(model, HB_NUL);
    int i, good = 0;
    hb_request_add_message(request, "user", "x", HB_NUL);
    for (i = 0; i < requests; i++) hb_start(client, request, queue, 0, NULL, NULL);
    for (i = 0; i < requests; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        if (done == NULL) break;
        good += done->status == HB_OK;
        hb_event_free(done);
    }
    hb_request_free(request);
    hb_queue_free(queue);
    return good;
}

/* ---- Many threads ---- */

enum { CROWD_THREADS = 16 };

struct crowd {
    hb_client *client;
    pthread_mutex_t lock;
    int left, good;
};

/* Whether one more is to be sent; the last one's end is booked with it. */
static int crowd_next(struct crowd *crowd, int good) {
    pthread_mutex_lock(&crowd->lock);
    crowd->good += good;
    int more = crowd->left > 0;
    crowd->left -= more;
    pthread_mutex_unlock(&crowd->lock);
    return more;
}

/* Now by a blocking call, now by a queue of this thread's own. A wait has no bound but the program's. */
static void *crowd_calls(void *context) {
    struct crowd *crowd = (struct crowd *)context;
    hb_queue *queue = test_queue();
    int good = 0, blocking = 0;
    while (crowd_next(crowd, good)) {
        const hb_event *event = NULL;
        blocking = !blocking;
        if (blocking) {
            good = chat_once(crowd->client) == HB_OK;
            continue;
        }
        ask(crowd->client, queue, 0, MODEL, 0);
        while (hb_queue_next(queue, -1, &event) == HB_OK && event->kind != HB_EVENT_DONE) hb_event_free(event);
        good = event != NULL && event->status == HB_OK;
        hb_event_free(event);
    }
    hb_queue_free(queue);
    return NULL;
}

/* So many requests of one client from many threads and their queues; how many are answered. */
static int crowd_sends(hb_client *client, int requests) {
    struct crowd crowd;
    pthread_t threads[CROWD_THREADS];
    int i;
    memset(&crowd, 0, sizeof crowd);
    crowd.client = client;
    crowd.left = requests;
    pthread_mutex_init(&crowd.lock, NULL);
    for (i = 0; i < CROWD_THREADS; i++) pthread_create(&threads[i], NULL, crowd_calls, &crowd);
    for (i = 0; i < CROWD_THREADS; i++) pthread_join(threads[i], NULL);
    pthread_mutex_destroy(&crowd.lock);
    return crowd.good;
}

/* A simulator that keeps to the Basic tier itself, in a minute of this length, and takes two keys. */
static void start_basic(struct simulator *basic, long minute_ms) {
    char minute[24];
    snprintf(minute, sizeof minute, "%ld", minute_ms);
    const char *options[] = {"--tier", "basic", "--minute-ms", minute, "--key", OTHER_KEY, NULL};
    simulator_start(basic, options);
}

static hb_options *options_at(const struct simulator *simulator) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, simulator->url, HB_NUL);
    return options;
}

/* The minute is never too full, and never left unused while somebody waits. */
static void minutes_are_filled(void) {
    enum { REQUESTS = 200, LIMIT = 60, LEAST = LIMIT * 95 / 100 };
    struct simulator basic;
    long minute_ms = number_in("HB_TEST_MINUTE_MS", MINUTE_MS);
    int i;
    start_basic(&basic, minute_ms);
    /* Otherwise the server's silence would prove nothing. */
    hb_client *unpaced = paced_client(options_at(&basic), (uint64_t)minute_ms);
    burst(unpaced, MODEL, REQUESTS);
    check(count_at(basic.control, "sent_429") > 0, "without a pace the server refuses some", "it refuses none");
    hb_client_free(unpaced);

    free(control_at(basic.control, "POST", "/simulator/reset", ""));
    hb_options *options = options_at(&basic);
    hb_options_set_tier(options, HB_TIER_BASIC);
    hb_client *client = paced_client(options, (uint64_t)minute_ms);
    check_number("every request of every thread is answered", crowd_sends(client, REQUESTS), REQUESTS);
    check_counts_at(basic.control, "client and server count the same", client);
    char *stats = control_at(basic.control, "GET", "/simulator/stats", "");
    check_number("the server sends no 429", counted(stats, "sent_429"), 0);
    check_number("and sees each request once", counted(stats, "requests"), REQUESTS);
    const char *windows = strstr(stats, "\"windows\":[");
    if (windows == NULL) give_up("the simulator counts no windows");
    windows += strlen("\"windows\":[");
    printf("# requests in minutes of %ld ms: %.*s\n", minute_ms, (int)strcspn(windows, "]"), windows);
    for (i = 0; windows[strcspn(windows, ",]")] == ','; i++) {
        check(atol(windows) >= LEAST, "a minute is filled", "%ld of %d in minute %d", atol(windows), LIMIT, i);
        windows += strcspn(windows, ",") + 1;
    }
    check(i >= REQUESTS / LIMIT, "and they are as many as the limit makes them", "%d whole minutes", i);
    free(stats);
    hb_client_free(client);
    simulator_stop(&basic);
}

/* Never more with the server than allowed, however many threads want to. The first are slow; then come some whose
   body ends a while after the answer, until when the server is busy with them. */
static void so_many_at_a_time(const struct way *way) {
    enum { REQUESTS = 200, MOST = 4 };
    hb_options *options = options_for(way, "delay=1000,words=1,times=4;raw=late,content-type=text/event-stream,"
                                           "event-delay=20,times=80;words=1");
    hb_options_set_max_concurrent(options, MOST);
    way_reset(way);
    free(control_at(way->control, "PUT", "/simulator/body/late",
                    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n"
                    "data: [DONE]\n\n: the end\n\n"));
    hb_client *client = paced_client(options, HOUR_MS);
    check_number(way->name, crowd_sends(client, REQUESTS), REQUESTS);
    check_number("as many at a time as allowed", count_at(way->control, "most_in_flight"), MOST);
    check_counts_at(way->control, "client and server count the same", client);
    hb_client_free(client);
}

/* ---- Limits ---- */

/* What is allowed in a minute is sent, and one more is told at once that it would be too late. */
static void limits_hold(void) {
    enum { UNSET = -1, UNLIMITED = 0, SENT_UNLIMITED = 130 };
    static const struct {
        const char *name;
        uint32_t tier;
        int all, big;
        const char *model;
        int allowed;
        const char *says;
    } ROWS[] = {
        {"Basic", HB_TIER_BASIC, UNSET, UNSET, MODEL, 60, "the limit of 60 requests a minute lets"},
        {"Basic, 405B", HB_TIER_BASIC, UNSET, UNSET, BIG_MODEL, 5, "the limit of 5 requests a minute for " BIG_MODEL},
        {"Pro", HB_TIER_PRO, UNSET, UNSET, MODEL, 600, "the limit of 600 requests a minute lets"},
        {"Pro, 405B", HB_TIER_PRO, UNSET, UNSET, BIG_MODEL, 120, "the limit of 120 requests a minute for " BIG_MODEL},
        {"no tier", HB_TIER_NONE, UNSET, UNSET, BIG_MODEL, UNLIMITED, ""},
        {"Basic without its limits", HB_TIER_BASIC, 0, 0, BIG_MODEL, UNLIMITED, ""},
        {"Basic with a limit of its own", HB_TIER_BASIC, 3, UNSET, MODEL, 3, "the limit of 3 requests a minute lets"},
        {"Basic with a model's own", HB_TIER_BASIC, UNSET, 7, BIG_MODEL, 7, "the limit of 7 requests a minute for "},
        {"a model's limit alone", HB_TIER_NONE, UNSET, 1, BIG_MODEL, 1, "the limit of 1 requests a minute for "},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        int sends = ROWS[i].allowed == UNLIMITED ? SENT_UNLIMITED : ROWS[i].allowed;
        hb_options *options = test_options();
        hb_queue *queue = test_queue();
        hb_options_set_header(options, "x-simulator-fault", "words=1", HB_NUL);
        hb_options_set_tier(options, ROWS[i].tier);
        if (ROWS[i].all >= 0) hb_options_set_requests_per_minute(options, (uint32_t)ROWS[i].all);
        if (ROWS[i].big >= 0) {
            hb_options_set_model_requests_per_minute(options, BIG_MODEL, HB_NUL, (uint32_t)ROWS[i].big);
        }
        control_only("POST", "/simulator/reset", "");
        hb_client *client = paced_client(options, HOUR_MS);
        check_number(ROWS[i].name, burst(client, ROWS[i].model, sends), sends);
        if (ROWS[i].allowed != UNLIMITED) {
            ask(client, queue, 1, ROWS[i].model, 2 * PATIENCE_MS);
            ends(ROWS[i].name, queue, 1, HB_E_DEADLINE, ROWS[i].says);
        }
        check_number("the server sees no more", count_of("requests"), sends);
        check_counts("client and server count the same", client);
        hb_queue_free(queue);
        hb_client_free(client);
    }
}

/* Who waits for the limit of his model lets those of other models pass. */
static void models_pass(void) {
    hb_options *options = test_options();
    hb_queue *queue = test_queue();
    hb_options_set_tier(options, HB_TIER_BASIC);
    control_only("POST", "/simulator/reset", "");
    hb_client *client = paced_client(options, HOUR_MS);
    check_number("five to the large model", burst(client, BIG_MODEL, 5), 5);
    hb_op waits = ask(client, queue, 1, BIG_MODEL, 0);
    ask(client, queue, 2, MODEL, 0);
    ends("one of another model passes", queue, 2, HB_OK, "");
    hb_cancel(waits);
    ends("the sixth still waits", queue, 1, HB_E_CANCELLED, "");
    check_number("the server has never seen it", count_of("requests"), 6);
    hb_queue_free(queue);
    hb_client_free(client);
}

/* ---- The line ---- */

/* First come, first served; who leaves the line is in nobody's way. */
static void in_order(void) {
    enum { REQUESTS = 40, LIMIT = 15, SHORT_MS = 500 };
    char want[REQUESTS * 8] = "[\"0\"";
    hb_options *options = test_options();
    hb_queue *queue = test_queue();
    hb_op ops[REQUESTS];
    int i, good = 0;
    /* The first holds up all others until all are in line. One at a time, so that none overtakes on the way. */
    hb_options_set_header(options, "x-simulator-fault", "stall,times=1;words=1", HB_NUL);
    hb_options_set_requests_per_minute(options, LIMIT);
    hb_options_set_max_concurrent(options, 1);
    control_only("POST", "/simulator/reset", "");
    hb_client *client = paced_client(options, SHORT_MS);
    ops[0] = ask(client, queue, 0, MODEL, 0);
    check_number("the first is with the server", wait_for_count("in_flight", 1), 1);
    for (i = 1; i < REQUESTS; i++) ops[i] = ask(client, queue, i, MODEL, 0);
    for (i = 0; i < REQUESTS; i += 7) hb_cancel(ops[i]);
    for (i = 0; i < REQUESTS; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        if (done == NULL) break;
        good += done->status == (done->tag % 7 == 0 ? HB_E_CANCELLED : HB_OK);
        hb_event_free(done);
    }
    for (i = 1; i < REQUESTS; i++) {
        if (i % 7 != 0) sprintf(want + strlen(want), ",\"%d\"", i);
    }
    check_number("all end as they should", good, REQUESTS);
    char *got = control("GET", "/simulator/users", "");
    check_text("the server sees them in the order in which they were started", got, strcat(want, "]"));
    check_counts("client and server count the same", client);
    free(got);
    hb_queue_free(queue);
    hb_client_free(client);
}

/* Whoever cannot start in time hears it at once and takes nobody's turn; whoever leaves gives his to the next. */
static void too_late(void) {
    hb_options *options = test_options();
    hb_queue *queue = test_queue();
    const hb_event *more = NULL;
    hb_options_set_requests_per_minute(options, 1);
    control_only("POST", "/simulator/reset", "");
    hb_client *client = paced_client(options, HOUR_MS);
    check_status("one has the minute", chat_once(client), HB_OK);
    hb_op waits = ask(client, queue, 1, MODEL, 0);
    ask(client, queue, 2, MODEL, HOUR_AND_A_HALF_MS);
    ends("who comes after it is too late", queue, 2, HB_E_DEADLINE, "the limit of 1 requests a minute");
    hb_cancel(waits);
    check_status("a cancel in line", hb_queue_next(queue, 0, &more), HB_OK);
    check(more != NULL && more->kind == HB_EVENT_DONE && more->tag == 1 && more->status == HB_E_CANCELLED,
          "ends it at once", "another event came");
    hb_event_free(more);
    waits = ask(client, queue, 3, MODEL, HOUR_AND_A_HALF_MS);
    ask(client, queue, 4, MODEL, HOUR_AND_A_HALF_MS);
    ends("now one can wait, and the next is too late", queue, 4, HB_E_DEADLINE, "the limit of 1 requests a minute");
    hb_cancel(waits);
    ends("it has waited", queue, 3, HB_E_CANCELLED, "");
    check_number("the server has seen the first alone", count_of("requests"), 1);
    check_counts("client and server count the same", client);
    hb_queue_free(queue);
    hb_client_free(client);
}

/* ---- Keys ---- */

/* What a server allows, it allows to a key; so it is with what it forbids. */
static void another_key(void) {
    struct simulator basic;
    hb_queue *queue = test_queue();
    int i, good = 0;
    start_basic(&basic, HOUR_MS);
    hb_options *options = options_at(&basic);
    hb_options_set_tier(options, HB_TIER_BASIC);
    hb_client *client = paced_client(options, HOUR_MS);
    check_number("the minute of one key", burst(client, MODEL, 60), 60);
    for (i = 0; i < 30; i++) ask(client, queue, i, MODEL, 0);
    check_status("another key", hb_client_set_api_key(client, OTHER_KEY, HB_NUL, NULL), HB_OK);
    for (i = 0; i < 30; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        good += done != NULL && done->status == HB_OK;
        hb_event_free(done);
    }
    check_number("those who waited are sent with it", good, 30);
    check_number("it has a minute of its own", burst(client, MODEL, 30), 30);
    ask(client, queue, 1, MODEL, 2 * PATIENCE_MS);
    ends("and no more than that", queue, 1, HB_E_DEADLINE, "the limit of 60 requests a minute");
    check_number("the server sends no 429", count_at(basic.control, "sent_429"), 0);
    hb_client_free(client);

    free(control_at(basic.control, "POST", "/simulator/reset", ""));
    options = options_at(&basic);
    hb_options_set_max_retries(options, 1);
    hb_options_set_header(options, "x-simulator-fault", "status=429,header=retry-after:100,times=1", HB_NUL);
    client = paced_client(options, HOUR_MS);
    hb_op paused = ask(client, queue, 1, MODEL, 0);
    hb_event_free(next_of_kind(queue, HB_EVENT_RETRY));
    ask(client, queue, 2, MODEL, 2 * PATIENCE_MS);
    ends("a pause holds up its key", queue, 2, HB_E_DEADLINE, "pause");
    check_status("the first key again", hb_client_set_api_key(client, setting("HB_TEST_KEY"), HB_NUL, NULL), HB_OK);
    ask(client, queue, 3, MODEL, 0);
    ends("but no other", queue, 3, HB_OK, "");
    hb_cancel(paused);
    hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    hb_client_free(client);
    hb_queue_free(queue);
    simulator_stop(&basic);
}

int main(void) {
    const struct way plain = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    const struct way secure = {"HTTP/2", setting("HB_TEST_TLS_CONTROL"), tls_options, 1};
    check_begin();
    limits_hold();
    models_pass();
    in_order();
    too_late();
    another_key();
    so_many_at_a_time(&plain);
    so_many_at_a_time(&secure);
    minutes_are_filled();
    return check_end();
}
