/*
 * What came of a request: every event that it had, and its end. Blocking calls and requests of a queue fill the same.
 */

#ifndef OUTCOME_H
#define OUTCOME_H

#include "check.h"

enum { RETRIES_KEPT = 16 };

/* One HB_EVENT_RETRY. */
struct retry {
    uint32_t attempt;
    int64_t delay_ms;
    hb_status status;
    int32_t http_status;
    uint32_t attempts;
    /* The model that is asked next. */
    char model[64];
};

struct outcome {
    /* Which kind of event the callback answers with HB_STOP; 0 for none. */
    uint32_t stop_at;
    char text[1 << 14];
    size_t size;
    uint32_t pieces, dones, retries;
    /* Events that came after DONE, and retries that came after a piece. */
    uint32_t disorder;
    struct retry retry[RETRIES_KEPT];
    hb_status status;
    hb_response *response;
    hb_error *error;
};

static inline int32_t outcome_event(const hb_event *event, void *context) {
    struct outcome *outcome = (struct outcome *)context;
    outcome->disorder += outcome->dones > 0;
    if (event->kind == HB_EVENT_TEXT) {
        outcome->pieces += 1;
        if (outcome->size + event->text_len < sizeof outcome->text) {
            memcpy(outcome->text + outcome->size, event->text, event->text_len);
            outcome->size += event->text_len;
        }
    } else if (event->kind == HB_EVENT_RETRY) {
        outcome->disorder += outcome->pieces > 0;
        if (outcome->retries < RETRIES_KEPT) {
            struct retry *retry = &outcome->retry[outcome->retries];
            retry->attempt = event->attempt;
            retry->delay_ms = event->delay_ms;
            retry->status = hb_error_status(event->error);
            retry->http_status = hb_error_http_status(event->error);
            retry->attempts = hb_error_attempts(event->error);
            snprintf(retry->model, sizeof retry->model, "%s", event->name);
        }
        outcome->retries += 1;
    } else if (event->kind == HB_EVENT_DONE) {
        outcome->dones += 1;
    }
    return event->kind == outcome->stop_at ? HB_STOP : HB_CONTINUE;
}

/* The end of a request of a queue. */
static inline void outcome_done(struct outcome *outcome, const hb_event *done) {
    outcome->status = done->status;
    outcome->response = hb_response_retain(done->response);
    outcome->error = hb_error_retain(done->error);
}

/* Takes from a queue what comes until `many` requests have ended. Their tags say which outcome is theirs. */
static inline void outcomes_of(hb_queue *queue, struct outcome *outcomes, int many) {
    int ended = 0;
    while (ended < many) {
        const hb_event *event = next_event(queue);
        if (event == NULL) give_up("a request does not end");
        outcome_event(event, &outcomes[event->tag]);
        if (event->kind == HB_EVENT_DONE) {
            outcome_done(&outcomes[event->tag], event);
            ended += 1;
        }
        hb_event_free(event);
    }
}

/* Sends a chat and waits for its end. `outcome` is empty before, but for `stop_at`. */
static inline void outcome_of(struct outcome *outcome, hb_client *client, const hb_request *request) {
    outcome->status =
        hb_chat_stream(client, request, outcome_event, outcome, &outcome->response, &outcome->error);
}

/* The same with any request, of a client of these settings, which it frees. */
static inline void outcome_of_options(struct outcome *outcome, hb_options *options) {
    hb_client *client = client_of(options);
    hb_request *request = test_chat("Tell me a long story");
    memset(outcome, 0, sizeof *outcome);
    outcome_of(outcome, client, request);
    hb_request_free(request);
    hb_client_free(client);
}

static inline void outcome_free(struct outcome *outcome) {
    hb_response_free(outcome->response);
    hb_error_free(outcome->error);
    memset(outcome, 0, sizeof *outcome);
}

/*
 * One check of how a request ended: one DONE and nothing out of order, the same status wherever it is told, so many
 * attempts, a message with these words (none for success), no key in it, and what was delivered is what is kept.
 */
static inline int check_outcome(const char *name, const struct outcome *outcome, hb_status status,
                                int32_t http_status, uint32_t attempts, const char *says) {
    const hb_error *error = outcome->error;
    const hb_response *response = outcome->response;
    const char *message = hb_error_message(error, NULL);
    size_t size = 0;
    const char *text = hb_response_text(response, 0, &size);
    int told = status == HB_OK ? error == NULL
                               : hb_error_status(error) == status && hb_error_http_status(error) == http_status
                                     && hb_error_attempts(error) == attempts && *message != '\0'
                                     && strstr(message, says) != NULL
                                     && strstr(message, setting("HB_TEST_KEY")) == NULL;
    /* A cancel drops the pieces that wait. */
    int kept = (status == HB_E_CANCELLED ? outcome->size <= size : outcome->size == size)
               && memcmp(text, outcome->text, outcome->size) == 0;
    return check(outcome->status == status && told && response != NULL && hb_response_status(response) == status
                     && hb_response_attempts(response) == attempts && kept && outcome->dones == 1
                     && outcome->disorder == 0,
                 name,
                 "%s, HTTP %d, \"%s\", %u attempts, %u retries, %u DONE, %u out of order, response %s with \"%s\", "
                 "delivered \"%.*s\"",
                 hb_status_name(outcome->status), (int)hb_error_http_status(error), message,
                 (unsigned)hb_response_attempts(response), (unsigned)outcome->retries, (unsigned)outcome->dones,
                 (unsigned)outcome->disorder, response == NULL ? "none" : hb_status_name(hb_response_status(response)),
                 text, (int)outcome->size, outcome->text);
}

/* Client and server have counted the same. All that the server at `url` has seen must be of this client. */
static inline void check_counts_at(const char *url, const char *name, const hb_client *client) {
    char *stats = control_at(url, "GET", "/simulator/stats", "");
    long attempts = (long)hb_client_count(client, HB_COUNT_ATTEMPTS);
    long limited = (long)hb_client_count(client, HB_COUNT_RATE_LIMITED);
    long requests = (long)hb_client_count(client, HB_COUNT_REQUESTS);
    long ended = (long)(hb_client_count(client, HB_COUNT_SUCCEEDED) + hb_client_count(client, HB_COUNT_FAILED)
                        + hb_client_count(client, HB_COUNT_CANCELLED));
    long retries = (long)hb_client_count(client, HB_COUNT_RETRIES);
    check(counted(stats, "requests") == attempts && counted(stats, "sent_429") == limited && requests == ended, name,
          "client: %ld attempts, %ld answers 429, %ld retries, %ld requests of which %ld ended; server: %s", attempts,
          limited, retries, requests, ended, stats);
    free(stats);
}

static inline void check_counts(const char *name, const hb_client *client) {
    check_counts_at(setting("HB_TEST_CONTROL"), name, client);
}

#endif
