/* The library in an event loop of the program's own: one epoll waits for the queue and for a timer. Linux. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <hyperbolic.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { MOST_SECONDS = 30 };

struct program {
    hb_queue *queue;
    hb_op op;
    int loop, timer;
    int began, ended, failed;
    uint64_t seconds;
};

static int fail(const char *what) {
    perror(what);
    return -1;
}

/* Waits for `descriptor` from now on. Level-triggered: it comes back as long as something is left to take. */
static int watch(const struct program *program, int descriptor) {
    struct epoll_event wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.events = EPOLLIN;
    wanted.data.fd = descriptor;
    return epoll_ctl(program->loop, EPOLL_CTL_ADD, descriptor, &wanted) == 0 ? 0 : fail("epoll_ctl");
}

static int start_timer(struct program *program) {
    struct itimerspec each_second;
    memset(&each_second, 0, sizeof each_second);
    each_second.it_interval.tv_sec = 1;
    each_second.it_value.tv_sec = 1;
    program->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (program->timer < 0) return fail("timerfd_create");
    return timerfd_settime(program->timer, 0, &each_second, NULL) == 0 ? 0 : fail("timerfd_settime");
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

static void show(struct program *program, const hb_event *event) {
    if (event->kind == HB_EVENT_TEXT) {
        program->began = 1;
        if (fwrite(event->text, 1, event->text_len, stdout) != event->text_len || fflush(stdout) != 0) {
            program->failed = fail("stdout");
            hb_cancel(program->op); /* its end still comes */
        }
    } else if (event->kind == HB_EVENT_DONE) {
        program->ended = 1;
        if (event->status != HB_OK) {
            fprintf(stderr, "\n%s: %s\n", hb_status_name(event->status), hb_error_message(event->error, NULL));
            program->failed = 1;
        }
    }
}

/* Takes all that waits. The handle is never read: it is quiet again once nothing waits. */
static int on_queue(struct program *program) {
    const hb_event *event = NULL;
    hb_status status;
    while ((status = hb_queue_next(program->queue, 0, &event)) == HB_OK) {
        show(program, event);
        hb_event_free(event);
    }
    if (status > 0) return 0; /* HB_TIMEOUT: that was all */
    fprintf(stderr, "%s\n", hb_status_name(status));
    return -1;
}

static int on_timer(struct program *program) {
    uint64_t ticks = 0;
    if (read(program->timer, &ticks, sizeof ticks) != (ssize_t)sizeof ticks) return fail("timerfd");
    program->seconds += ticks;
    if (!program->began) fprintf(stderr, "[waiting for %" PRIu64 " s]\n", program->seconds);
    if (program->seconds >= MOST_SECONDS) hb_cancel(program->op); /* again and again does no harm */
    return 0;
}

static int run(struct program *program) {
    int handle = (int)hb_queue_native_handle(program->queue);
    if (handle < 0) return fail("hb_queue_native_handle");
    if (start_timer(program) != 0) return -1;
    if ((program->loop = epoll_create1(EPOLL_CLOEXEC)) < 0) return fail("epoll_create1");
    if (watch(program, handle) != 0 || watch(program, program->timer) != 0) return -1;
    while (!program->ended) {
        struct epoll_event ready;
        int count = epoll_wait(program->loop, &ready, 1, -1);
        if (count < 0 && errno != EINTR) return fail("epoll_wait");
        if (count <= 0) continue;
        if ((ready.data.fd == handle ? on_queue(program) : on_timer(program)) != 0) return -1;
    }
    return putchar('\n') == EOF || fflush(stdout) != 0 ? fail("stdout") : 0;
}

int main(void) {
    struct program program;
    hb_client *client = NULL;
    hb_error *error = NULL;
    memset(&program, 0, sizeof program);
    program.loop = program.timer = -1;

    hb_options *options = hb_options_from_env();
    hb_status status = hb_client_new(options, &client, &error);
    hb_options_free(options);
    if (status == HB_OK) status = hb_queue_new(&program.queue, &error);
    if (status == HB_OK) status = ask(&program, client, &error);
    if (status == HB_OK) program.failed |= run(&program) != 0;
    else fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));

    /* The loop goes before the queue, whose handle it watches. */
    if (program.loop >= 0) close(program.loop);
    if (program.timer >= 0) close(program.timer);
    hb_error_free(error);
    hb_queue_free(program.queue);
    hb_client_free(client);
    return status == HB_OK && !program.failed ? EXIT_SUCCESS : EXIT_FAILURE;
}
