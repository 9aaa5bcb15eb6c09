/* A stream that is stopped stops the server too: its own log, HB_TEST_SERVER_LOG, says so. */
#include "model.h"

/* More than the model writes until it is stopped; it could not end by itself, because its end token is ignored. */
#define MAX_TOKENS 1500
#define LOG_ROOM (1 << 22)
#define POLL_MS 20

/* The server writes `cancel task, id_task = N` when it notices, and `task N | stop processing: n_tokens = T` when the
 * task has stopped. */
static const char NOTICED[] = "cancel task, id_task = ";
static const char STOPPED[] = "task %ld | stop processing: n_tokens = ";

/* What the log has from `from` on, to be freed. */
static char *log_since(long from) {
    char *text = (char *)memory(LOG_ROOM);
    FILE *file = fopen(setting("HB_TEST_SERVER_LOG"), "rb");
    if (file == NULL || fseek(file, from, SEEK_SET) != 0) give_up("HB_TEST_SERVER_LOG cannot be read");
    text[fread(text, 1, LOG_ROOM - 1, file)] = '\0';
    fclose(file);
    return text;
}

static long log_size(void) {
    FILE *file = fopen(setting("HB_TEST_SERVER_LOG"), "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) give_up("HB_TEST_SERVER_LOG cannot be read");
    long size = ftell(file);
    fclose(file);
    return size;
}

/* The number behind `words` in the log, once it is there with its whole line; -1 if it never comes. */
static long logged(long from, const char *words) {
    const struct timespec pause = {0, POLL_MS * 1000000L};
    int64_t end = clock_ms() + PATIENCE_MS;
    for (;;) {
        char *text = log_since(from);
        const char *found = strstr(text, words);
        long number = found == NULL || strchr(found, '\n') == NULL ? -1 : atol(found + strlen(words));
        free(text);
        if (number >= 0 || clock_ms() > end) return number;
        nanosleep(&pause, NULL);
    }
}

static void check_stopped(const char *name, long from) {
    char stopped[64];
    long task = logged(from, NOTICED);
    if (!check(task >= 0, name, "nothing in its log within %d ms", PATIENCE_MS)) return;
    snprintf(stopped, sizeof stopped, STOPPED, task);
    long tokens = logged(from, stopped);
    check(tokens >= 0 && tokens < MAX_TOKENS, "and its task has stopped early", "after %ld tokens", tokens);
}

static hb_request *endless(void) {
    hb_request *request = model_chat("Write a very long story about a robot.", MAX_TOKENS);
    hb_request_set_json(request, "ignore_eos", "true", HB_NUL);
    return request;
}

static int32_t HB_CALL stop_at_first_piece(const hb_event *event, void *context) {
    int *pieces = (int *)context;
    if (event->kind != HB_EVENT_TEXT) return HB_CONTINUE;
    *pieces += 1;
    return HB_STOP;
}

static void check_stop_from_callback(hb_client *client) {
    int pieces = 0;
    hb_response *response = NULL;
    long from = log_size();
    hb_request *request = endless();
    hb_status status = hb_chat_stream(client, request, stop_at_first_piece, &pieces, &response, NULL);
    check_status("HB_STOP cancels", status, HB_E_CANCELLED);
    check_number("no piece follows", pieces, 1);
    check(hb_response_text(response, 0, NULL)[0] != '\0', "what had arrived is there", "it is not");
    check_stopped("the server notices HB_STOP", from);
    hb_response_free(response);
    hb_request_free(request);
}

static void check_cancel_by_number(hb_client *client) {
    hb_op op = 0;
    hb_error *error = NULL;
    long from = log_size();
    hb_queue *queue = test_queue();
    hb_request *request = endless();
    check_ok("a request starts", hb_start(client, request, queue, 0, &op, &error), &error);
    hb_event_free(next_of_kind(queue, HB_EVENT_TEXT));
    hb_cancel(op);
    const hb_event *done = next_event(queue);
    if (check(done != NULL && done->kind == HB_EVENT_DONE, "its end waits", "it does not")) {
        check_status("hb_cancel cancels", done->status, HB_E_CANCELLED);
    }
    check_stopped("the server notices hb_cancel", from);
    hb_event_free(done);
    hb_request_free(request);
    hb_queue_free(queue);
}

int main(void) {
    check_begin();
    hb_client *client = client_of(test_options());
    check_stop_from_callback(client);
    check_cancel_by_number(client);
    hb_client_free(client);
    return check_end();
}
