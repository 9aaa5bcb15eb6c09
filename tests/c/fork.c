/*
 * fork(): a child of a process that had started the library is told so, and never hangs; a child of one that had
 * not may start it.
 */
#include "check.h"

#include <sys/wait.h>

/* In a child frees leak: kept here, nothing is lost. */
static hb_error *kept[16];
static int kept_count;

/* One check of a call in the child; the error says why. */
static void check_forked(const char *name, hb_status status, hb_error **error) {
    check_status(name, status, HB_E_FORKED);
    check(hb_error_status(*error) == HB_E_FORKED && strstr(hb_error_message(*error, NULL), "fork") != NULL, name,
          "its error: %s", hb_error_message(*error, NULL));
    if (kept_count < 16) kept[kept_count++] = *error;
}

/* Runs `body` in a child; one check that it ended well. */
static void in_child(const char *name, void (*body)(void)) {
    int status = 0;
    fflush(NULL);
    pid_t child = fork();
    if (child < 0) give_up("no fork");
    if (child == 0) {
        check_failures = 0;
        alarm(HANG_SECONDS);
        body();
        fflush(NULL);
        /* What the parent's threads owned is lost here by nature; a program that replaces this one has no leaks. */
        execlp(check_failures == 0 ? "true" : "false", "end", (char *)NULL);
        _exit(EXIT_FAILURE);
    }
    waitpid(child, &status, 0);
    check(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS, name, "wait status %d", status);
}

static hb_client *client;
static hb_queue *queue;
static hb_request *request;
static hb_options *options;
static hb_response *response;
static const hb_event *event;
static hb_op op;

/* The library is not started: this child is its first user. */
static void first_user(void) {
    check_status("in a child that starts the library", chat_once(client), HB_OK);
    check_status("twice", chat_once(client), HB_OK);
    hb_queue *own = test_queue();
    check_status("with a queue", hb_start(client, request, own, 0, NULL, NULL), HB_OK);
    const hb_event *done = next_of_kind(own, HB_EVENT_DONE);
    check(done != NULL && done->status == HB_OK, "which gives DONE", "it does not");
    hb_event_free(done);
    hb_queue_free(own);
}

static int32_t on_event(const hb_event *seen, void *context) {
    (void)seen;
    *(int *)context += 1;
    return HB_CONTINUE;
}

/* Threads of the parent held locks that nobody here gives back: nothing may wait for them. */
static void told_so(void) {
    hb_error *error = NULL;
    hb_response *none = (hb_response *)client;
    hb_model_list *models = (hb_model_list *)client;
    hb_client *another = client;
    hb_queue *new_queue = queue;
    const hb_event *next = event;
    hb_op no_op = 99;
    int calls = 0;
    check_forked("hb_chat", hb_chat(client, request, &none, &error), &error);
    check(none == NULL, "writes its response", "it does not");
    check_forked("hb_chat_stream", hb_chat_stream(client, request, on_event, &calls, NULL, &error), &error);
    check_number("and calls nobody", calls, 0);
    check_forked("hb_models", hb_models(client, &models, &error), &error);
    check(models == NULL, "writes its list", "it does not");
    check_forked("hb_start", hb_start(client, request, queue, 0, &no_op, &error), &error);
    check_number("writes its op", (long long)no_op, 0);
    check_forked("hb_client_new", hb_client_new(options, &another, &error), &error);
    check(another == NULL, "writes its client", "it does not");
    check_forked("hb_queue_new", hb_queue_new(&new_queue, &error), &error);
    check(new_queue == NULL, "writes its queue", "it does not");
    check_forked("hb_request_check", hb_request_check(request, &error), &error);
    check_forked("hb_client_set_api_key", hb_client_set_api_key(client, "key", HB_NUL, &error), &error);
    check_status("hb_queue_next", hb_queue_next(queue, -1, &next), HB_E_FORKED);
    check_number("hb_queue_native_handle", hb_queue_native_handle(queue), -1);
    check(next == NULL, "writes its event", "it does not");
    check_status("without an error", hb_chat(client, request, NULL, NULL), HB_E_FORKED);
}

static void works_on(void) {
    hb_cancel(op);
    hb_client_close(client);
    hb_queue_close(queue);
    check_has("getters work", hb_response_text(response, 0, NULL), "simulator");
    check_has("all of them", hb_response_json(response, NULL), "simulator");
    check_number("those of an event's response too", hb_response_status(event->response), HB_OK);
    check_text("and of the library", hb_status_name(HB_E_FORKED), "HB_E_FORKED");
    check_number("and of the catalogue", hb_model_list_count(hb_catalog()), 22);
    hb_event_free(event);
    hb_response_free(response);
    hb_request_free(request);
    hb_options_free(options);
    hb_queue_free(queue);
    hb_client_free(client);
    check_status("frees leak, so that what was freed is still there", hb_response_status(response), HB_OK);
}

static void child(void) {
    told_so();
    works_on();
}

int main(void) {
    check_begin();
    options = test_options();
    hb_client_new(options, &client, NULL);
    request = test_chat("Before the fork");
    in_child("a child before the first request", first_user);

    queue = test_queue();
    check_status("the parent starts it after that", hb_chat(client, request, &response, NULL), HB_OK);
    hb_start(client, request, queue, 0, NULL, NULL);
    event = next_of_kind(queue, HB_EVENT_DONE);
    if (event == NULL) return check_end();
    in_child("a child after the first request", child);

    /* A child in the middle of a request, while the library's threads are at work. */
    faults("stall-after=5");
    hb_start(client, request, queue, 7, &op, NULL);
    hb_event_free(next_of_kind(queue, HB_EVENT_TEXT));
    in_child("a child during a request", child);
    faults("");
    check_number("the parent's request is still there", count_of("in_flight"), 1);
    hb_cancel(op);
    const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
    check(done != NULL && done->status == HB_E_CANCELLED && done->tag == 7, "and is the parent's to cancel", "it is not");
    check_number("which the server sees", wait_for_count("closes", 1), 1);
    check_status("the parent works on", chat_once(client), HB_OK);
    hb_event_free(done);
    hb_event_free(event);
    hb_response_free(response);
    hb_request_free(request);
    hb_options_free(options);
    hb_queue_free(queue);
    hb_client_free(client);
    return check_end();
}
