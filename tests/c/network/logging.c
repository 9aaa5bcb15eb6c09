/*
 * The log: what each level tells, what nobody takes, and what is never in it.
 */
#include "logs.h"

/* One success, one failure, one success after a retry, one that is cancelled: what the log has of them. */
static void of_level(struct records *records, uint32_t level) {
    struct outcome outcome;
    hb_options *options = logging(level, NULL);
    hb_options_set_max_retries(options, 1);
    hb_client *client = client_of(options);
    hb_request *request = test_chat("A prompt of sealing-wax");
    int i;
    static const char *const SCRIPTS[] = {"", "status=400", "times=1,status=503,header=retry-after-ms:1", "stall-after=4"};
    for (i = 0; i < 4; i++) {
        memset(&outcome, 0, sizeof outcome);
        outcome.stop_at = i == 3 ? HB_EVENT_TEXT : 0;
        faults(SCRIPTS[i]);
        outcome_of(&outcome, client, request);
        outcome_free(&outcome);
    }
    faults("");
    memset(records, 0, sizeof *records);
    take(records, client);
    check_number("each is what it must be; odd ones", records->odd, 0);
    hb_request_free(request);
    hb_client_free(client);
}

static void levels(void) {
    struct records records;
    uint32_t level;
    for (level = HB_LOG_OFF; level <= HB_LOG_TRACE; level++) {
        int above = 0, i;
        of_level(&records, level);
        for (i = (int)level + 1; i <= (int)HB_LOG_TRACE; i++) above += records.levels[i];
        check_number(LEVELS[level], above, 0);
        check_number("errors", records.levels[HB_LOG_ERROR], level >= HB_LOG_ERROR ? 1 : 0);
        check_number("of the one that failed", with(&records, "\"status\":\"bad_request\"", "\"http_status\":400"),
                     level >= HB_LOG_ERROR ? 1 : 0);
        check_number("ends of the others and a retry", records.levels[HB_LOG_INFO], level >= HB_LOG_INFO ? 4 : 0);
        check_number("of which two are good", with(&records, "\"event\":\"done\"", "\"status\":\"ok\""),
                     level >= HB_LOG_INFO ? 2 : 0);
        check_number("and one cancelled", with(&records, "\"event\":\"done\"", "\"status\":\"cancelled\""),
                     level >= HB_LOG_INFO ? 1 : 0);
        check_number("a wait before the retry", with(&records, "\"event\":\"retry\"", "\"wait_ms\":1"),
                     level >= HB_LOG_INFO ? 1 : 0);
        check_number("attempts", with(&records, "\"event\":\"attempt\"", MODEL), level >= HB_LOG_DEBUG ? 5 : 0);
        check_number("heads of answers", with(&records, "\"event\":\"head\"", NULL), level >= HB_LOG_DEBUG ? 5 : 0);
        check(level < HB_LOG_DEBUG || with(&records, "\"event\":\"connected\"", "\"http2\":false") > 0, "connections",
              "none");
        check((with(&records, "\"event\":\"read\"", "\"bytes\":") > 0) == (level == HB_LOG_TRACE), "reads", "%s",
              level == HB_LOG_TRACE ? "none" : "some");
        check_number("no bodies", with(&records, "_body\"", NULL), 0);
        if (level > HB_LOG_OFF) {
            check_lacks("no prompt", records.json, "sealing-wax");
            check_lacks("no answer", records.json, "canned");
            check_lacks("no key", records.json, setting("HB_TEST_KEY"));
        }
        records_free(&records);
    }
}

/* A request that has to wait for its turn tells how long. */
static void waits(void) {
    struct records records;
    hb_options *options = logging(HB_LOG_DEBUG, "delay=600");
    hb_options_set_max_concurrent(options, 1);
    hb_client *client = client_of(options);
    hb_request *request = test_chat("hello");
    hb_queue *queue = test_queue();
    hb_op first = 0, second = 0;
    char member[64];
    control_only("POST", "/simulator/reset", "");
    hb_start(client, request, queue, 0, &first, NULL);
    wait_for_count("in_flight", 1);
    hb_start(client, request, queue, 0, &second, NULL);
    hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    memset(&records, 0, sizeof records);
    take(&records, client);
    snprintf(member, sizeof member, "\"op\":%llu,", (unsigned long long)second);
    check_number("a wait for a turn", with(&records, "\"event\":\"turn\"", member), 1);
    check(with(&records, "\"event\":\"turn\"", "\"waited_ms\":") > 0, "says how long it was", "it does not");
    snprintf(member, sizeof member, "\"op\":%llu", (unsigned long long)first);
    check_number("each record has its request", with(&records, "\"event\":\"done\"", member), 1);
    snprintf(member, sizeof member, "\"op\":%llu", (unsigned long long)second);
    check_number("and the other has its own", with(&records, "\"event\":\"done\"", member), 1);
    records_free(&records);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

/* What nobody takes is dropped, the oldest first, and counted. */
static void bounded(void) {
    enum { WAITING = 1024, MOST = 600 };
    struct records records;
    hb_client *client = client_of(logging(HB_LOG_DEBUG, "words=1"));
    hb_op newest = 0;
    int sent = 0, good = 0;
    while (hb_client_count(client, HB_COUNT_LOGS_DROPPED) < 10 && sent++ < MOST) good += chat_once(client) == HB_OK;
    check_number("a log that nobody reads stops nothing", good, sent);
    int64_t dropped = hb_client_count(client, HB_COUNT_LOGS_DROPPED);
    check(dropped >= 10, "it drops records", "%lld", (long long)dropped);
    memset(&records, 0, sizeof records);
    take(&records, client);
    check_number("and keeps as many as it says", records.count, WAITING);
    check_number("each of them whole", records.odd, 0);
    /* Of the oldest of these requests, the beginning may be gone. */
    int ends = with(&records, "\"event\":\"done\"", NULL), begun = with(&records, "\"event\":\"attempt\"", NULL);
    check(ends == begun || ends == begun + 1, "those of the last requests", "%d attempts, %d ends", begun, ends);
    records_free(&records);
    hb_log *log = hb_client_take_log(client);
    check(log == NULL, "then nothing waits", "a record");
    chat_once(client);
    hb_client_close(client);
    log = hb_client_take_log(client);
    check(log != NULL, "a closed client's log can be taken", "it cannot");
    newest = hb_log_op(log);
    hb_client_free(client);
    check(newest != 0 && is_whole(log), "a record outlives its client", "it does not");
    hb_log_free(log);
}

struct drainer {
    pthread_t thread;
    hb_client *client;
    struct records records;
    /* Under `lock`. */
    int last_round;
    pthread_mutex_t lock;
};

static void *drain(void *context) {
    struct drainer *drainer = (struct drainer *)context;
    for (;;) {
        pthread_mutex_lock(&drainer->lock);
        int last = drainer->last_round;
        pthread_mutex_unlock(&drainer->lock);
        take(&drainer->records, drainer->client);
        if (last) return NULL;
        poll(NULL, 0, 1);
    }
}

/* Two threads take records while others make them: each record is taken once. */
static void drained(void) {
    enum { DRAINERS = 2, MANY = 60 };
    struct drainer drainers[DRAINERS];
    struct outcome *outcomes = (struct outcome *)memory(MANY * sizeof *outcomes);
    hb_client *client = client_of(logging(HB_LOG_TRACE, "words=5"));
    hb_request *request = test_chat("hello");
    hb_queue *queue = test_queue();
    int i, ends = 0, attempts = 0, odd = 0, errors = 0;
    memset(drainers, 0, sizeof drainers);
    for (i = 0; i < DRAINERS; i++) {
        drainers[i].client = client;
        pthread_mutex_init(&drainers[i].lock, NULL);
        pthread_create(&drainers[i].thread, NULL, drain, &drainers[i]);
    }
    for (i = 0; i < MANY; i++) hb_start(client, request, queue, (uint64_t)i, NULL, NULL);
    outcomes_of(queue, outcomes, MANY);
    for (i = 0; i < MANY; i++) {
        errors += outcomes[i].status != HB_OK;
        outcome_free(&outcomes[i]);
    }
    for (i = 0; i < DRAINERS; i++) {
        pthread_mutex_lock(&drainers[i].lock);
        drainers[i].last_round = 1;
        pthread_mutex_unlock(&drainers[i].lock);
    }
    for (i = 0; i < DRAINERS; i++) {
        pthread_join(drainers[i].thread, NULL);
        pthread_mutex_destroy(&drainers[i].lock);
        ends += with(&drainers[i].records, "\"event\":\"done\"", NULL);
        attempts += with(&drainers[i].records, "\"event\":\"attempt\"", NULL);
        odd += drainers[i].records.odd;
        records_free(&drainers[i].records);
    }
    check_number("nothing was dropped", hb_client_count(client, HB_COUNT_LOGS_DROPPED), 0);
    check_number("every end was taken", ends, MANY);
    check_number("and every attempt", attempts, MANY);
    check_number("all were answered", errors, 0);
    check_number("no record was broken", odd, 0);
    hb_client_free(client);
    hb_queue_free(queue);
    hb_request_free(request);
    free(outcomes);
}

int main(void) {
    check_begin();
    levels();
    waits();
    bounded();
    drained();
    return check_end();
}
