/*
 * Answers from a file: what it must look like, which request gets which answer, and when its pieces come.
 */
#include "recording.h"

#include <sys/stat.h>

/* The body of test_chat(text), written as no program writes it: members in another order, with white space. */
#define ASKED(text)                                                                                           \
    "{ \"stream_options\":{\"include_usage\" : true}, \"stream\":true,\t\"messages\":[{\"content\":\"" text   \
    "\",\"role\":\"user\"}],\"model\":\"meta-llama\\/Llama-3.3-70B-Instruct\"}"
#define PIECE(text) "data: {\\\"choices\\\":[{\\\"index\\\":0,\\\"delta\\\":{\\\"content\\\":\\\"" text "\\\"}}]}\\n\\n"
#define FINISH "data: {\\\"choices\\\":[{\\\"index\\\":0,\\\"delta\\\":{},\\\"finish_reason\\\":\\\"stop\\\"}]}\\n\\ndata: [DONE]\\n\\n"
/* An answer of three reads, of which the second comes `later` milliseconds after the first. */
#define EXCHANGE(text, answer, later)                                                                              \
    "{\"route\":\"chat/completions\",\"request\":" ASKED(text) ",\"head\":{\"ms\":0,\"status\":200,\"headers\":[[" \
    "\"content-type\",\"text/event-stream\"]]},\"chunks\":[{\"ms\":0,\"text\":\"" PIECE(answer) "\"},{\"ms\":" later \
    ",\"text\":\"" PIECE(" and more") "\"},{\"ms\":" later ",\"text\":\"" FINISH "\"}],\"end\":{\"whole\":{\"ms\":" later \
    "}}}\n"
#define WHOLE FORMAT EXCHANGE("first", "one", "0") EXCHANGE("second", "two", "0")

/* One check of what hb_client_new says of the file `recording`. */
static void check_refused(const char *name, const struct recording *recording, const char *says) {
    hb_options *options = replay_options(recording, HB_REPLAY_AT_ONCE);
    hb_client *client = (hb_client *)options;
    hb_error *error = NULL;
    hb_status status = hb_client_new(options, &client, &error);
    const char *message = hb_error_message(error, NULL);
    check(status == HB_E_BAD_DATA && client == NULL && hb_error_status(error) == HB_E_BAD_DATA
              && strstr(message, recording->path) != NULL && strstr(message, says) != NULL && strlen(message) < 1500,
          name, "%s: \"%.2000s\"", hb_status_name(status), message);
    hb_error_free(error);
    hb_client_free(client);
    hb_options_free(options);
}

static void check_damage(const char *name, const char *text, size_t size, const char *says) {
    struct recording file = recording_named("replay-damaged");
    write_recording(&file, text, size == HB_NUL ? strlen(text) : size);
    check_refused(name, &file, says);
}

/* What is no recording, or no longer one, is told with its line. */
static void damage(void) {
    static const struct {
        const char *name, *text, *says;
    } ROWS[] = {
        {"an empty file", "", "line 1: "},
        {"one line break", "\n", "line 1: "},
        {"a text", "hello\nworld\n", "line 1: "},
        {"another format", "{\"format\":\"har\",\"version\":1}\n", "line 1: the format is \"har\""},
        {"another version", "{\"format\":\"hyperbolic-recording\",\"version\":2,\"new\":1}\n", "line 1: the version is 2"},
        {"no version", "{\"format\":\"hyperbolic-recording\"}\n", "line 1: "},
        {"no header", EXCHANGE("first", "one", "0"), "line 1: "},
        {"a garbled line", FORMAT EXCHANGE("first", "one", "0") "garbage\n" EXCHANGE("second", "two", "0"), "line 3: "},
        {"half a line in the middle", FORMAT "{\"route\":\"models\",\"req\n" EXCHANGE("second", "two", "0"), "line 2: "},
        {"half a line at the end", WHOLE "{\"route\":\"models\",\"req", "line 4: it is cut off"},
        {"an unknown member", FORMAT "{\"route\":\"models\",\"request\":null,\"secret\":1,\"end\":{\"cut\":{\"ms\":1}}}\n",
         "line 2: "},
        {"an unknown end", FORMAT "{\"route\":\"models\",\"request\":null,\"end\":{\"lost\":{\"ms\":1}}}\n", "line 2: "},
        {"a time that goes backwards", FORMAT EXCHANGE("first", "one", "0,\"ms\":1"), "line 2: "},
        {"a time below zero", FORMAT EXCHANGE("first", "one", "-1"), "line 2: "},
        {"two recordings in one file", WHOLE FORMAT, "line 4: "},
    };
    enum { HUGE_LINE = 4 << 20 };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) check_damage(ROWS[i].name, ROWS[i].text, HB_NUL, ROWS[i].says);
    check_damage("NULs", FORMAT "\0\0\0\n", sizeof FORMAT - 1 + 4, "line 2: ");
    check_damage("no UTF-8", FORMAT "{\"route\":\"\xFF\"}\n", HB_NUL, "line 2: no UTF-8");
    char *text = (char *)memory(sizeof FORMAT + HUGE_LINE);
    strcpy(text, FORMAT);
    memset(text + sizeof FORMAT - 1, 'x', HUGE_LINE);
    check_damage("a huge line", text, HB_NUL, "line 2: ");
    memset(text + sizeof FORMAT - 1, '[', HUGE_LINE);
    check_damage("a huge line that goes deep", text, HB_NUL, "line 2: ");
    free(text);
}

/* What wrote it may have ended anywhere. */
static void cut_anywhere(void) {
    struct recording file = recording_named("replay-cut");
    size_t size = strlen(WHOLE), at;
    int wrong = 0;
    for (at = 0; at < size; at += 7) {
        hb_client *client = NULL;
        hb_error *error = NULL;
        char line[32];
        int lines = 1;
        size_t i;
        for (i = 0; i < at; i++) lines += WHOLE[i] == '\n';
        write_recording(&file, WHOLE, at);
        hb_options *options = replay_options(&file, HB_REPLAY_AT_ONCE);
        hb_status status = hb_client_new(options, &client, &error);
        /* Nobody can see that a whole line is missing. */
        int whole = at > 0 && (WHOLE[at] == '\n' || WHOLE[at - 1] == '\n');
        snprintf(line, sizeof line, "line %d: it is cut off", lines);
        if (whole ? status != HB_OK : status != HB_E_BAD_DATA || strstr(hb_error_message(error, NULL), line) == NULL) {
            printf("# at %lu: %s, \"%s\"\n", (unsigned long)at, hb_status_name(status), hb_error_message(error, NULL));
            wrong += 1;
        }
        hb_error_free(error);
        hb_client_free(client);
        hb_options_free(options);
    }
    check_number("a file cut anywhere is told; places where not", wrong, 0);
}

static void no_file(void) {
    struct recording none = recording_named("no-such-folder/replay"), folder = recording_named("replay-folder");
    check_refused("no file", &none, "");
    if (mkdir(folder.path, 0700) != 0) give_up("no folder");
    check_refused("a folder", &folder, "");
    hb_options *options = test_options();
    hb_client *client = NULL;
    hb_error *error = NULL;
    hb_options_set_record(options, folder.path, HB_NUL);
    check_status("a folder to record into", hb_client_new(options, &client, &error), HB_E_INVALID_ARGUMENT);
    check_text("names the field", hb_error_param(error), "record");
    check_has("and the path", hb_error_message(error, NULL), folder.path);
    hb_error_free(error);
    rmdir(folder.path);
    hb_options_set_record(options, "/dev/full", HB_NUL);
    check_status("a full disk to record onto", hb_client_new(options, &client, &error), HB_E_INVALID_ARGUMENT);
    check_text("names the field", hb_error_param(error), "record");
    hb_error_free(error);
    hb_options_free(options);
}

/* One check of a replayed answer. */
static void check_answer(const char *name, hb_client *client, const char *text, const char *answer) {
    struct outcome outcome;
    ask(&outcome, client, text);
    check(outcome.status == HB_OK && strcmp(outcome.text, answer) == 0, name, "%s: \"%s\", \"%s\"",
          hb_status_name(outcome.status), outcome.text, hb_error_message(outcome.error, NULL));
    outcome_free(&outcome);
}

/* One check that the recording has none; what was asked and answered is in no message. */
static void check_missing(const char *name, hb_client *client, const char *text, const char *says) {
    struct outcome outcome;
    ask(&outcome, client, text);
    check_outcome(name, &outcome, HB_E_BAD_DATA, 0, 1, says);
    check_lacks("without the prompt", hb_error_message(outcome.error, NULL), "second");
    check_number("which is the same next time", hb_error_is_retryable(outcome.error), 0);
    outcome_free(&outcome);
}

/* Equal requests get their answers in the order of the file, each once; each client begins anew. */
static void who_gets_what(void) {
    static const char TWICE[] = WHOLE EXCHANGE("first", "three", "0");
    struct recording file = recording_named("replay");
    write_recording(&file, TWICE, strlen(TWICE));
    hb_client *client = replay_client(&file), *other = replay_client(&file);
    check_answer("the first answer", client, "first", "one and more");
    check_answer("the second", client, "first", "three and more");
    check_missing("no third", client, "first", "the 2 that it has");
    check_answer("another client begins anew", other, "first", "one and more");
    check_answer("in any order", client, "second", "two and more");
    check_missing("what was not recorded", client, "not second", "differs in \"messages\"");
    check_number("no connection", hb_client_count(client, HB_COUNT_CONNECTIONS), 0);
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    check_status("nor the models", hb_models(other, &models, &error), HB_E_BAD_DATA);
    check_has("which says of which route", hb_error_message(error, NULL), "models");
    check(models == NULL, "no list", "there is one");
    hb_error_free(error);
    /* The file may be gone. */
    remove(file.path);
    check_answer("it was read by hb_client_new", other, "second", "two and more");
    hb_client_free(client);
    hb_client_free(other);
}

/* An answer that took an hour: at once, or when its pieces came. */
static void timing(void) {
    static const char HOUR[] = FORMAT EXCHANGE("slow", "early", "3600000") EXCHANGE("slowly", "early", "500");
    struct recording file = recording_named("replay-timed");
    struct outcome outcome;
    write_recording(&file, HOUR, strlen(HOUR));
    hb_client *client = replay_client(&file);
    check_answer("an hour at once", client, "slow", "early and more");
    hb_client_free(client);

    hb_options *options = replay_options(&file, HB_REPLAY_TIMED);
    hb_options_set_idle_timeout_ms(options, 0);
    hb_options_set_total_timeout_ms(options, 2000);
    client = client_of(options);
    ask(&outcome, client, "slow");
    check_outcome("an hour takes an hour", &outcome, HB_E_DEADLINE, 200, 1, "total");
    check_text("but what came at once is there", outcome.text, "early");
    outcome_free(&outcome);
    ask(&outcome, client, "slowly");
    check_status("half a second", outcome.status, HB_OK);
    check(hb_response_total_ms(outcome.response) >= 500, "takes half a second", "%lld ms",
          (long long)hb_response_total_ms(outcome.response));
    outcome_free(&outcome);
    hb_client_free(client);
}

/* A server that is too busy says when to come again. */
#define BUSY(text, ms)                                                                                              \
    "{\"route\":\"chat/completions\",\"request\":" ASKED(text) ",\"head\":{\"ms\":0,\"status\":429,\"headers\":[[" \
    "\"retry-after-ms\",\"" ms "\"]]},\"chunks\":[],\"end\":{\"whole\":{\"ms\":0}}}\n"

/* Nobody is waited for: what a wait was is told, and it goes on. With the original timing it is waited for. */
static void waits(void) {
    static const char FILE_OF_WAITS[] = FORMAT BUSY("busy", "100000") EXCHANGE("busy", "one", "0")
        BUSY("busier", "500") EXCHANGE("busier", "two", "0") EXCHANGE("further", "three", "0");
    struct recording file = recording_named("replay-waits");
    struct outcome outcome;
    write_recording(&file, FILE_OF_WAITS, strlen(FILE_OF_WAITS));
    hb_options *options = replay_options(&file, HB_REPLAY_AT_ONCE);
    hb_options_set_max_retries(options, 1);
    hb_options_set_requests_per_minute(options, 1);
    hb_client *client = client_of(options);
    ask(&outcome, client, "busy");
    check_outcome("a request is sent again", &outcome, HB_OK, 0, 2, "");
    check_number("its wait is told", outcome.retry[0].delay_ms, 100000);
    check(hb_response_total_ms(outcome.response) < 100000, "and not waited for", "it took %lld ms",
          (long long)hb_response_total_ms(outcome.response));
    outcome_free(&outcome);
    ask(&outcome, client, "further");
    check_outcome("the next does not wait for its turn", &outcome, HB_OK, 0, 1, "");
    check(hb_response_total_ms(outcome.response) < 60000, "in a minute that is full", "it took %lld ms",
          (long long)hb_response_total_ms(outcome.response));
    outcome_free(&outcome);
    hb_client_free(client);

    options = replay_options(&file, HB_REPLAY_TIMED);
    hb_options_set_max_retries(options, 1);
    client = client_of(options);
    ask(&outcome, client, "busier");
    check_outcome("with the original timing it is sent again too", &outcome, HB_OK, 0, 2, "");
    check(hb_response_total_ms(outcome.response) >= 500, "after its wait", "after %lld ms",
          (long long)hb_response_total_ms(outcome.response));
    outcome_free(&outcome);
    hb_client_free(client);
}

/* What was sent again in the course of an hour is sent again in a moment, though that is more than a client may do. */
static void retries(void) {
    static const char PAIR[] = BUSY("again", "1") EXCHANGE("again", "one", "0");
    enum { MANY = 30 };
    struct recording file = recording_named("replay-retries");
    struct outcome outcome;
    char *text = (char *)memory(sizeof FORMAT + MANY * sizeof PAIR);
    int i, good = 0;
    strcpy(text, FORMAT);
    for (i = 0; i < MANY; i++) strcat(text, PAIR);
    write_recording(&file, text, strlen(text));
    free(text);
    hb_options *options = replay_options(&file, HB_REPLAY_AT_ONCE);
    hb_options_set_max_retries(options, 1);
    hb_client *client = client_of(options);
    for (i = 0; i < MANY; i++) {
        ask(&outcome, client, "again");
        good += outcome.status == HB_OK && hb_response_attempts(outcome.response) == 2;
        outcome_free(&outcome);
    }
    check_number("more retries than a client has in a minute", good, MANY);
    check_number("are counted", hb_client_count(client, HB_COUNT_RETRIES), MANY);
    hb_client_free(client);
}

/* A request in the middle of its hour can be cancelled, and a client closed. */
static void cancelled(void) {
    static const char HOUR[] = FORMAT EXCHANGE("hello", "early", "3600000") EXCHANGE("hello", "early", "3600000");
    struct recording file = recording_named("replay-cancelled");
    write_recording(&file, HOUR, strlen(HOUR));
    hb_client *client = client_of(replay_options(&file, HB_REPLAY_TIMED));
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("hello");
    int i;
    for (i = 0; i < 2; i++) {
        hb_op op = 0;
        hb_start(client, request, queue, 0, &op, NULL);
        hb_event_free(next_of_kind(queue, HB_EVENT_TEXT));
        if (i == 0) hb_cancel(op);
        else hb_client_close(client);
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        check(done != NULL && done->status == HB_E_CANCELLED
                  && strcmp(hb_response_text(done->response, 0, NULL), "early") == 0,
              i == 0 ? "hb_cancel ends a replay" : "so does hb_client_close", "it does not");
        hb_event_free(done);
    }
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    damage();
    cut_anywhere();
    no_file();
    who_gets_what();
    timing();
    waits();
    retries();
    cancelled();
    return check_end();
}
