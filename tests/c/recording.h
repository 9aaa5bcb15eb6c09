/*
 * Recordings: files of exchanges, clients that write them and that answer from them, and whether a request ended the
 * same way twice.
 *
 * From the environment: HB_OUT, the stage's folder, in which they are kept.
 */

#ifndef RECORDING_H
#define RECORDING_H

#include "outcome.h"
#include "same.h"

#define FORMAT "{\"format\":\"hyperbolic-recording\",\"version\":1}\n"

/* Nobody listens there: a client that wanted a connection would get none. */
#define NOWHERE "http://127.0.0.1:1"

struct recording {
    char path[512];
};

/* The place of a recording: the same for the same name. Programs that run side by side each have names of their own. */
static inline struct recording recording_named(const char *name) {
    struct recording recording;
    snprintf(recording.path, sizeof recording.path, "%s/%s.jsonl", setting("HB_OUT"), name);
    return recording;
}

/* Everything that is in it, to be freed. */
static inline char *recorded(const struct recording *recording) {
    FILE *file = fopen(recording->path, "rb");
    if (file == NULL) give_up(recording->path);
    char *text = read_all(fileno(file));
    fclose(file);
    return text;
}

static inline void write_recording(const struct recording *recording, const char *text, size_t size) {
    FILE *file = fopen(recording->path, "wb");
    if (file == NULL || fwrite(text, 1, size, file) != size || fclose(file) != 0) give_up(recording->path);
}

/* How many exchanges stand in it. */
static inline int exchanges_in(const struct recording *recording) {
    char *text = recorded(recording), *at;
    int lines = 0;
    for (at = text; *at != '\0'; at++) lines += *at == '\n';
    free(text);
    return lines - 1;
}

/* Settings of a client of the simulator that is recorded. */
static inline hb_options *recording_options(const struct recording *recording) {
    hb_options *options = test_options();
    hb_options_set_record(options, recording->path, HB_NUL);
    return options;
}

/* Settings of a client that answers from a recording, without a key and without a server. */
static inline hb_options *replay_options(const struct recording *recording, uint32_t timing) {
    hb_options *options = hb_options_new();
    hb_options_set_base_url(options, NOWHERE, HB_NUL);
    hb_options_set_max_retries(options, 0);
    hb_options_set_replay(options, recording->path, HB_NUL, timing);
    return options;
}

static inline hb_client *replay_client(const struct recording *recording) {
    return client_of(replay_options(recording, HB_REPLAY_AT_ONCE));
}

/* The name of the first thing that two errors differ in, or NULL; both may be none. */
static inline const char *error_difference(const hb_error *a, const hb_error *b) {
    if ((a == NULL) != (b == NULL)) return "whether there is an error";
    if (strcmp(hb_error_message(a, NULL), hb_error_message(b, NULL)) != 0) return "message";
    if (strcmp(hb_error_hint(a), hb_error_hint(b)) != 0) return "hint";
    if (hb_error_http_status(a) != hb_error_http_status(b)) return "http_status";
    if (strcmp(hb_error_code(a), hb_error_code(b)) != 0) return "code";
    if (strcmp(hb_error_type(a), hb_error_type(b)) != 0) return "type";
    if (strcmp(hb_error_param(a), hb_error_param(b)) != 0) return "param";
    if (strcmp(hb_error_request_id(a), hb_error_request_id(b)) != 0) return "request_id";
    if (hb_error_retry_after_ms(a) != hb_error_retry_after_ms(b)) return "retry_after_ms";
    if (hb_error_is_retryable(a) != hb_error_is_retryable(b)) return "is_retryable";
    if (hb_error_attempts(a) != hb_error_attempts(b)) return "attempts";
    if (strcmp(hb_error_body(a, NULL), hb_error_body(b, NULL)) != 0) return "body";
    return NULL;
}

/* The same of two outcomes. How an answer was cut into pieces, and whose turn it is among choices, depends on who was
   faster, and is not looked at. */
static inline const char *outcome_difference(const struct outcome *a, const struct outcome *b) {
    uint32_t i;
    if (a->status != b->status) return "status";
    if (a->dones != b->dones || a->disorder != b->disorder) return "order of events";
    if (a->size != b->size) return "size of its pieces";
    if (hb_response_choice_count(a->response) < 2 && memcmp(a->text, b->text, a->size) != 0) return "text of its pieces";
    if (a->retries != b->retries) return "number of retries";
    for (i = 0; i < a->retries && i < RETRIES_KEPT; i++) {
        const struct retry *one = &a->retry[i], *other = &b->retry[i];
        if (one->attempt != other->attempt || one->status != other->status || one->http_status != other->http_status
            || one->attempts != other->attempts) {
            return "retry";
        }
    }
    if (error_difference(a->error, b->error) != NULL) return error_difference(a->error, b->error);
    if (strcmp(hb_response_json(a->response, NULL), hb_response_json(b->response, NULL)) != 0) return "JSON";
    if (strcmp(hb_response_request_id(a->response), hb_response_request_id(b->response)) != 0) return "request_id";
    if (hb_response_cost_nanousd(a->response) != hb_response_cost_nanousd(b->response)) return "cost";
    return difference(a->response, b->response);
}

static inline void check_same_outcome(const char *name, const struct outcome *live, const struct outcome *replayed) {
    const char *differs = outcome_difference(live, replayed);
    check(differs == NULL, name, "%s differs: live %s \"%s\" (%u retries), replayed %s \"%s\" (%u retries)",
          differs == NULL ? "" : differs, hb_status_name(live->status), hb_error_message(live->error, NULL),
          (unsigned)live->retries, hb_status_name(replayed->status), hb_error_message(replayed->error, NULL),
          (unsigned)replayed->retries);
}

/* Sends a chat of this text. `outcome` is overwritten. */
static inline void ask(struct outcome *outcome, hb_client *client, const char *text) {
    hb_request *request = test_chat(text);
    memset(outcome, 0, sizeof *outcome);
    outcome_of(outcome, client, request);
    hb_request_free(request);
}

#endif
