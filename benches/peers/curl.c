/*
 * libcurl by hand, as somebody would write it who needs no more than the text: one thread, whole lines read where they
 * lie, one parse an event. Compiled with -DWITH_CJSON, with -DWITH_YYJSON, or with neither, which reads no byte of an
 * answer and so is the floor.
 */
#include "bench.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#ifdef WITH_CJSON
#include <cjson/cJSON.h>
#endif
#ifdef WITH_YYJSON
#include "yyjson.h"
#endif

#define BODY "{\"model\":\"" MODEL "\",\"messages\":[{\"role\":\"user\",\"content\":\"" PROMPT "\"}],\"stream\":%s}"

/* An answer on its way. */
struct answer {
    /* The line that the last read broke off, or a whole body. */
    char *line;
    size_t line_size, line_room;
    char *text;
    size_t text_size, text_room;
    int64_t bytes;
    int done;
    /* Paced: where its pieces go instead. */
    struct paced *paced;
    struct stamps stamps;
};

static void keep(char **to, size_t *size, size_t *room, const char *bytes, size_t count) {
    if (*size + count > *room) {
        *room = (*size + count) * 2;
        *to = memory(*to, *room);
    }
    memcpy(*to + *size, bytes, count);
    *size += count;
}

static void take_text(struct answer *answer, const char *text, size_t size) {
    if (size == 0) return;
    if (answer->paced != NULL) take_stamps(answer->paced, &answer->stamps, text, size);
    else keep(&answer->text, &answer->text_size, &answer->text_room, text, size);
}

/* The text of the first choice of a chunk, or of a whole answer. */
static void take_json(struct answer *answer, const char *json, size_t size, const char *part) {
#if defined(WITH_CJSON)
    cJSON *all = cJSON_ParseWithLength(json, size);
    const cJSON *choice = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(all, "choices"), 0);
    const cJSON *delta = cJSON_GetObjectItemCaseSensitive(choice, part);
    const cJSON *content = cJSON_GetObjectItemCaseSensitive(delta, "content");
    if (all == NULL) give_up("no JSON");
    if (cJSON_IsString(content)) take_text(answer, content->valuestring, strlen(content->valuestring));
    cJSON_Delete(all);
#elif defined(WITH_YYJSON)
    /* Its memory is used again for each event, as its manual advises. */
    static char room[1 << 18];
    yyjson_alc memory_of_one;
    yyjson_doc *all;
    yyjson_val *content;
    int pooled = size < sizeof room / 16 && yyjson_alc_pool_init(&memory_of_one, room, sizeof room);
    all = yyjson_read_opts((char *)(uintptr_t)json, size, 0, pooled ? &memory_of_one : NULL, NULL);
    if (all == NULL) give_up("no JSON");
    content = yyjson_obj_get(yyjson_obj_get(yyjson_arr_get_first(yyjson_obj_get(yyjson_doc_get_root(all), "choices")), part), "content");
    if (yyjson_is_str(content)) take_text(answer, yyjson_get_str(content), yyjson_get_len(content));
    yyjson_doc_free(all);
#else
    (void)answer, (void)json, (void)size, (void)part, (void)take_text;
#endif
}

static void take_line(struct answer *answer, const char *line, size_t size) {
    if (size > 0 && line[size - 1] == '\r') size--;
    if (size < 5 || memcmp(line, "data:", 5) != 0) return;
    line += 5;
    size -= 5;
    if (size > 0 && *line == ' ') {
        line++;
        size--;
    }
    if (size == 6 && memcmp(line, "[DONE]", 6) == 0) answer->done = 1;
    else take_json(answer, line, size, "delta");
}

static size_t take_stream(char *bytes, size_t one, size_t size, void *context) {
    struct answer *answer = context;
    const char *from = bytes, *end = bytes + size, *feed;
    (void)one;
    answer->bytes += (int64_t)size;
#if defined(WITH_CJSON) || defined(WITH_YYJSON)
    while ((feed = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        if (answer->line_size > 0) {
            keep(&answer->line, &answer->line_size, &answer->line_room, from, (size_t)(feed - from));
            take_line(answer, answer->line, answer->line_size);
            answer->line_size = 0;
        } else {
            take_line(answer, from, (size_t)(feed - from));
        }
        from = feed + 1;
    }
    if (from < end) keep(&answer->line, &answer->line_size, &answer->line_room, from, (size_t)(end - from));
#else
    (void)from, (void)end, (void)feed, (void)take_line;
    answer->done = 1;
#endif
    return size;
}

static size_t take_body(char *bytes, size_t one, size_t size, void *context) {
    struct answer *answer = context;
    (void)one;
    keep(&answer->line, &answer->line_size, &answer->line_room, bytes, size);
    return size;
}

static CURL *request(const char *url, const char *stream, struct answer *answer) {
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    static char to[512], body[1024];
    snprintf(to, sizeof to, "%s/chat/completions", url);
    snprintf(body, sizeof body, BODY, stream);
    curl_easy_setopt(easy, CURLOPT_URL, to);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, strcmp(stream, "true") == 0 ? take_stream : take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, answer);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    return easy;
}

static void flood(const char *url, const char *out) {
    struct answer answer = {0};
    CURL *easy = request(url, "true", &answer);
    int64_t begun = clock_ns(), cpu = cpu_ns();
    if (curl_easy_perform(easy) != CURLE_OK || !answer.done) give_up("the flood broke off");
    printf("{\"cpu_ns\":%" PRId64 ",\"wall_ns\":%" PRId64 ",\"peak_kb\":%ld,\"bytes\":%" PRId64 "}\n", cpu_ns() - cpu,
           clock_ns() - begun, resident_kb("VmHWM:"), answer.bytes);
    write_text(out, answer.text, answer.text_size);
}

static void unary(const char *url, long count, const char *out) {
    struct answer answer = {0};
    struct latencies took = {0};
    CURL *easy = request(url, "false", &answer);
    int64_t cpu = 0;
    long i;
    for (i = -count / 10; i < count; i++) {
        int64_t begun = clock_ns();
        if (i == 0) cpu = cpu_ns();
        answer.line_size = answer.text_size = 0;
        if (curl_easy_perform(easy) != CURLE_OK) give_up("a request failed");
        take_json(&answer, answer.line, answer.line_size, "message");
        if (i >= 0) add_latency(&took, clock_ns() - begun);
    }
    printf("{\"cpu_ns\":%" PRId64 ",\"requests\":%ld,\"idle_kb\":%ld", cpu_ns() - cpu, count, resident_kb("VmRSS:"));
    print_latencies(&took);
    printf("}\n");
    write_text(out, answer.text, answer.text_size);
}

/* ---- Many streams: curl_multi_socket_action over epoll ---- */

struct loop {
    CURLM *multi;
    int epoll;
    int64_t due_ns;
};

static int on_socket(CURL *easy, curl_socket_t file, int what, void *context, void *known) {
    struct loop *loop = context;
    struct epoll_event wanted = {0};
    (void)easy;
    wanted.data.fd = file;
    wanted.events = ((what & CURL_POLL_IN) ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, file, NULL);
        curl_multi_assign(loop->multi, file, NULL);
    } else if (known == NULL) {
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, file, &wanted);
        curl_multi_assign(loop->multi, file, loop);
    } else {
        epoll_ctl(loop->epoll, EPOLL_CTL_MOD, file, &wanted);
    }
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *context) {
    (void)multi;
    ((struct loop *)context)->due_ns = ms < 0 ? -1 : clock_ns() + (int64_t)ms * 1000000;
    return 0;
}

static int wait_ms(const struct loop *loop) {
    int64_t left = loop->due_ns - clock_ns();
    if (loop->due_ns < 0) return -1;
    return left <= 0 ? 0 : (int)((left + 999999) / 1000000);
}

static void paced(const char *url, long streams) {
    struct loop loop = {.multi = curl_multi_init(), .epoll = epoll_create1(EPOLL_CLOEXEC), .due_ns = -1};
    struct paced paced = {0};
    struct answer *answers = memory(NULL, (size_t)streams * sizeof *answers);
    struct epoll_event ready[256];
    int running = 1, i, count;
    long stream, done = 0;
    memset(answers, 0, (size_t)streams * sizeof *answers);
    curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
    curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
    for (stream = 0; stream < streams; stream++) {
        answers[stream].paced = &paced;
        curl_multi_add_handle(loop.multi, request(url, "true", &answers[stream]));
    }
    while (running > 0) {
        count = epoll_wait(loop.epoll, ready, 256, wait_ms(&loop));
        for (i = 0; i < count; i++) {
            int events = ((ready[i].events & EPOLLIN) ? CURL_CSELECT_IN : 0)
                         | ((ready[i].events & EPOLLOUT) ? CURL_CSELECT_OUT : 0)
                         | ((ready[i].events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(loop.multi, ready[i].data.fd, events, &running);
        }
        if (loop.due_ns >= 0 && loop.due_ns <= clock_ns()) {
            loop.due_ns = -1;
            curl_multi_socket_action(loop.multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
    }
    for (stream = 0; stream < streams; stream++) done += answers[stream].done;
    if (done != streams) give_up("streams broke off");
    print_paced(&paced);
}

int main(int count, char **arguments) {
    if (count != 5) give_up("usage: PROGRAM WORK URL COUNT OUT");
    curl_global_init(CURL_GLOBAL_ALL);
    if (strcmp(arguments[1], "flood") == 0) flood(arguments[2], arguments[4]);
    else if (strcmp(arguments[1], "unary") == 0) unary(arguments[2], atol(arguments[3]), arguments[4]);
    else if (strcmp(arguments[1], "paced") == 0) paced(arguments[2], atol(arguments[3]));
    else give_up("no such work");
    return 0;
}
