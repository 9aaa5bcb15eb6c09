/*
 * What the programs of tests/lab need beyond check.h: the link between two networks, what the system and real servers
 * say of connections, and requests that are under way.
 *
 * From the environment: HB_LAB, the program that breaks and mends the link (tests/lab/link).
 */

#ifndef LAB_H
#define LAB_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "check.h"

#include <dirent.h>

/* Between two looks at a condition that nobody can wait for. */
#define LOOK_MS 10

/* Waits until `condition` holds, or nobody has patience any more. */
#define WAIT_UNTIL(condition)                                                         \
    do {                                                                              \
        int64_t patience_ends = clock_ms() + PATIENCE_MS;                             \
        while (!(condition) && clock_ms() < patience_ends) poll(NULL, 0, LOOK_MS);    \
    } while (0)

/* Trusts the authority whose certificate is in the file that this variable names. */
static inline void trust(hb_options *options, const char *variable) {
    FILE *file = fopen(setting(variable), "rb");
    if (file == NULL) give_up(variable);
    char *pem = read_all(fileno(file));
    fclose(file);
    hb_options_add_ca_pem(options, pem, HB_NUL);
    free(pem);
}

/* ---- The link ---- */

/* What `$HB_LAB ARGUMENTS` prints, to be freed. */
static inline char *lab_says(const char *arguments) {
    char command[1024];
    snprintf(command, sizeof command, "'%s' %s", setting("HB_LAB"), arguments);
    FILE *lab = popen(command, "r");
    if (lab == NULL) give_up("no shell");
    char *said = read_all(fileno(lab));
    if (pclose(lab) != 0) give_up(command);
    return said;
}

static inline void lab(const char *arguments) {
    free(lab_says(arguments));
}

/* Waits until a counter of the simulator at `url`, on the other side, has reached `least`; its value then. */
static inline long lab_wait_for_count(const char *url, const char *name, long least) {
    char arguments[256];
    snprintf(arguments, sizeof arguments, "control '%s/simulator/wait?%s=%ld&timeout-ms=%d'", url, name, least,
             PATIENCE_MS);
    char *stats = lab_says(arguments);
    long value = counted(stats, name);
    free(stats);
    return value;
}

/* Settings for a server that is not on this machine. */
static inline hb_options *lab_options(const char *url, const char *script) {
    hb_options *options = strncmp(url, "https", 5) == 0 ? tls_options() : test_options();
    hb_options_set_base_url(options, url, HB_NUL);
    hb_options_set_allow_http(options, 1);
    if (script != NULL) hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return options;
}

/* ---- What the system counts ---- */

#define ESTABLISHED 1
#define SYN_SENT 2
#define CLOSE_WAIT 8

/* IPv4 connections of this network in `state`, to this port, as the system's table has them. */
static inline int connections_in(unsigned state, int port) {
    char line[512];
    int count = 0;
    FILE *table = fopen("/proc/self/net/tcp", "r");
    if (table == NULL) give_up("no table of connections");
    while (fgets(line, sizeof line, table) != NULL) {
        unsigned to, is;
        if (sscanf(line, "%*d: %*x:%*x %*x:%x %x", &to, &is) == 2) count += is == state && to == (unsigned)port;
    }
    fclose(table);
    return count;
}

static inline int entries_of(const char *path) {
    int count = 0;
    DIR *folder = opendir(path);
    if (folder == NULL) give_up(path);
    while (readdir(folder) != NULL) count += 1;
    closedir(folder);
    return count;
}

static inline int descriptors(void) {
    return entries_of("/proc/self/fd");
}

static inline int threads(void) {
    return entries_of("/proc/self/task");
}

/* How many lines of a file hold every one of these words; NULL is any. A file that is not there has none. */
static inline int lines_with(const char *path, const char *word, const char *other) {
    char line[4096];
    int count = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        count += strstr(line, word) != NULL && (other == NULL || strstr(line, other) != NULL);
    }
    fclose(file);
    return count;
}

/* ---- Requests ---- */

/* One blocking chat: how it ended, and its text. */
struct outcome {
    hb_status status;
    hb_response *response;
    hb_error *error;
};

static inline struct outcome chat_with(hb_client *client) {
    struct outcome outcome = {HB_OK, NULL, NULL};
    hb_request *request = test_chat("hello");
    outcome.status = hb_chat(client, request, &outcome.response, &outcome.error);
    hb_request_free(request);
    return outcome;
}

/* The same with a client of its own, made with these settings, which it frees. */
static inline struct outcome chat_by(hb_options *options) {
    hb_client *client = client_of(options);
    struct outcome outcome = chat_with(client);
    hb_client_free(client);
    return outcome;
}

static inline const char *message_of(const struct outcome *outcome) {
    return hb_error_message(outcome->error, NULL);
}

static inline void forget(struct outcome *outcome) {
    hb_response_free(outcome->response);
    hb_error_free(outcome->error);
}

/* One check that a chat was answered, in one attempt; frees what came. */
static inline int check_answered(const char *name, struct outcome outcome) {
    uint32_t attempts = hb_response_attempts(outcome.response);
    int good = check(outcome.status == HB_OK && attempts == 1, name, "%s: %s (%u attempts)",
                     hb_status_name(outcome.status), message_of(&outcome), (unsigned)attempts);
    forget(&outcome);
    return good;
}

/* One check of how a chat failed; frees what came. */
static inline int check_failed(const char *name, struct outcome outcome, hb_status status, const char *says) {
    int good = check(outcome.status == status && strstr(message_of(&outcome), says) != NULL, name, "%s: \"%s\"",
                     hb_status_name(outcome.status), message_of(&outcome));
    check_lacks("no key in the message", message_of(&outcome), setting("HB_TEST_KEY"));
    forget(&outcome);
    return good;
}

static inline hb_op start_chat(hb_client *client, hb_queue *queue, uint64_t tag) {
    hb_request *request = test_chat("hello");
    hb_error *error = NULL;
    hb_op op = 0;
    if (hb_start(client, request, queue, tag, &op, &error) != HB_OK) give_up(hb_error_message(error, NULL));
    hb_request_free(request);
    return op;
}

/* One check that the next event is DONE, which waits already, of a request that was cancelled. */
static inline void check_cancelled_at_once(const char *name, hb_queue *queue) {
    const hb_event *event = NULL;
    hb_status status = hb_queue_next(queue, 0, &event);
    check(status == HB_OK && event->kind == HB_EVENT_DONE && event->status == HB_E_CANCELLED, name, "%s, kind %u, %s",
          hb_status_name(status), event == NULL ? 0 : (unsigned)event->kind,
          event == NULL ? "" : hb_status_name(event->status));
    hb_event_free(event);
}

#endif
