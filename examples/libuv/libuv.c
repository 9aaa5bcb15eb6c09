/* The library in libuv's loop: uv_poll watches the queue, and Ctrl-C stops the answer.
 *
 *   cc -I include -o libuv examples/libuv/libuv.c -L target/release -Wl,-rpath,"$PWD/target/release" -lhyperbolic \
 *      $(pkg-config --cflags --libs libuv)
 */
#define _POSIX_C_SOURCE 200809L
#include <hyperbolic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct program {
    hb_queue *queue;
    hb_op op;
    uv_loop_t loop;
    uv_poll_t poll;
    uv_signal_t interrupt;
    int failed;
};

/* `data` says that a handle was opened. */
static void close_handle(uv_handle_t *handle) {
    if (handle->data != NULL && !uv_is_closing(handle)) uv_close(handle, NULL);
}

/* Nothing is left to wait for, so that uv_run returns. */
static void leave(struct program *program) {
    close_handle((uv_handle_t *)&program->poll);
    close_handle((uv_handle_t *)&program->interrupt);
}

static void give_up(struct program *program, const char *what, const char *why) {
    fprintf(stderr, "\n%s: %s\n", what, why);
    program->failed = 1;
}

/* Runs inside hb_queue_dispatch, so on the loop's thread. */
static int32_t HB_CALL on_event(const hb_event *event, void *context) {
    struct program *program = (struct program *)context;
    if (event->kind == HB_EVENT_TEXT) {
        if (fwrite(event->text, 1, event->text_len, stdout) == event->text_len && fflush(stdout) == 0) return HB_CONTINUE;
        give_up(program, "standard output", "cannot be written");
        return HB_STOP;
    }
    if (event->kind != HB_EVENT_DONE) return HB_CONTINUE;
    /* Stopping is what the user wanted, and no failure. */
    if (event->status == HB_E_CANCELLED) fprintf(stderr, "\n[stopped]\n");
    else if (event->status != HB_OK) {
        give_up(program, hb_status_name(event->status), hb_error_message(event->error, NULL));
    }
    leave(program);
    return HB_CONTINUE;
}

/* The handle is readable while something waits: what a dispatch leaves brings it here again, so other handles of the
 * loop have their turn after 20 events. */
static void on_readable(uv_poll_t *poll, int status, int events) {
    struct program *program = (struct program *)poll->data;
    (void)events;
    if (status == 0) {
        hb_status dispatched = hb_queue_dispatch(program->queue, on_event, program, 20, 0, NULL);
        if (dispatched >= 0) return;
        give_up(program, "hb_queue_dispatch", hb_status_name(dispatched));
    } else {
        give_up(program, "uv_poll", uv_strerror(status));
    }
    leave(program);
}

/* The request's end still comes, by way of the queue, and ends the loop. */
static void on_interrupt(uv_signal_t *interrupt, int number) {
    (void)number;
    hb_cancel(((struct program *)interrupt->data)->op);
}

static hb_status ask(struct program *program, hb_client *client, hb_error **error) {
    const char *model = getenv("HYPERBOLIC_MODEL");
    if (model == NULL || model[0] == '\0') model = "meta-llama/Llama-3.3-70B-Instruct";
    hb_request *request = hb_request_new(model, HB_NUL);
    hb_request_add_message(request, "user", "Write a short story about a lighthouse.", HB_NUL);
    hb_request_set_max_tokens(request, 512);
    hb_status status = hb_start(client, request, program->queue, 0, &program->op, error);
    hb_request_free(request);
    return status;
}

static int watch(struct program *program) {
    int result = uv_poll_init(&program->loop, &program->poll, (int)hb_queue_native_handle(program->queue));
    if (result != 0) return result;
    program->poll.data = program;
    if ((result = uv_signal_init(&program->loop, &program->interrupt)) != 0) return result;
    program->interrupt.data = program;
    if ((result = uv_poll_start(&program->poll, UV_READABLE, on_readable)) != 0) return result;
    return uv_signal_start(&program->interrupt, on_interrupt, SIGINT);
}

/* Whatever fails, what was opened is closed. libuv's answers are 0 or an error. */
static int run(struct program *program) {
    int result = uv_loop_init(&program->loop), closed;
    if (result != 0) return result;
    if ((result = watch(program)) != 0) leave(program);
    uv_run(&program->loop, UV_RUN_DEFAULT);
    closed = uv_loop_close(&program->loop);
    return result != 0 ? result : closed;
}

int main(void) {
    struct program program;
    hb_client *client = NULL;
    hb_error *error = NULL;
    memset(&program, 0, sizeof program);

    hb_options *options = hb_options_from_env();
    hb_status status = hb_client_new(options, &client, &error);
    hb_options_free(options);
    if (status == HB_OK) status = hb_queue_new(&program.queue, &error);
    if (status == HB_OK) status = ask(&program, client, &error);
    if (status == HB_OK) {
        int result = run(&program);
        if (result != 0) give_up(&program, "libuv", uv_strerror(result));
        else putchar('\n');
    } else {
        give_up(&program, hb_status_name(status), hb_error_message(error, NULL));
    }

    /* The loop is gone, so nobody watches the handle any more. */
    hb_error_free(error);
    hb_queue_free(program.queue);
    hb_client_free(client);
    return !program.failed && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
