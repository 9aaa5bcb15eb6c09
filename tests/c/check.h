/*
 * What every program here needs: checks that print `ok NAME` or `not ok NAME: why`, the simulator's control routes,
 * clients of it, and a bound on hanging. C99 and C++17. Include it first: it chooses the system's features.
 *
 * From the environment: HB_TEST_URL, a simulator of the program's own; HB_TEST_TLS_URL and HB_TEST_CA, one with TLS
 * and HTTP/2 and the file of its certificate; HB_TEST_CONTROL and HB_TEST_TLS_CONTROL, their control routes, which no
 * fault reaches; HB_TEST_KEY, the key that both accept.
 */

#ifndef CHECK_H
#define CHECK_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include <hyperbolic.h>

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MODEL "meta-llama/Llama-3.3-70B-Instruct"
#define BASE_MODEL "meta-llama/Meta-Llama-3.1-405B"

/* Longer than any run takes, so that only a hang meets it; SIGALRM then ends the program. */
#define HANG_SECONDS 280
/* How long a condition may take to come true. Only a failing check waits this long. */
#define PATIENCE_MS 30000

static int check_failures;

/* One verdict. `why` and what follows it are printed if `good` is 0. */
static inline int check(int good, const char *name, const char *why, ...) {
    if (good) {
        printf("ok %s\n", name);
        return 1;
    }
    va_list values;
    va_start(values, why);
    flockfile(stdout);
    printf("not ok %s: ", name);
    vprintf(why, values);
    printf("\n");
    funlockfile(stdout);
    va_end(values);
    check_failures += 1;
    return 0;
}

static inline int check_number(const char *name, long long got, long long want) {
    return check(got == want, name, "got %lld, not %lld", got, want);
}

static inline int check_status(const char *name, hb_status got, hb_status want) {
    return check(got == want, name, "got %s, not %s", hb_status_name(got), hb_status_name(want));
}

static inline int check_text(const char *name, const char *got, const char *want) {
    return check(strcmp(got, want) == 0, name, "got \"%s\", not \"%s\"", got, want);
}

static inline int check_has(const char *name, const char *text, const char *part) {
    return check(strstr(text, part) != NULL, name, "\"%s\" is not in \"%s\"", part, text);
}

static inline int check_lacks(const char *name, const char *text, const char *part) {
    return check(strstr(text, part) == NULL, name, "\"%s\" is in \"%s\"", part, text);
}

/* Whether a call succeeded; if not, its error says why. Frees the error, which is read after the call was made. */
static inline int check_ok(const char *name, hb_status status, hb_error **error) {
    int good = check(status == HB_OK && *error == NULL, name, "%s: %s", hb_status_name(status),
                     hb_error_message(*error, NULL));
    hb_error_free(*error);
    return good;
}

static inline void check_begin(void) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    alarm(HANG_SECONDS);
}

/* What main answers. */
static inline int check_end(void) {
    return check_failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* A program without its surroundings proves nothing. */
static inline void give_up(const char *why) {
    printf("not ok surroundings: %s\n", why);
    exit(EXIT_FAILURE);
}

static inline const char *setting(const char *name) {
    const char *value = getenv(name);
    if (value == NULL) give_up(name);
    return value;
}

/* A setting that need not be there. */
static inline long number_in(const char *name, long otherwise) {
    const char *value = getenv(name);
    return value == NULL ? otherwise : atol(value);
}

static inline void *memory(size_t size) {
    void *bytes = calloc(1, size);
    if (bytes == NULL) give_up("no memory");
    return bytes;
}

/* Milliseconds of a clock that only goes forward. */
static inline int64_t clock_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- The simulator's control routes, over plain sockets ---- */

static inline int connect_to(int port) {
    struct sockaddr_in address;
    int socket_fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (socket_fd < 0 || connect(socket_fd, (struct sockaddr *)&address, sizeof address) != 0) {
        give_up("cannot connect to the simulator");
    }
    return socket_fd;
}

static inline int port_of(const char *url) {
    const char *colon = strrchr(url, ':');
    return colon == NULL ? 0 : atoi(colon + 1);
}

static inline void send_all(int to, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t sent = send(to, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

/* Everything that comes until the other side closes, with a NUL behind it. */
static inline char *read_all(int from) {
    size_t size = 0, room = 1 << 16;
    char *bytes = (char *)memory(room);
    for (;;) {
        ssize_t got = read(from, bytes + size, room - size - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size += (size_t)got;
        if (room - size < 1024) {
            bytes = (char *)realloc(bytes, room *= 2);
            if (bytes == NULL) give_up("no memory");
        }
    }
    bytes[size] = '\0';
    return bytes;
}

/*
 * One request to the control routes at `url`; gives the body of its answer, to be freed. HTTP/1.0, so that it comes
 * unchunked.
 */
static inline char *control_at(const char *url, const char *method, const char *path, const char *body) {
    char head[512];
    int server = connect_to(port_of(url));
    int size = snprintf(head, sizeof head, "%s %s HTTP/1.0\r\nHost: localhost\r\nContent-Length: %lu\r\n\r\n",
                        method, path, (unsigned long)strlen(body));
    send_all(server, head, (size_t)size);
    send_all(server, body, strlen(body));
    char *answer = read_all(server);
    close(server);
    char *content = strstr(answer, "\r\n\r\n");
    /* 504 is a wait that ran out of time; the counters in it are for a check to judge. */
    if (strncmp(answer, "HTTP/1.", 7) != 0 || content == NULL
        || (answer[9] != '2' && strncmp(answer + 9, "504", 3) != 0)) {
        printf("# %s %s: %s\n", method, path, answer);
        give_up("the simulator refused a control request");
    }
    memmove(answer, content + 4, strlen(content + 4) + 1);
    return answer;
}

static inline char *control(const char *method, const char *path, const char *body) {
    return control_at(setting("HB_TEST_CONTROL"), method, path, body);
}

static inline void control_only(const char *method, const char *path, const char *body) {
    free(control(method, path, body));
}

/* What is different about the answers to requests that bring no script of their own. */
static inline void faults(const char *script) {
    control_only("PUT", "/simulator/faults", script);
}

/* The last request as the server saw it, as JSON with its keys in order; to be freed. */
static inline char *last_request(void) {
    return control("GET", "/simulator/last", "");
}

/* The value of a counter in the server's statistics. */
static inline long counted(const char *stats, const char *name) {
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *found = strstr(stats, key);
    return found == NULL ? -1 : atol(found + strlen(key));
}

static inline long count_at(const char *url, const char *name) {
    char *stats = control_at(url, "GET", "/simulator/stats", "");
    long value = counted(stats, name);
    free(stats);
    return value;
}

static inline long count_of(const char *name) {
    return count_at(setting("HB_TEST_CONTROL"), name);
}

/* Waits on the server until a counter has reached `least`; its value then, or when the time was up. */
static inline long wait_for_count_at(const char *url, const char *name, long least) {
    char path[128];
    snprintf(path, sizeof path, "/simulator/wait?%s=%ld&timeout-ms=%d", name, least, PATIENCE_MS);
    char *stats = control_at(url, "GET", path, "");
    long value = counted(stats, name);
    free(stats);
    return value;
}

static inline long wait_for_count(const char *name, long least) {
    return wait_for_count_at(setting("HB_TEST_CONTROL"), name, least);
}

/* Writes `text` so that it can stand as a value in a script of faults. */
static inline char *encoded(const char *text) {
    char *out = (char *)memory(strlen(text) * 3 + 1), *at = out;
    for (; *text != '\0'; text++) {
        if (isalnum((unsigned char)*text)) *at++ = *text;
        else at += sprintf(at, "%%%02X", (unsigned char)*text);
    }
    return out;
}

/* Whether `json` holds `member` ("key":value, as compact JSON writes it) as a whole. */
static inline int json_has(const char *json, const char *member) {
    const char *found = json;
    while ((found = strstr(found, member)) != NULL) {
        char next = found[strlen(member)];
        if (next == ',' || next == '}' || next == ']' || next == '\0') return 1;
        found += 1;
    }
    return 0;
}

/* ---- The library ---- */

/* Settings for the simulator, with the key. A request is sent once: what becomes of it is what is looked at. */
static inline hb_options *test_options(void) {
    hb_options *options = hb_options_new();
    hb_options_set_base_url(options, setting("HB_TEST_URL"), HB_NUL);
    hb_options_set_api_key(options, setting("HB_TEST_KEY"), HB_NUL);
    hb_options_set_max_retries(options, 0);
    return options;
}

/* Settings for the simulator with TLS and HTTP/2. */
static inline hb_options *tls_options(void) {
    hb_options *options = test_options();
    FILE *file = fopen(setting("HB_TEST_CA"), "rb");
    if (file == NULL) give_up("HB_TEST_CA cannot be read");
    char *pem = read_all(fileno(file));
    fclose(file);
    hb_options_set_base_url(options, setting("HB_TEST_TLS_URL"), HB_NUL);
    hb_options_add_ca_pem(options, pem, HB_NUL);
    free(pem);
    return options;
}

/* A client of these settings, which it frees. */
static inline hb_client *client_of(hb_options *options) {
    hb_client *client = NULL;
    hb_error *error = NULL;
    if (hb_client_new(options, &client, &error) != HB_OK) {
        printf("# %s\n", hb_error_message(error, NULL));
        give_up("no client");
    }
    hb_options_free(options);
    return client;
}

/* A client whose requests carry a script of faults; NULL is none. */
static inline hb_client *test_client(const char *script) {
    hb_options *options = test_options();
    if (script != NULL) hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return client_of(options);
}

static inline hb_request *test_chat(const char *text) {
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_request_add_message(request, "user", text, HB_NUL);
    return request;
}

static inline hb_queue *test_queue(void) {
    hb_queue *queue = NULL;
    if (hb_queue_new(&queue, NULL) != HB_OK) give_up("no queue");
    return queue;
}

/* The next event of a queue, which must come; NULL, after a failed check, if it does not. */
static inline const hb_event *next_event(hb_queue *queue) {
    const hb_event *event = NULL;
    hb_status status = hb_queue_next(queue, PATIENCE_MS, &event);
    if (status != HB_OK) check_status("an event comes", status, HB_OK);
    return event;
}

/* Takes events until one of `kind` comes, and gives that one; NULL if the queue has no more. */
static inline const hb_event *next_of_kind(hb_queue *queue, uint32_t kind) {
    const hb_event *event = next_event(queue);
    while (event != NULL && event->kind != kind) {
        hb_event_free(event);
        event = next_event(queue);
    }
    return event;
}

/* Sends one chat and throws its answer away; the call's status. */
static inline hb_status chat_once(hb_client *client) {
    hb_request *request = test_chat("hello");
    hb_response *response = NULL;
    hb_status status = hb_chat(client, request, &response, NULL);
    hb_response_free(response);
    hb_request_free(request);
    return status;
}

#endif
