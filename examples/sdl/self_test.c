/* Plays the user: types by SDL's own events, waits for an answer, stops a second one, and closes the window in the
 * middle of a third. Each check prints a line. */
#include "chat.h"

#include <stdio.h>
#include <string.h>

static struct {
    int step, failures, growths;
    size_t len;
} test;

static void check(int good, const char *name) {
    printf("%s %s\n", good ? "ok" : "not ok", name);
    fflush(stdout);
    test.failures += !good;
}

static void push_key(SDL_Keycode key) {
    SDL_Event event;
    memset(&event, 0, sizeof event);
    event.type = SDL_KEYDOWN;
    event.key.keysym.sym = key;
    if (SDL_PushEvent(&event) != 1) check(0, "a key is taken");
}

/* As a keyboard would: a character an event. */
static void push_text(const char *text) {
    SDL_Event event;
    memset(&event, 0, sizeof event);
    event.type = SDL_TEXTINPUT;
    for (; *text != '\0'; text++) {
        event.text.text[0] = *text;
        if (SDL_PushEvent(&event) != 1) check(0, "a character is taken");
    }
}

static void push_line(const char *text) {
    push_text(text);
    push_key(SDLK_RETURN);
}

static void push_close(void) {
    SDL_Event event;
    memset(&event, 0, sizeof event);
    event.type = SDL_QUIT;
    if (SDL_PushEvent(&event) != 1) check(0, "the close of the window is taken");
}

/* The length of the answer that is last, watched while it grows. */
static size_t watch(const struct chat *chat) {
    size_t len = chat->turn_count == 0 ? 0 : chat->turns[chat->turn_count - 1].len;
    test.growths += len > test.len;
    return test.len = len;
}

void self_test_step(struct chat *chat, const char *bmp_file) {
    size_t len = watch(chat);
    int streaming = chat->op != 0;
    switch (test.step) {
    case 0: /* a slip of the finger, corrected */
        push_text("Why is the skyy");
        push_key(SDLK_BACKSPACE);
        push_line(" blue?");
        break;
    case 1:
        if (chat->turn_count < 2 || streaming) return;
        check(strcmp(chat->turns[0].text, "Why is the sky blue?") == 0, "what was typed is asked");
        check(chat->status == HB_OK && len > 0, "an answer comes");
        check(test.growths > 1, "piece by piece");
        test.growths = 0;
        push_line("Why is it red in the evening, then?");
        break;
    case 2:
        if (chat->turn_count < 4 || (streaming && len < 150)) return;
        check(streaming, "a second one streams");
        check(window_save(chat, bmp_file) == 0, "a screenshot is taken");
        push_key(SDLK_ESCAPE);
        break;
    case 3:
        if (streaming) return;
        check(chat->status == HB_E_CANCELLED && len > 0, "Esc stops it, and keeps what had come");
        check(chat->notice[0] == '\0', "that is no failure");
        push_line("And at night?");
        break;
    case 4:
        if (chat->turn_count < 6 || (streaming && len == 0)) return;
        check(streaming, "a third one streams");
        push_close();
        break;
    default: return;
    }
    test.step += 1;
}

int self_test_passed(const struct chat *chat) {
    check(test.step == 5 && chat->op != 0, "the window closes in the middle of it");
    return test.failures == 0;
}
