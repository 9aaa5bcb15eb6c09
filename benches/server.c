/*
 * The server of the benchmarks: a process of its own that answers from bytes which it made beforehand, so that the
 * client is what is measured. It reads a request by its path alone.
 *
 *     /flood/EVENTS/BYTES/...       a stream of so many events, as fast as the socket takes them, each in a chunk of
 *                                   HTTP of its own and with so many bytes of text, or with a word if BYTES is 0
 *     /paced/STREAMS/US/EVENTS/...  once so many streams are there, each gets an event every so many microseconds,
 *                                   whose text is the moment of its sending
 *     /unary/...                    a whole answer
 *     /first/...                    nothing, but a line on standard output with the moment of the first byte
 *     /text/EVENTS/BYTES            the text of that flood
 *     /report                       how the last paced run went: a run counts only if it kept its schedule
 *
 * It serves one thing at a time, on one thread, and ends when its standard input closes.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ = 16384, BLOCK = 1000, MOST_FILES = 65536, EVENT = 512, STAMP = 20, LATE_NS = 5000000 };

/* The head of a stream, the event that begins and the two that end it, as vLLM writes them. */
#define OPEN "{\"id\":\"chatcmpl-8f0c7b9de3a14b5f9c1d2e3f40516273\",\"object\":\"chat.completion.chunk\","  \
             "\"created\":1739527763,\"model\":\"meta-llama/Llama-3.3-70B-Instruct\",\"choices\":[{\"index\":0,\"delta\":"
#define CLOSE ",\"logprobs\":null,\"finish_reason\":null}],\"usage\":null}"
static const char STREAM[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n";
static const char BEGIN[] = OPEN "{\"role\":\"assistant\",\"content\":\"\"}" CLOSE;
static const char STOP[] = OPEN "{},\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":null}";
static const char UNARY[] =
    "{\"id\":\"chatcmpl-8f0c7b9de3a14b5f9c1d2e3f40516273\",\"object\":\"chat.completion\",\"created\":1739527763,"
    "\"model\":\"meta-llama/Llama-3.3-70B-Instruct\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
    "\"content\":\"The sky is blue because air scatters short waves of light more than long ones.\"},"
    "\"logprobs\":null,\"finish_reason\":\"stop\"}],"
    "\"usage\":{\"prompt_tokens\":14,\"completion_tokens\":18,\"total_tokens\":32}}";

/* What models say, as JSON has it: most pieces are short, some have an escape or a letter beyond ASCII. */
static const char *const WORDS[] = {
    " the", " sky", ",", " scatters", " of", " a", " light", " wavelengths", " is", " and", ".", "\\n\\n", " Rayleigh",
    " \\\"blue\\\"", " because", " in", " molecules", " that", " stra\xc3\x9f" "e", " shorter", " we", " \\u2014", " see",
    " it", " during", " the", " day", ":", " an", " explanation", " which", " holds"};

struct text {
    char *bytes;
    size_t size, room;
};

/* What is sent again and again: a thousand events, and where each ends. */
struct block {
    size_t text_bytes;
    struct text events, text;
    size_t event_ends[BLOCK], text_ends[BLOCK];
};

struct connection {
    int used;
    char request[READ];
    size_t size;
    /* A flood under way. */
    const struct block *flood;
    size_t events_left, at, until;
    const char *tail;
    size_t tail_size;
};

/* The paced run under way, and what became of the last. */
static struct {
    long streams, us, events, joined;
    int files[MOST_FILES];
    int64_t sent, late, broken, most_late_ns;
    uint64_t sum;
} paced;

static struct connection *connections[MOST_FILES];
static struct block blocks[4];
static struct text tail, begin_chunk;
static int loop;

static void die(const char *what) {
    perror(what);
    exit(1);
}

static int64_t clock_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add(struct text *text, const char *bytes, size_t size) {
    if (text->size + size > text->room) {
        text->room = (text->size + size) * 2;
        text->bytes = realloc(text->bytes, text->room);
        if (text->bytes == NULL) die("memory");
    }
    memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

static void add_chunk(struct text *text, const char *json) {
    char head[32];
    size_t size = strlen(json);
    int length = snprintf(head, sizeof head, "%zx\r\ndata: ", size + strlen("data: \n\n"));
    add(text, head, (size_t)length);
    add(text, json, size);
    add(text, "\n\n\r\n", 4);
}

/* The text that a string of JSON stands for; of escapes only those of WORDS. */
static void add_plain(struct text *text, const char *json) {
    for (; *json != '\0'; json++) {
        if (strncmp(json, "\\u2014", 6) == 0) {
            add(text, "\xe2\x80\x94", 3);
            json += 5;
        } else if (*json == '\\') {
            json++;
            add(text, *json == 'n' ? "\n" : json, 1);
        } else {
            add(text, json, 1);
        }
    }
}

static const struct block *block_of(size_t text_bytes) {
    struct block *block = blocks;
    char *word = malloc(text_bytes + 1), *json = malloc(text_bytes + 2 * EVENT);
    size_t i;
    if (word == NULL || json == NULL) die("memory");
    while (block->events.size > 0 && block->text_bytes != text_bytes && block < blocks + 3) block++;
    if (block->events.size > 0 && block->text_bytes == text_bytes) {
        free(word);
        free(json);
        return block;
    }
    block->text_bytes = text_bytes;
    block->events.size = block->text.size = 0;
    for (i = 0; i < BLOCK; i++) {
        const char *piece = WORDS[(i * 7 + i / 32) % (sizeof WORDS / sizeof *WORDS)];
        if (text_bytes > 0) {
            memset(word, 'a' + (int)(i % 26), text_bytes);
            word[text_bytes] = '\0';
            piece = word;
        }
        sprintf(json, "%s{\"content\":\"%s\"}%s", OPEN, piece, CLOSE);
        add_chunk(&block->events, json);
        add_plain(&block->text, piece);
        block->event_ends[i] = block->events.size;
        block->text_ends[i] = block->text.size;
    }
    free(word);
    free(json);
    return block;
}

/* A short answer, sent at once: the socket has room for it. */
static void answer(int file, const char *type, const char *body, size_t size) {
    char head[256];
    int length = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", type, size);
    struct text whole = {0};
    size_t at = 0;
    add(&whole, head, (size_t)length);
    add(&whole, body, size);
    while (at < whole.size) {
        ssize_t sent = send(file, whole.bytes + at, whole.size - at, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN && errno != EINTR) break;
        if (sent > 0) at += (size_t)sent;
    }
    free(whole.bytes);
}

static void leave(int file) {
    free(connections[file]);
    connections[file] = NULL;
    close(file);
}

static void watch(int file, uint32_t events, int change) {
    struct epoll_event wanted = {.events = events, .data.fd = file};
    if (epoll_ctl(loop, change, file, &wanted) != 0) die("epoll_ctl");
}

/* ---- Flood ---- */

/* Sends on until the socket is full or all is sent. */
static void pour(int file) {
    struct connection *to = connections[file];
    while (to->events_left > 0 || to->at < to->until || to->tail_size > 0) {
        ssize_t sent;
        if (to->at < to->until) {
            sent = send(file, to->flood->events.bytes + to->at, to->until - to->at, MSG_NOSIGNAL);
            if (sent > 0) to->at += (size_t)sent;
        } else if (to->events_left > 0) {
            size_t now = to->events_left < BLOCK ? to->events_left : BLOCK;
            to->events_left -= now;
            to->at = 0;
            to->until = to->flood->event_ends[now - 1];
            continue;
        } else {
            sent = send(file, to->tail, to->tail_size, MSG_NOSIGNAL);
            if (sent > 0) {
                to->tail += sent;
                to->tail_size -= (size_t)sent;
            }
        }
        if (sent < 0 && errno == EAGAIN) {
            watch(file, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
            return;
        }
        if (sent < 0 && errno != EINTR) {
            leave(file);
            return;
        }
    }
    to->flood = NULL;
    watch(file, EPOLLIN, EPOLL_CTL_MOD);
}

static void flood(int file, size_t events, size_t text_bytes) {
    struct connection *to = connections[file];
    to->flood = block_of(text_bytes);
    to->events_left = events;
    to->at = to->until = 0;
    to->tail = tail.bytes;
    to->tail_size = tail.size;
    if (send(file, STREAM, strlen(STREAM), MSG_NOSIGNAL) < 0
        || send(file, begin_chunk.bytes, begin_chunk.size, MSG_NOSIGNAL) < 0) {
        leave(file);
    } else {
        pour(file);
    }
}

/* ---- Paced ---- */

static void sleep_until(int64_t moment) {
    struct timespec until = {.tv_sec = moment / 1000000000, .tv_nsec = moment % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) continue;
}

/* The streams take turns, evenly spread over the time between two events of one. */
static void run_paced(void) {
    struct text event = {0};
    char json[EVENT], *stamp;
    int64_t i, all = paced.streams * paced.events, begun, now = 0;
    snprintf(json, sizeof json, "%s{\"content\":\"%0*d\"}%s", OPEN, STAMP, 0, CLOSE);
    add_chunk(&event, json);
    add(&event, "", 1);
    stamp = strstr(event.bytes, "\"content\":\"") + strlen("\"content\":\"");
    begun = clock_ns() + 100000000;
    for (i = 0; i < all; i++) {
        int64_t due = begun + i * paced.us * 1000 / paced.streams;
        char digits[STAMP + 1];
        while ((now = clock_ns()) < due) sleep_until(due);
        snprintf(digits, sizeof digits, "%0*lld", STAMP, (long long)now);
        memcpy(stamp, digits, STAMP);
        if (send(paced.files[i % paced.streams], event.bytes, event.size - 1, MSG_NOSIGNAL) != (ssize_t)event.size - 1) {
            paced.broken++;
        }
        paced.sent++;
        paced.sum += (uint64_t)now;
        paced.late += now - due > LATE_NS;
        if (now - due > paced.most_late_ns) paced.most_late_ns = now - due;
    }
    for (i = 0; i < paced.streams; i++) {
        if (send(paced.files[i], tail.bytes, tail.size, MSG_NOSIGNAL) != (ssize_t)tail.size) paced.broken++;
    }
    free(event.bytes);
    paced.joined = 0;
}

static void join(int file, long streams, long us, long events) {
    if (paced.joined == 0) {
        memset(&paced, 0, sizeof paced);
        paced.streams = streams;
        paced.us = us;
        paced.events = events;
    }
    if (send(file, STREAM, strlen(STREAM), MSG_NOSIGNAL) < 0
        || send(file, begin_chunk.bytes, begin_chunk.size, MSG_NOSIGNAL) < 0) {
        paced.broken++;
    }
    paced.files[paced.joined++] = file;
    if (paced.joined == paced.streams) run_paced();
}

static void report(int file) {
    char body[512];
    int size = snprintf(body, sizeof body,
                        "{\"streams\":%ld,\"sent\":%lld,\"late\":%lld,\"broken\":%lld,\"most_late_ns\":%lld,\"sum\":%llu}",
                        paced.streams, (long long)paced.sent, (long long)paced.late, (long long)paced.broken,
                        (long long)paced.most_late_ns, (unsigned long long)paced.sum);
    answer(file, "application/json", body, (size_t)size);
}

/* ---- Requests ---- */

static void send_text(int file, size_t events, size_t text_bytes) {
    const struct block *block = block_of(text_bytes);
    struct text text = {0};
    while (events > 0) {
        size_t now = events < BLOCK ? events : BLOCK;
        add(&text, block->text.bytes, block->text_ends[now - 1]);
        events -= now;
    }
    answer(file, "text/plain", text.bytes, text.size);
    free(text.bytes);
}

static void serve(int file, const char *path) {
    size_t events, bytes;
    long streams, us, count;
    if (sscanf(path, "/flood/%zu/%zu/", &events, &bytes) == 2) flood(file, events, bytes);
    else if (sscanf(path, "/paced/%ld/%ld/%ld/", &streams, &us, &count) == 3) join(file, streams, us, count);
    else if (sscanf(path, "/text/%zu/%zu", &events, &bytes) == 2) send_text(file, events, bytes);
    else if (strncmp(path, "/unary/", 7) == 0) answer(file, "application/json", UNARY, strlen(UNARY));
    else if (strncmp(path, "/report", 7) == 0) report(file);
    else answer(file, "text/plain", "?", 1);
}

/* The size of the request that begins here, once it is whole; 0 before. */
static size_t whole_request(const char *request) {
    const char *end = strstr(request, "\r\n\r\n"), *length;
    if (end == NULL) return 0;
    length = strcasestr(request, "\r\ncontent-length:");
    if (length == NULL || length > end) return (size_t)(end + 4 - request);
    return (size_t)(end + 4 - request) + strtoul(length + 17, NULL, 10);
}

/* Takes what came; says whether the connection is still of use. */
static int hear(int file) {
    struct connection *from = connections[file];
    ssize_t got = recv(file, from->request + from->size, READ - 1 - from->size, 0);
    size_t whole;
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return 1;
    if (got <= 0) return 0;
    if (!from->used) {
        int64_t now = clock_ns();
        from->used = 1;
        /* The first byte of TLS, or a request that asks for it. */
        if (from->request[0] == 0x16 || memmem(from->request, (size_t)got, " /first/", 8) != NULL) {
            printf("first %lld\n", (long long)now);
            fflush(stdout);
            return 0;
        }
    }
    from->size += (size_t)got;
    from->request[from->size] = '\0';
    whole = whole_request(from->request);
    if (whole > READ - 1) return 0;
    if (whole > 0 && from->size >= whole) {
        from->size = 0;
        serve(file, strchr(from->request, ' ') + 1);
    }
    return 1;
}

static void welcome(int listener) {
    for (;;) {
        int on = 1, file = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (file < 0) return;
        if (file >= MOST_FILES || (connections[file] = calloc(1, sizeof(struct connection))) == NULL) die("connections");
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(file, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static int listen_on_loopback(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 4096) != 0
        || getsockname(listener, (struct sockaddr *)&address, &size) != 0) {
        die("no listener");
    }
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return listener;
}

int main(void) {
    struct epoll_event ready[256];
    int listener = listen_on_loopback(), count, i;
    signal(SIGPIPE, SIG_IGN);
    add_chunk(&begin_chunk, BEGIN);
    add_chunk(&tail, STOP);
    add_chunk(&tail, "[DONE]");
    add(&tail, "0\r\n\r\n", 5);
    if ((loop = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll");
    watch(listener, EPOLLIN, EPOLL_CTL_ADD);
    watch(STDIN_FILENO, EPOLLIN, EPOLL_CTL_ADD);
    for (;;) {
        count = epoll_wait(loop, ready, 256, -1);
        if (count < 0 && errno != EINTR) die("epoll_wait");
        for (i = 0; i < count; i++) {
            int file = ready[i].data.fd;
            char byte;
            if (file == STDIN_FILENO && read(STDIN_FILENO, &byte, 1) <= 0) return 0;
            if (file == listener) welcome(listener);
            else if (connections[file] != NULL && (ready[i].events & EPOLLOUT) && connections[file]->flood != NULL) pour(file);
            else if (connections[file] != NULL && !hear(file)) leave(file);
        }
    }
}
