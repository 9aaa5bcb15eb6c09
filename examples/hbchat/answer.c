/* An answer while it comes: one poll waits for the library's events and for signals, with no thread of our own. */
#include "hbchat.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

/* How often to look where no descriptor was left for the queue. */
enum { NO_HANDLE_MS = 50 };

/* While nothing has come yet, a mark says that something will. */
static void show_waiting(struct answer *answer) {
    if (!look.styled) return;
    printf("%s...%s", look.dim, look.plain);
    answer->waiting = 1;
}

static void hide_waiting(struct answer *answer) {
    if (answer->waiting) fputs("\r\033[K", stdout);
    answer->waiting = 0;
}

static void put_piece(struct answer *answer, const char *text, size_t len) {
    if (look.out_is_terminal) wrap_put(&answer->wrap, text, len);
    else fwrite(text, 1, len, stdout);
    answer->last_byte = text[len - 1];
}

static void end_line(struct answer *answer) {
    wrap_flush(&answer->wrap);
    if (answer->last_byte != '\n') putchar('\n');
    answer->wrap.column = answer->wrap.spaces = 0;
    answer->last_byte = '\n';
}

static void begin_thinking(struct answer *answer) {
    fputs(look.styled ? look.dim : "[thinking]\n", stdout);
    answer->thinking = 1;
}

static void end_thinking(struct answer *answer) {
    if (!answer->thinking) return;
    end_line(answer);
    fputs(look.plain, stdout);
    answer->wrap.fenced = 0;
    fputs(look.styled ? "\n" : "[answer]\n", stdout);
    answer->thinking = 0;
}

/* Models like to begin with empty lines, above all behind their thinking. */
static void show_text(struct answer *answer, const char *text, size_t len) {
    if (look.out_is_terminal && !answer->text_begun) {
        size_t empty = strspn(text, "\r\n");
        text += empty;
        len -= empty;
    }
    if (len == 0) return;
    end_thinking(answer);
    answer->text_begun = 1;
    put_piece(answer, text, len);
}

/* Into a file or a pipe goes the answer alone. */
static void show_thinking(struct answer *answer, const char *text, size_t len) {
    if (!look.out_is_terminal) return;
    if (!answer->thinking) {
        size_t empty = strspn(text, "\r\n");
        text += empty;
        len -= empty;
        if (len == 0) return;
        if (answer->text_begun) end_line(answer);
        begin_thinking(answer);
    }
    put_piece(answer, text, len);
}

static void show_retry(const struct chat *chat, const hb_event *event) {
    if (!chat->at_terminal) return;
    notice("[%s; once more in %.1f s]", hb_error_message(event->error, NULL), (double)event->delay_ms / 1000);
}

static void show(const struct chat *chat, struct answer *answer, const hb_event *event) {
    hide_waiting(answer);
    switch (event->kind) {
    case HB_EVENT_TEXT: show_text(answer, event->text, event->text_len); break;
    case HB_EVENT_REASONING: show_thinking(answer, event->text, event->text_len); break;
    case HB_EVENT_RETRY: show_retry(chat, event); break;
    case HB_EVENT_DONE:
        answer->ended = 1;
        answer->status = event->status;
        answer->response = hb_response_retain(event->response);
        answer->error = hb_error_retain(event->error);
        break;
    default: break;
    }
}

/* Ctrl-C ends the answer; only what ends every program ends this one. */
static void take_signals(struct answer *answer) {
    int number;
    while ((number = signals_next()) != 0) {
        if (number == SIGTERM || number == SIGHUP) answer->leave = number;
        if (number == SIGINT || answer->leave != 0) hb_cancel(answer->op);
        if (number == SIGTSTP) {
            terminal_quiet_keys(0);
            signals_stop();
            terminal_quiet_keys(1);
        }
    }
}

static void take_events(const struct chat *chat, struct answer *answer) {
    const hb_event *event = NULL;
    wrap_measure(&answer->wrap);
    while (!answer->ended && hb_queue_next(chat->queue, 0, &event) == HB_OK) {
        show(chat, answer, event);
        hb_event_free(event);
    }
    fflush(stdout);
}

hb_status answer_follow(const struct chat *chat, struct answer *answer) {
    struct pollfd wanted[2];
    memset(wanted, 0, sizeof wanted);
    wanted[0].fd = (int)hb_queue_native_handle(chat->queue);
    wanted[1].fd = signals_descriptor();
    wanted[0].events = wanted[1].events = POLLIN;
    if (chat->at_terminal) terminal_quiet_keys(1);
    show_waiting(answer);
    fflush(stdout);
    while (!answer->ended) {
        poll(wanted, 2, wanted[0].fd < 0 ? NO_HANDLE_MS : -1); /* a signal ends the wait too, and is then in the pipe */
        take_signals(answer);
        take_events(chat, answer);
    }
    end_thinking(answer);
    if (answer->text_begun || answer->status == HB_OK) end_line(answer);
    fflush(stdout);
    if (chat->at_terminal) terminal_quiet_keys(0);
    return answer->status;
}
