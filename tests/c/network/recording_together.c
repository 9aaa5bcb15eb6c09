/*
 * Recordings of many requests at once, of requests that are cancelled, and of a disk that is full.
 */
#include "recording.h"

#include <sys/resource.h>

/* What comes up to `stall-after=5`. */
#define STALLED "This is canned text"

enum { THREADS = 8, EACH = 12 };

struct worker {
    pthread_t thread;
    int number;
    hb_client *client;
    struct outcome outcomes[EACH];
};

/* Requests like no others, one after the other. */
static void *work(void *context) {
    struct worker *worker = (struct worker *)context;
    char text[64];
    int i;
    for (i = 0; i < EACH; i++) {
        snprintf(text, sizeof text, "Question %d of thread %d", i, worker->number);
        ask(&worker->outcomes[i], worker->client, text);
    }
    return NULL;
}

/* All of them with one client, which it frees. */
static struct worker *work_with(hb_client *client) {
    struct worker *workers = (struct worker *)memory(THREADS * sizeof *workers);
    int i;
    for (i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].client = client;
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (i = 0; i < THREADS; i++) pthread_join(workers[i].thread, NULL);
    return workers;
}

static void many_threads(void) {
    struct recording file = recording_named("recording-together");
    const char *differs = NULL;
    int i, j, answered = 0;
    hb_client *client = client_of(recording_options(&file));
    faults("words=10,random=25,seed=7");
    struct worker *live = work_with(client);
    faults("");
    check_number("one line for each attempt", exchanges_in(&file), hb_client_count(client, HB_COUNT_ATTEMPTS));
    hb_client_free(client);
    client = replay_client(&file);
    struct worker *replayed = work_with(client);
    for (i = 0; i < THREADS; i++) {
        for (j = 0; j < EACH; j++) {
            struct outcome *one = &live[i].outcomes[j], *other = &replayed[i].outcomes[j];
            answered += one->status == HB_OK;
            if (differs == NULL) differs = outcome_difference(one, other);
            outcome_free(one);
            outcome_free(other);
        }
    }
    check(answered > 0 && answered < THREADS * EACH, "some are answered and some fail", "%d are answered", answered);
    check(differs == NULL, "each is replayed as it was", "%s differs", differs == NULL ? "" : differs);
    hb_client_free(client);
    free(live);
    free(replayed);
}

/* Waits until so many exchanges stand in a file: who is cancelled does not wait for its line. */
static void check_exchanges(const char *name, const struct recording *file, int count) {
    int64_t patience_ends = clock_ms() + PATIENCE_MS;
    while (exchanges_in(file) < count && clock_ms() < patience_ends) poll(NULL, 0, 10);
    check_number(name, exchanges_in(file), count);
}

/* Starts a chat and takes what comes of it up to the stall. */
static void start_and_read(hb_client *client, const hb_request *request, hb_queue *queue) {
    struct outcome *outcome = (struct outcome *)memory(sizeof *outcome);
    hb_start(client, request, queue, 0, NULL, NULL);
    while (strcmp(outcome->text, STALLED) != 0) {
        const hb_event *event = next_event(queue);
        if (event == NULL) give_up("a stream does not come as far as its stall");
        outcome_event(event, outcome);
        hb_event_free(event);
    }
    free(outcome);
}

static void cancelled(void) {
    enum { CLOSED = 5 };
    struct recording file = recording_named("recording-cancelled");
    struct outcome live, replayed;
    hb_client *client = client_of(recording_options(&file));
    hb_request *request = test_chat("hello");
    hb_queue *queues[CLOSED];
    int i;
    faults("stall-after=5");
    memset(&live, 0, sizeof live);
    live.stop_at = HB_EVENT_TEXT;
    outcome_of(&live, client, request);
    check_status("HB_STOP", live.status, HB_E_CANCELLED);
    check_exchanges("what it left is written", &file, 1);
    for (i = 0; i < CLOSED; i++) {
        queues[i] = test_queue();
        start_and_read(client, request, queues[i]);
    }
    hb_client_free(client);
    for (i = 0; i < CLOSED; i++) {
        hb_event_free(next_of_kind(queues[i], HB_EVENT_DONE));
        hb_queue_free(queues[i]);
    }
    check_exchanges("and what a client left that was freed", &file, 1 + CLOSED);
    faults("");

    /* It goes as far as it went then. */
    client = replay_client(&file);
    memset(&replayed, 0, sizeof replayed);
    replayed.stop_at = HB_EVENT_TEXT;
    outcome_of(&replayed, client, request);
    check_status("HB_STOP in a replay", replayed.status, HB_E_CANCELLED);
    size_t size = strlen(hb_response_text(replayed.response, 0, NULL));
    check(size > 0 && strncmp(STALLED, hb_response_text(replayed.response, 0, NULL), size) == 0,
          "a beginning of the same text", "\"%s\"", hb_response_text(replayed.response, 0, NULL));
    outcome_free(&replayed);
    hb_request_set_idle_timeout_ms(request, 300);
    outcome_of(&replayed, client, request);
    check_outcome("nothing comes behind its end", &replayed, HB_E_DEADLINE, 200, 1, "idle");
    check_text("but all that had come", replayed.text, STALLED);
    outcome_free(&replayed);
    outcome_free(&live);
    hb_client_free(client);
    hb_request_free(request);
}

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0) give_up("no limit on files");
}

/* The answers come all the same, the log says what is wrong, and the file is told to be cut. */
static void a_full_disk(void) {
    enum { ROOM = 200 << 10 };
    struct recording file = recording_named("recording-full");
    hb_options *options = recording_options(&file);
    hb_options_set_log_level(options, HB_LOG_ERROR);
    hb_client *client = client_of(options);
    hb_error *error = NULL;
    int i, good = 0, logged = 0;
    check_status("while there is room", chat_once(client), HB_OK);
    check(hb_client_take_log(client) == NULL, "nothing is wrong", "a record waits");
    faults("words=5000");
    limit_files(ROOM);
    for (i = 0; i < 3; i++) good += chat_once(client) == HB_OK;
    limit_files(RLIM_INFINITY);
    faults("");
    check_number("answers when the disk is full", good, 3);
    for (;;) {
        hb_log *log = hb_client_take_log(client);
        if (log == NULL) break;
        logged += strncmp(hb_log_message(log, NULL), "not_recorded ", 13) == 0 && hb_log_level(log) == HB_LOG_ERROR
                  && hb_log_op(log) != 0;
        hb_log_free(log);
    }
    check_number("each that is not recorded is in the log", logged, 3);
    check_status("and later too", chat_once(client), HB_OK);
    hb_client_free(client);
    options = replay_options(&file, HB_REPLAY_AT_ONCE);
    check_status("half a line is told", hb_client_new(options, &client, &error), HB_E_BAD_DATA);
    check_has("with its place", hb_error_message(error, NULL), "line 3: it is cut off");
    hb_error_free(error);
    hb_options_free(options);
}

int main(void) {
    check_begin();
    many_threads();
    cancelled();
    a_full_disk();
    return check_end();
}
