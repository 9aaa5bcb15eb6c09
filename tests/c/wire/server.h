/*
 * A server that answers every request with the body of one byte case, cut into the writes that were asked for. It
 * goes on writing only once the library has decoded what was written before.
 */

#ifndef WIRE_SERVER_H
#define WIRE_SERVER_H

#include "check.h"

#include <netinet/tcp.h>

/* Of test builds only: bytes of answers that were decoded, and requests that have ended, since the start; and a wait
 * for either, which answers whether the bytes were. */
HB_API void hb_test_progress(uint64_t *decoded, uint64_t *ended);
HB_API int32_t hb_test_wait(uint64_t decoded, uint64_t ended);

struct text {
    const char *bytes;
    size_t size;
};

/* As split: the whole body in one write, or every byte by itself. */
#define WHOLE 0
#define BYTEWISE ((size_t)-1)

#define BODY_MOST 4096
/* A client whose connection is still being drained opens another one; the old one then serves again. */
#define CONNECTIONS_MOST 64

/* What the next request is answered with. */
struct script {
    int http_status;
    const char *content_type;
    struct text body;
    size_t split;
};

static struct {
    pthread_mutex_t lock;
    int listener;
    struct script script;
    /* Requests that ended before the library had decoded the first of two writes. */
    int unconsumed;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void set_script(struct script script) {
    pthread_mutex_lock(&server.lock);
    server.script = script;
    pthread_mutex_unlock(&server.lock);
}

static int count_unconsumed(int more) {
    pthread_mutex_lock(&server.lock);
    int count = server.unconsumed += more;
    pthread_mutex_unlock(&server.lock);
    return count;
}

/* Appends a chunk of HTTP/1.1's chunked coding; gives the place behind it. */
static char *chunk(char *at, const char *bytes, size_t size) {
    at += sprintf(at, "%lx\r\n", (unsigned long)size);
    memcpy(at, bytes, size);
    memcpy(at + size, "\r\n", 2);
    return at + size + 2;
}

static void write_answer(int to) {
    static char out[BODY_MOST + 1024];
    uint64_t decoded, ended;
    size_t i;
    pthread_mutex_lock(&server.lock);
    struct script script = server.script;
    pthread_mutex_unlock(&server.lock);
    const char *body = script.body.bytes;
    hb_test_progress(&decoded, &ended);
    char *at = out + sprintf(out, "HTTP/1.1 %d Case\r\nTransfer-Encoding: chunked\r\n", script.http_status);
    if (script.content_type != NULL) at += sprintf(at, "Content-Type: %s\r\n", script.content_type);
    at += sprintf(at, "\r\n");
    if (script.split == BYTEWISE) {
        send_all(to, out, (size_t)(at - out));
        for (i = 0; i < script.body.size; i++) {
            send_all(to, out, (size_t)(chunk(out, body + i, 1) - out));
            /* What follows the end of an answer is not decoded. */
            hb_test_wait(decoded + i + 1, ended + 1);
        }
        at = out;
    } else if (script.split > 0) {
        send_all(to, out, (size_t)(chunk(at, body, script.split) - out));
        count_unconsumed(!hb_test_wait(decoded + script.split, ended + 1));
        at = chunk(out, body + script.split, script.body.size - script.split);
    } else if (script.body.size > 0) {
        at = chunk(at, body, script.body.size);
    }
    at += sprintf(at, "0\r\n\r\n");
    send_all(to, out, (size_t)(at - out));
}

/* One request, and its answer; 0 if the client has gone. */
static int serve_request(int client) {
    static char in[65536];
    size_t got = 0, wanted = 0;
    while (wanted == 0 || got < wanted) {
        ssize_t more = read(client, in + got, sizeof in - got - 1);
        if (more <= 0) return 0;
        got += (size_t)more;
        in[got] = '\0';
        const char *end = strstr(in, "\r\n\r\n"), *length = strstr(in, "content-length: ");
        if (end != NULL) wanted = (size_t)(end + 4 - in) + (length == NULL ? 0 : (size_t)atol(length + 16));
    }
    write_answer(client);
    return 1;
}

static void *serve(void *nothing) {
    struct pollfd waiting[CONNECTIONS_MOST + 1] = {{.fd = server.listener, .events = POLLIN}};
    nfds_t count = 1, i;
    int on = 1;
    while (poll(waiting, count, -1) >= 0) {
        for (i = count - 1; i > 0; i--) {
            if (waiting[i].revents == 0 || serve_request(waiting[i].fd)) continue;
            close(waiting[i].fd);
            waiting[i] = waiting[--count];
        }
        if (waiting[0].revents == 0) continue;
        int client = accept(server.listener, NULL, NULL);
        if (client < 0) break; /* shut down */
        if (count > CONNECTIONS_MOST) give_up("too many connections");
        setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        waiting[count++] = (struct pollfd){.fd = client, .events = POLLIN};
    }
    while (count > 1) close(waiting[--count].fd);
    return nothing;
}

/* Listens on loopback, and writes its URL. */
static pthread_t start_server(char *url) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    pthread_t thread;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server.listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(server.listener, (struct sockaddr *)&address, size) != 0 || listen(server.listener, 64) != 0
        || getsockname(server.listener, (struct sockaddr *)&address, &size) != 0
        || pthread_create(&thread, NULL, serve, NULL) != 0) {
        give_up("no server");
    }
    sprintf(url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return thread;
}

static void stop_server(pthread_t thread) {
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(server.listener);
}

#endif
