/* What the three files of this example share. */
#ifndef CHAT_H
#define CHAT_H

#include <SDL.h>
#include <SDL_ttf.h>
#include <hyperbolic.h>

enum { MOST_TURNS = 200, LINE_BYTES = 1000 };

/* A question or an answer, and how it looks; NULL when it has changed since it was drawn. */
struct turn {
    int mine;
    char *text;
    size_t len;
    SDL_Texture *texture;
};

struct chat {
    hb_client *client;
    hb_queue *queue;
    hb_request *history; /* grows by every question and answer */
    hb_op op;            /* the answer that streams in; 0 if none does */
    hb_status status;    /* how the last one ended */
    struct turn turns[MOST_TURNS];
    int turn_count;
    char line[LINE_BYTES]; /* what is being typed */
    size_t line_len;
    char notice[200]; /* what went wrong, under the answers */
    int running, changed;

    SDL_Window *window;
    SDL_Renderer *renderer;
    TTF_Font *font, *small;
};

/* window.c: -1, and SDL_GetError says why, on failure. */
int window_open(struct chat *chat, const char *font);
void window_close(struct chat *chat);
void window_draw(struct chat *chat);
int window_save(struct chat *chat, const char *bmp_file);

/* self_test.c: plays the user, a step after each turn of the loop; whether all came as it should. */
void self_test_step(struct chat *chat, const char *bmp_file);
int self_test_passed(const struct chat *chat);

#endif
