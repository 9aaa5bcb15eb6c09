/*
 * What the queue costs the thread that uses it: printed, never judged. The server is the project's simulator, or for
 * the way from the socket a listener of this program's own, on this machine.
 */
#include "check.h"

#include <dirent.h>
#include <netdb.h>

#define MOST 2000

static int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_size(const void *a, const void *b) {
    int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;
    return (first > second) - (first < second);
}

/* One line of the table, in microseconds. */
static void report(const char *what, int64_t *ns, size_t count) {
    qsort(ns, count, sizeof *ns, by_size);
    printf("%-58s %9.2f %9.2f %9.2f\n", what, (double)ns[count / 2] / 1000, (double)ns[count * 99 / 100] / 1000,
           (double)ns[count - 1] / 1000);
}

static int32_t HB_CALL go_on(const hb_event *event, void *context) {
    (void)event;
    (void)context;
    return HB_CONTINUE;
}

/* From hb_start to its return, with a history of so many bytes. */
static void starts(const char *what, size_t history) {
    static int64_t took[MOST];
    hb_client *client = test_client("words=1");
    hb_request *request = test_chat("x");
    hb_queue *queue = test_queue();
    char *turn = (char *)memory(history + 1);
    const hb_event *event = NULL;
    size_t i, count = history > 0 ? 200 : MOST;
    memset(turn, 'x', history);
    if (history > 0) hb_request_add_message(request, "assistant", turn, history);
    for (i = 0; i < count; i++) {
        int64_t begun = clock_ns();
        hb_op op = 0;
        if (hb_start(client, request, queue, 0, &op, NULL) != HB_OK) give_up("nothing starts");
        took[i] = clock_ns() - begun;
        /* What is measured is the start; five megabytes need not travel. */
        if (history > 0) hb_cancel(op);
        event = next_of_kind(queue, HB_EVENT_DONE);
        hb_event_free(event);
    }
    report(what, took, count);
    free(turn);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

static void empty_dispatches(void) {
    static int64_t took[MOST];
    hb_queue *queue = test_queue();
    size_t i;
    int j;
    for (i = 0; i < MOST; i++) {
        int64_t begun = clock_ns();
        for (j = 0; j < 100; j++) hb_queue_dispatch(queue, go_on, NULL, 0, 0, NULL);
        took[i] = (clock_ns() - begun) / 100;
    }
    report("hb_queue_dispatch with nothing to do", took, MOST);
    hb_queue_free(queue);
}

/* Five hundred requests that have ended: a piece and an end of each. */
static hb_queue *full_queue(void) {
    enum { REQUESTS = 500 };
    hb_options *options = test_options();
    hb_client *client;
    hb_request *request = test_chat("x");
    hb_queue *queue = test_queue();
    int i;
    hb_options_set_header(options, "x-simulator-fault", "words=1", HB_NUL);
    hb_options_set_max_concurrent(options, 16);
    client = client_of(options);
    for (i = 0; i < REQUESTS; i++) hb_start(client, request, queue, 0, NULL, NULL);
    while (hb_client_count(client, HB_COUNT_SUCCEEDED) < REQUESTS) poll(NULL, 0, 1);
    hb_client_free(client);
    hb_request_free(request);
    return queue;
}

static void dispatches(const char *what, uint32_t budget_us) {
    static int64_t took[MOST];
    size_t count = 0;
    while (count < 40) {
        hb_queue *queue = full_queue();
        uint32_t handled = 1;
        while (count < MOST) {
            int64_t begun = clock_ns();
            hb_queue_dispatch(queue, go_on, NULL, 0, budget_us, &handled);
            if (handled == 0) break;
            took[count++] = clock_ns() - begun;
            if (budget_us == 0) break;
        }
        hb_queue_free(queue);
        if (budget_us == 0 && count >= 5) break;
    }
    report(what, took, count);
}

/* ---- From the socket: a listener that says when it wrote ---- */

struct teller {
    int listener;
    int64_t wrote_ns;
    pthread_mutex_t lock;
    pthread_cond_t next;
    int may_write;
};

static void *tell(void *context) {
    static const char HEAD[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    static const char PIECE[] = "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"word\"}}]}\n\n";
    struct teller *teller = (struct teller *)context;
    char buffer[4096], chunk[256];
    int to = accept(teller->listener, NULL, NULL), i;
    if (to < 0 || read(to, buffer, sizeof buffer) <= 0) give_up("no request");
    send_all(to, HEAD, strlen(HEAD));
    snprintf(chunk, sizeof chunk, "%x\r\n%s\r\n", (unsigned)strlen(PIECE), PIECE);
    for (i = 0; i < MOST; i++) {
        pthread_mutex_lock(&teller->lock);
        while (!teller->may_write) pthread_cond_wait(&teller->next, &teller->lock);
        teller->may_write = 0;
        teller->wrote_ns = clock_ns();
        pthread_mutex_unlock(&teller->lock);
        send_all(to, chunk, strlen(chunk));
    }
    close(to);
    return NULL;
}

static void from_the_socket(void) {
    static int64_t took[MOST];
    struct teller teller;
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    char url[64];
    pthread_t thread;
    hb_options *options = test_options();
    hb_client *client;
    hb_request *request = test_chat("x");
    hb_queue *queue = test_queue();
    const hb_event *event = NULL;
    int i;
    memset(&teller, 0, sizeof teller);
    memset(&address, 0, sizeof address);
    pthread_mutex_init(&teller.lock, NULL);
    pthread_cond_init(&teller.next, NULL);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    teller.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(teller.listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(teller.listener, 1) != 0
        || getsockname(teller.listener, (struct sockaddr *)&address, &size) != 0) {
        give_up("no listener");
    }
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    hb_options_set_base_url(options, url, HB_NUL);
    client = client_of(options);
    pthread_create(&thread, NULL, tell, &teller);
    hb_start(client, request, queue, 0, NULL, NULL);
    for (i = 0; i < MOST; i++) {
        pthread_mutex_lock(&teller.lock);
        teller.may_write = 1;
        pthread_cond_signal(&teller.next);
        pthread_mutex_unlock(&teller.lock);
        event = next_event(queue);
        took[i] = clock_ns() - teller.wrote_ns;
        hb_event_free(event);
    }
    pthread_join(thread, NULL);
    report("from the server's write to the return of hb_queue_next", took, MOST);
    close(teller.listener);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

/* ---- Leaving ---- */

static int lookups_hang;

/* This program's own resolver, which the library finds before the system's: it hangs. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    (void)name;
    (void)service;
    (void)hints;
    *found = NULL;
    while (lookups_hang) poll(NULL, 0, 5);
    return EAI_NONAME;
}

/* A listener whose queue of connections is full: one more is neither taken nor refused. */
static int black_hole(char *url, size_t size) {
    struct sockaddr_in address;
    socklen_t length = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0), i;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 0) != 0
        || getsockname(listener, (struct sockaddr *)&address, &length) != 0) {
        give_up("no listener");
    }
    for (i = 0; i < 4; i++) {
        int filler = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        if (connect(filler, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) {
            give_up("cannot fill the queue");
        }
    }
    snprintf(url, size, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return listener;
}

static void leaves(const char *url, const char *frees, const char *shuts_down) {
    int64_t freed[20], shut[20];
    hb_request *request = test_chat("x");
    size_t i;
    for (i = 0; i < 20; i++) {
        hb_options *options = test_options();
        hb_client *client;
        hb_queue *queue = test_queue();
        int64_t begun;
        hb_options_set_base_url(options, url, HB_NUL);
        client = client_of(options);
        hb_start(client, request, queue, 0, NULL, NULL);
        poll(NULL, 0, 5);
        begun = clock_ns();
        hb_queue_free(queue);
        hb_client_free(client);
        freed[i] = clock_ns() - begun;
        begun = clock_ns();
        hb_shutdown(100);
        shut[i] = clock_ns() - begun;
    }
    hb_request_free(request);
    report(frees, freed, 20);
    report(shuts_down, shut, 20);
}

/* ---- Idle ---- */

/* How often the threads of the library have slept and woken: their switches, by the system's count. */
static long switches(void) {
    DIR *tasks = opendir("/proc/self/task");
    struct dirent *task;
    long sum = 0;
    if (tasks == NULL) give_up("/proc/self/task");
    while ((task = readdir(tasks)) != NULL) {
        char path[300], line[256];
        FILE *status;
        int ours = 0;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
        status = fopen(path, "r");
        if (status == NULL) continue;
        while (fgets(line, sizeof line, status) != NULL) {
            long count;
            ours |= strncmp(line, "Name:\thyperbolic", 16) == 0;
            if (ours && sscanf(line, "voluntary_ctxt_switches: %ld", &count) == 1) sum += count;
        }
        fclose(status);
    }
    closedir(tasks);
    return sum;
}

static void idle(void) {
    hb_client *client = test_client(NULL);
    long before;
    chat_once(client);
    poll(NULL, 0, 500);
    before = switches();
    poll(NULL, 0, 5000);
    printf("%-58s %9ld\n", "wake-ups of an idle client's threads in 5 s", switches() - before);
    hb_client_free(client);
}

int main(void) {
    char url[64];
    int listener;
    check_begin();
    printf("\n%-58s %9s %9s %9s\n", "microseconds", "p50", "p99", "most");
    starts("hb_start", 0);
    starts("the same with a history of 5 MB", 5000000);
    empty_dispatches();
    dispatches("hb_queue_dispatch of 1,000 events", 0);
    dispatches("the same with a budget of 500 us, each call", 500);
    from_the_socket();
    listener = black_hole(url, sizeof url);
    leaves(url, "hb_queue_free and hb_client_free, a black-holed server", "hb_shutdown then");
    close(listener);
    lookups_hang = 1;
    leaves("https://host.invalid", "the same while a name lookup hangs", "hb_shutdown(100) then");
    lookups_hang = 0;
    hb_shutdown(-1);
    idle();
    return check_end();
}
