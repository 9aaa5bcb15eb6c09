/* not-under: valgrind (which masks signals itself, and shows its own masks in /proc) */
/*
 * The library's threads: none before the first request, then at most six, named, and deaf to signals: to the host's,
 * and to the SIGPIPE that a server raises by leaving in the middle of an upload.
 */
#include "check.h"

#include <dirent.h>

enum { MOST = 6, TASKS = 64 };

struct task {
    char name[32];
    unsigned long long blocked, pending;
};

static int read_file(const char *path, char *text, size_t room) {
    FILE *file = fopen(path, "r");
    if (file == NULL) return 0;
    text[fread(text, 1, room - 1, file)] = '\0';
    fclose(file);
    return 1;
}

/* The threads of this process, but for those that end meanwhile. */
static int list_tasks(struct task *tasks) {
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL && count < TASKS) {
        char path[512], text[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        if (!read_file(path, text, sizeof text)) continue;
        const char *name = strstr(text, "Name:\t"), *mask = strstr(text, "SigBlk:\t");
        const char *pending = strstr(text, "SigPnd:\t");
        if (name == NULL || mask == NULL || pending == NULL) continue;
        snprintf(tasks[count].name, sizeof tasks[count].name, "%.*s", (int)strcspn(name + 6, "\n"), name + 6);
        tasks[count].blocked = strtoull(mask + 8, NULL, 16);
        tasks[count].pending = strtoull(pending + 8, NULL, 16);
        count += 1;
    }
    if (folder != NULL) closedir(folder);
    return count;
}

static int is_ours(const struct task *task) {
    return strncmp(task->name, "hyperbolic-", 11) == 0;
}

/* What every thread of the library blocks: all but the faults of the thread itself, and what nobody may block. */
static unsigned long long expected_mask(void) {
    static const int FREE[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS, SIGKILL, SIGSTOP};
    unsigned long long mask = 0;
    size_t i;
    int number;
    for (number = 1; number <= 64; number++) {
        /* 32 and 33 are the C library's own. */
        if (number != 32 && number != 33) mask |= 1ULL << (number - 1);
    }
    for (i = 0; i < sizeof FREE / sizeof *FREE; i++) mask &= ~(1ULL << (FREE[i] - 1));
    return mask;
}

static void check_threads(const char *name, int before) {
    struct task tasks[TASKS];
    int i, ours = 0, blocked = 0, count = list_tasks(tasks);
    for (i = 0; i < count; i++) {
        if (!is_ours(&tasks[i])) continue;
        ours += 1;
        blocked += tasks[i].blocked == expected_mask();
        if (tasks[i].blocked != expected_mask()) {
            printf("# %s blocks %llx, not %llx\n", tasks[i].name, tasks[i].blocked, expected_mask());
        }
    }
    check(ours >= 1 && ours <= MOST, name, "%d threads", ours);
    check_number("all threads but ours were there before", count - ours, before);
    check_number("each of ours blocks every signal that it may", blocked, ours);
}

static pthread_t host;
static volatile sig_atomic_t on_host, elsewhere;

static void on_signal(int number) {
    (void)number;
    if (pthread_equal(pthread_self(), host)) on_host = on_host + 1;
    else elsewhere = elsewhere + 1;
}

/* A signal to the process that the host's thread blocks waits, because no thread of the library takes it. */
static void hosts_signals(hb_client *client) {
    static const int NUMBERS[] = {SIGUSR1, SIGTERM, SIGINT, SIGCHLD, SIGPIPE, SIGHUP, SIGWINCH};
    struct sigaction action;
    sigset_t block, before, pending;
    size_t i, waiting = 0;
    const size_t count = sizeof NUMBERS / sizeof *NUMBERS;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    sigemptyset(&block);
    for (i = 0; i < count; i++) {
        sigaction(NUMBERS[i], &action, NULL);
        sigaddset(&block, NUMBERS[i]);
    }
    pthread_sigmask(SIG_BLOCK, &block, &before);
    for (i = 0; i < count; i++) kill(getpid(), NUMBERS[i]);
    check_status("a request with signals waiting", chat_once(client), HB_OK);
    sigpending(&pending);
    for (i = 0; i < count; i++) waiting += sigismember(&pending, NUMBERS[i]) == 1;
    check_number("the host's signals wait for the host", (long long)waiting, (long long)count);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    check_number("its handlers run on its thread", on_host, (long long)count);
    check_number("and on no other", elsewhere, 0);
}

static int listener;

/* Refuses each upload after a little of it, ends its own side, and resets: what the client then writes breaks the pipe. */
static void *leave_uploads(void *context) {
    static const char REFUSAL[] = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    const struct linger reset = {1, 0};
    char bytes[4096];
    int client;
    while ((client = accept(listener, NULL, NULL)) >= 0) {
        if (recv(client, bytes, sizeof bytes, 0) < 0) continue;
        send_all(client, REFUSAL, strlen(REFUSAL));
        shutdown(client, SHUT_WR);
        setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        close(client);
    }
    return context;
}

/* Whether a thread of ours has a SIGPIPE waiting, which is there for good once it was raised. */
static int is_raised(void) {
    struct task tasks[TASKS];
    int i, raised = 0, count = list_tasks(tasks);
    for (i = 0; i < count; i++) raised += is_ours(&tasks[i]) && (tasks[i].pending >> (SIGPIPE - 1) & 1) != 0;
    return raised > 0;
}

/* When the pipe breaks is a matter of microseconds, so it is tried until it did. */
static void broken_pipe(void) {
    enum { SIZE = 1 << 20, MOST_TRIES = 1000 };
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    pthread_t server;
    char url[64], *text = (char *)memory(SIZE);
    int tries = 0, failed = 0;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 8) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        give_up("no server");
    }
    pthread_create(&server, NULL, leave_uploads, NULL);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    hb_options *options = hb_options_new();
    hb_options_set_base_url(options, url, HB_NUL);
    hb_client *client = client_of(options);
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    memset(text, 'x', SIZE);
    hb_request_add_message(request, "user", text, SIZE);
    while (!is_raised() && tries < MOST_TRIES) {
        hb_status status = hb_chat(client, request, NULL, NULL);
        failed += status == HB_E_CONNECT || status == HB_E_BAD_REQUEST;
        tries += 1;
    }
    check(is_raised(), "a pipe breaks, SIGPIPE is raised, and the host lives", "not raised in %d tries", tries);
    check_number("each of these uploads failed", failed, tries);
    shutdown(listener, SHUT_RDWR);
    pthread_join(server, NULL);
    close(listener);
    free(text);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    struct task tasks[TASKS];
    sigset_t before, after;
    int number, differ = 0;
    check_begin();
    host = pthread_self();
    int at_first = list_tasks(tasks);
    pthread_sigmask(SIG_BLOCK, NULL, &before);
    hb_client *client = test_client(NULL), *by_name = NULL;
    hb_queue *queue = test_queue();
    check_number("no thread before the first request", list_tasks(tasks), at_first);
    check_status("the first request", chat_once(client), HB_OK);
    check_threads("threads after the first request", at_first);

    /* Name lookups have threads of their own. */
    char url[64];
    int i;
    hb_options *options = test_options();
    snprintf(url, sizeof url, "http://localhost:%d", port_of(setting("HB_TEST_URL")));
    hb_options_set_base_url(options, url, HB_NUL);
    by_name = client_of(options);
    hb_request *request = test_chat("x");
    for (i = 0; i < 32; i++) hb_start(by_name, request, queue, 0, NULL, NULL);
    for (i = 0; i < 32; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        check(done != NULL && done->status == HB_OK, "a request by name", "it failed");
        hb_event_free(done);
    }
    check_threads("threads after many name lookups", at_first);
    pthread_sigmask(SIG_BLOCK, NULL, &after);
    for (number = 1; number < 32; number++) differ += sigismember(&before, number) != sigismember(&after, number);
    check_number("the host's own mask is as it was; signals that differ", differ, 0);
    broken_pipe();
    hosts_signals(client);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(by_name);
    hb_client_free(client);
    return check_end();
}
