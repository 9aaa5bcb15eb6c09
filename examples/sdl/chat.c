/* A window to chat in: type a line, watch the answer stream in; Esc stops it. The program sleeps while nothing happens.
 *
 *   chat [--font FILE.ttf] [--self-test SCREENSHOT.bmp]
 */
#include "chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room is made as needed; a chat that has no memory left cannot go on. */
static void append(struct chat *chat, struct turn *turn, const char *text, size_t len) {
    char *longer = (char *)realloc(turn->text, turn->len + len + 1);
    if (longer == NULL) {
        fprintf(stderr, "no memory left\n");
        exit(EXIT_FAILURE);
    }
    memcpy(longer + turn->len, text, len);
    turn->text = longer;
    turn->len += len;
    turn->text[turn->len] = '\0';
    if (turn->texture != NULL) SDL_DestroyTexture(turn->texture);
    turn->texture = NULL;
    chat->changed = 1;
}

static void add_turn(struct chat *chat, int mine, const char *text, size_t len) {
    struct turn *turn = &chat->turns[chat->turn_count++];
    memset(turn, 0, sizeof *turn);
    turn->mine = mine;
    append(chat, turn, text, len);
}

/* The one function that runs on a thread of the library. It only wakes the loop, which takes what came by itself. */
static void HB_CALL wake_loop(void *context) {
    SDL_Event event;
    memset(&event, 0, sizeof event);
    event.type = *(const Uint32 *)context;
    SDL_PushEvent(&event); /* if SDL's queue is full, the loop is awake */
}

static void set_notice(struct chat *chat, hb_status status, const hb_error *error) {
    snprintf(chat->notice, sizeof chat->notice, "%s: %s", hb_status_name(status), hb_error_message(error, NULL));
    chat->changed = 1;
}

/* Runs inside hb_queue_dispatch, on the thread of the window. */
static int32_t HB_CALL on_event(const hb_event *event, void *context) {
    struct chat *chat = (struct chat *)context;
    if (event->kind == HB_EVENT_TEXT) {
        append(chat, &chat->turns[chat->turn_count - 1], event->text, event->text_len);
    } else if (event->kind == HB_EVENT_DONE) {
        chat->op = 0;
        chat->status = event->status;
        chat->changed = 1;
        if (event->status != HB_OK && event->status != HB_E_CANCELLED) set_notice(chat, event->status, event->error);
        /* What had arrived before a stop or a failure is part of the conversation too. */
        size_t len = 0;
        const char *text = hb_response_text(event->response, 0, &len);
        if (len > 0) hb_request_add_message(chat->history, "assistant", text, len);
    }
    return HB_CONTINUE;
}

static void send_line(struct chat *chat) {
    if (chat->op != 0 || chat->line_len == 0 || chat->turn_count + 2 > MOST_TURNS) return;
    hb_error *error = NULL;
    /* A copy shares the history; if nothing starts, the history stays as it was, and so does the line. */
    hb_request *next = hb_request_clone(chat->history);
    hb_request_add_message(next, "user", chat->line, chat->line_len);
    hb_status status = hb_start(chat->client, next, chat->queue, 0, &chat->op, &error);
    if (status == HB_OK) {
        hb_request_free(chat->history);
        chat->history = next;
        add_turn(chat, 1, chat->line, chat->line_len);
        add_turn(chat, 0, "", 0);
        chat->line_len = 0;
        chat->line[0] = chat->notice[0] = '\0';
    } else {
        hb_request_free(next);
        set_notice(chat, status, error);
    }
    hb_error_free(error);
}

static void type(struct chat *chat, const char *text) {
    size_t len = strlen(text);
    if (len >= sizeof chat->line - chat->line_len) return;
    memcpy(chat->line + chat->line_len, text, len + 1);
    chat->line_len += len;
}

/* A character of UTF-8 is a first byte and any that look like 10xxxxxx. */
static void delete_character(struct chat *chat) {
    while (chat->line_len > 0 && (chat->line[chat->line_len - 1] & 0xc0) == 0x80) chat->line_len -= 1;
    if (chat->line_len > 0) chat->line_len -= 1;
    chat->line[chat->line_len] = '\0';
}

static void on_key(struct chat *chat, SDL_Keycode key) {
    if (key == SDLK_RETURN || key == SDLK_KP_ENTER) send_line(chat);
    else if (key == SDLK_BACKSPACE) delete_character(chat);
    else if (key == SDLK_ESCAPE) hb_cancel(chat->op); /* 0, no request, does nothing */
}

static void handle(struct chat *chat, const SDL_Event *event) {
    if (event->type == SDL_QUIT) chat->running = 0;
    else if (event->type == SDL_TEXTINPUT) type(chat, event->text.text);
    else if (event->type == SDL_KEYDOWN) on_key(chat, event->key.keysym.sym);
    else if (event->type != SDL_WINDOWEVENT) return;
    chat->changed = 1;
}

static void run(struct chat *chat, const char *self_test) {
    SDL_Event event;
    chat->running = 1;
    while (chat->running && SDL_WaitEvent(&event)) { /* here it sleeps */
        do handle(chat, &event);
        while (SDL_PollEvent(&event));
        /* At most 5 ms; what is left calls wake_loop again. */
        hb_status status = hb_queue_dispatch(chat->queue, on_event, chat, 0, 5000, NULL);
        if (status < 0) set_notice(chat, status, NULL);
        if (chat->changed) window_draw(chat);
        chat->changed = 0;
        if (self_test != NULL) self_test_step(chat, self_test);
    }
}

static int open_library(struct chat *chat, Uint32 *wake_event) {
    const char *model = getenv("HYPERBOLIC_MODEL");
    if (model == NULL || model[0] == '\0') model = "meta-llama/Llama-3.3-70B-Instruct";
    hb_error *error = NULL;
    hb_options *options = hb_options_from_env();
    hb_status status = hb_client_new(options, &chat->client, &error);
    if (status == HB_OK) status = hb_queue_new(&chat->queue, &error);
    if (status == HB_OK) status = hb_queue_set_wakeup(chat->queue, wake_loop, wake_event);
    if (status != HB_OK) fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
    chat->history = hb_request_new(model, HB_NUL);
    hb_request_set_max_tokens(chat->history, 512);
    hb_options_free(options);
    hb_error_free(error);
    return status == HB_OK ? 0 : -1;
}

int main(int argc, char **argv) {
    static struct chat chat; /* all zero */
    static Uint32 wake_event;
    const char *font = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", *self_test = NULL;
    int i, result = EXIT_FAILURE;
    for (i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--font") == 0) font = argv[i + 1];
        if (strcmp(argv[i], "--self-test") == 0) self_test = argv[i + 1];
    }

    if (window_open(&chat, font) != 0 || (wake_event = SDL_RegisterEvents(1)) == (Uint32)-1) {
        fprintf(stderr, "no window: %s\n", SDL_GetError());
    } else if (open_library(&chat, &wake_event) == 0) {
        run(&chat, self_test);
        result = self_test == NULL || self_test_passed(&chat) ? EXIT_SUCCESS : EXIT_FAILURE;
    }

    /* In the middle of an answer too: nothing here waits for the server. The queue goes before SDL, because its free is
     * what makes sure that wake_loop is not called any more. */
    hb_queue_free(chat.queue);
    hb_client_free(chat.client);
    hb_request_free(chat.history);
    for (i = 0; i < chat.turn_count; i++) free(chat.turns[i].text);
    window_close(&chat);
    return result;
}
