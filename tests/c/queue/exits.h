/*
 * Copies of the library that a program loads by name, and this program again as a process of its own.
 */

#ifndef EXITS_H
#define EXITS_H

#include "self.h"

#include <dlfcn.h>
#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

/* The path of this program, beside which its copies of the library are. */
static const char *program;

/* Runs a part in a process of its own; whether it ended well. */
static int runs_well(const char *part) {
    char *arguments[] = {(char *)program, (char *)part, NULL};
    pid_t child;
    int status = 0;
    if (posix_spawn(&child, program, NULL, NULL, arguments, environ) != 0) give_up("no process");
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    int good = WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    if (!good) printf("# part %s: wait status %d\n", part, status);
    return good;
}

/* Where a copy is. A part need not say what it copies: the first process has. */
static void name_of_copy(char *path, size_t size, int number) {
    snprintf(path, size, "%s.copy-%d.so", program, number);
}

static void copy_library(int number) {
    char from[1024], to[1024], bytes[1 << 14];
    size_t got;
    snprintf(from, sizeof from, "%s/libhyperbolic.so", setting("HB_LIB_DIR"));
    name_of_copy(to, sizeof to, number);
    FILE *source = fopen(from, "rb"), *copy = fopen(to, "wb");
    if (source == NULL || copy == NULL) give_up("the library cannot be copied");
    while ((got = fread(bytes, 1, sizeof bytes, source)) > 0) {
        if (fwrite(bytes, 1, got, copy) != got) give_up("the library cannot be copied");
    }
    fclose(source);
    if (fclose(copy) != 0) give_up("the library cannot be copied");
}

/* A copy, and those of its functions that are used here. */
struct library {
    void *handle;
    hb_options *(*options_new)(void);
    hb_status (*set_base_url)(hb_options *, const char *, size_t);
    hb_status (*set_api_key)(hb_options *, const char *, size_t);
    hb_status (*set_header)(hb_options *, const char *, const char *, size_t);
    void (*options_free)(hb_options *);
    hb_status (*client_new)(const hb_options *, hb_client **, hb_error **);
    void (*client_free)(hb_client *);
    hb_request *(*request_new)(const char *, size_t);
    hb_status (*add_message)(hb_request *, const char *, const char *, size_t);
    void (*request_free)(hb_request *);
    hb_status (*chat)(hb_client *, const hb_request *, hb_response **, hb_error **);
    void (*response_free)(hb_response *);
    hb_status (*queue_new)(hb_queue **, hb_error **);
    void (*queue_free)(hb_queue *);
    hb_status (*start)(hb_client *, const hb_request *, hb_queue *, uint64_t, hb_op *, hb_error **);
    hb_status (*next)(hb_queue *, int32_t, const hb_event **);
    void (*event_free)(const hb_event *);
    hb_status (*shutdown)(int32_t);
    /* What a stream that goes on has; kept here, because an unload does not end it. */
    hb_client *client;
    hb_queue *queue;
};

static void library_find(void *handle, const char *name, void *function, size_t size) {
    void *found = dlsym(handle, name);
    if (found == NULL || size != sizeof found) give_up(name);
    /* The way of POSIX from one to the other. */
    memcpy(function, &found, size);
}

#define FIND(library, member, name) library_find((library)->handle, name, &(library)->member, sizeof (library)->member)

static void library_load(struct library *library, int number) {
    char path[1024];
    name_of_copy(path, sizeof path, number);
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) give_up(dlerror());
    FIND(library, options_new, "hb_options_new");
    FIND(library, set_base_url, "hb_options_set_base_url");
    FIND(library, set_api_key, "hb_options_set_api_key");
    FIND(library, set_header, "hb_options_set_header");
    FIND(library, options_free, "hb_options_free");
    FIND(library, client_new, "hb_client_new");
    FIND(library, client_free, "hb_client_free");
    FIND(library, request_new, "hb_request_new");
    FIND(library, add_message, "hb_request_add_message");
    FIND(library, request_free, "hb_request_free");
    FIND(library, chat, "hb_chat");
    FIND(library, response_free, "hb_response_free");
    FIND(library, queue_new, "hb_queue_new");
    FIND(library, queue_free, "hb_queue_free");
    FIND(library, start, "hb_start");
    FIND(library, next, "hb_queue_next");
    FIND(library, event_free, "hb_event_free");
    FIND(library, shutdown, "hb_shutdown");
}

static hb_client *library_client(const struct library *library, const char *script) {
    hb_options *options = library->options_new();
    hb_client *client = NULL;
    library->set_base_url(options, setting("HB_TEST_URL"), HB_NUL);
    library->set_api_key(options, setting("HB_TEST_KEY"), HB_NUL);
    library->set_header(options, "x-simulator-fault", script, HB_NUL);
    if (library->client_new(options, &client, NULL) != HB_OK) give_up("no client");
    library->options_free(options);
    return client;
}

static hb_request *library_request(const struct library *library) {
    hb_request *request = library->request_new(MODEL, HB_NUL);
    library->add_message(request, "user", "hello", HB_NUL);
    return request;
}

/* Whether a chat succeeds. */
static int library_answers(const struct library *library) {
    hb_client *client = library_client(library, "words=2");
    hb_request *request = library_request(library);
    hb_response *response = NULL;
    hb_status status = library->chat(client, request, &response, NULL);
    library->response_free(response);
    library->request_free(request);
    library->client_free(client);
    return status == HB_OK;
}

/* Begins a stream, and leaves it in the middle. */
static void library_streams(struct library *library) {
    const hb_event *event = NULL;
    hb_request *request = library_request(library);
    library->client = library_client(library, "words=2000,event-delay=2");
    if (library->queue_new(&library->queue, NULL) != HB_OK) give_up("no queue");
    if (library->start(library->client, request, library->queue, 0, NULL, NULL) != HB_OK) give_up("no stream");
    if (library->next(library->queue, PATIENCE_MS, &event) != HB_OK) give_up("no event");
    library->event_free(event);
    library->request_free(request);
}

/* Ends everything; whether it could. */
static int library_end(struct library *library) {
    hb_status status = library->shutdown(PATIENCE_MS);
    library->queue_free(library->queue);
    library->client_free(library->client);
    library->queue = NULL, library->client = NULL;
    return status == HB_OK;
}

static void library_unload(struct library *library) {
    if (dlclose(library->handle) != 0) give_up(dlerror());
}

#endif
