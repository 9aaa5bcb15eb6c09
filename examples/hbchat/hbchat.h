/* hbchat: what its files know of each other. Include it first: it says which of the system's functions are wanted. */
#ifndef HBCHAT_H
#define HBCHAT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <hyperbolic.h>
#include <stdio.h>

#define HBCHAT_VERSION "0.1.0"
#define HBCHAT_MODEL "meta-llama/Llama-3.3-70B-Instruct"

enum { EXIT_ANSWERED = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* An image that goes with the next message: the bytes of a file, or a URL. */
struct image {
    char *name, *data;
    size_t len;
    int is_url;
};

struct chat {
    hb_client *client;
    hb_queue *queue;
    hb_conversation *conversation;
    char *model;
    int64_t max_tokens; /* 0: as many as the server likes */
    struct image *images;
    size_t image_count;
    hb_response *last; /* the last answer, for /cost; NULL before the first */
    int at_terminal;   /* somebody chats; otherwise one question is answered */
    int asked_models, told_of_trim;
};

/* A line of the screen while it is written: what stands in it, and the word that waits for its end. */
struct wrap {
    int columns, column, spaces, width, fenced;
    size_t used;
    char word[512];
};

/* An answer while it comes. */
struct answer {
    hb_op op;
    struct wrap wrap;
    int waiting, thinking, text_begun, ended, leave; /* `leave`: a signal that ends the program */
    char last_byte;
    hb_status status;
    hb_response *response;
    hb_error *error;
};

/* chat.c: the conversation and its turns. */
void *memory(void *old, size_t size);
char *copy_of(const char *text);
hb_status chat_begin(struct chat *chat, hb_error **error);
void chat_end(struct chat *chat);
/* Asks and shows the answer. What failed before a word of it came is taken out again. */
hb_status chat_turn(struct chat *chat, const char *question, size_t len, int *leave);
/* Takes the last question back, with all that followed it; 0 if there is none. Its text becomes the caller's. */
int chat_undo(struct chat *chat, char **question);
/* These say themselves what went wrong, and answer 0 if nothing did. */
int chat_add_image(struct chat *chat, const char *name);
int chat_load(struct chat *chat, const char *path);
int chat_save(const struct chat *chat, const char *path);
int chat_set_system(struct chat *chat, const char *text);
void chat_drop_images(struct chat *chat);
/* Says what went wrong, in the library's and the server's words, and frees `error`. */
void chat_explain(hb_status status, hb_error *error);

/* answer.c: shows what comes until the answer has ended. */
hb_status answer_follow(const struct chat *chat, struct answer *answer);

/* wrap.c: lines that break between words. */
void wrap_measure(struct wrap *wrap);
void wrap_put(struct wrap *wrap, const char *text, size_t len);
void wrap_flush(struct wrap *wrap);

/* commands.c: /help and the like. */
enum { GO_ON, QUIT };
int command_run(struct chat *chat, const char *line);
/* What Tab makes of all that stands before the cursor, to be freed; NULL if it is not clear. */
char *command_complete(const struct chat *chat, const char *start);

/* models.c: the models that the client knows. */
void models_show(struct chat *chat);
void models_choose(struct chat *chat, const char *name);
int64_t models_context(const struct chat *chat);
char *models_complete(const struct chat *chat, const char *start);

/* files.c */
char *file_read(const char *path, size_t *len); /* to be freed; NULL with errno; "-" is standard input */
int file_write(const char *path, const char *text, size_t len);

/* line.c: a line from the keyboard, by libedit. */
enum { LINE_TEXT, LINE_INTERRUPTED, LINE_END };
int line_begin(const struct chat *chat);
int line_read(char **text); /* `*text` is the caller's, and never NULL with LINE_TEXT */
int line_was_empty(void); /* whether Ctrl-C was pressed at an empty prompt */
void line_remember(const char *text);
int line_signal(void); /* the signal that ended the input, or 0 */
void line_end(void);

/* signals.c: signals do nothing but wake a poll. */
int signals_begin(int at_terminal);
int signals_descriptor(void);
int signals_next(void); /* 0 if none waits */
void signals_stop(void); /* what SIGTSTP would have done; returns when the program goes on */

/* terminal.c: how it looks. */
struct look {
    int out_is_terminal, styled;
    const char *plain, *dim, *bold, *red, *prompt;
};
extern struct look look;
void terminal_begin(int at_terminal);
void terminal_quiet_keys(int quiet);
/* Writes text so that no control character but newline and tab reaches a terminal. */
void put_visible(FILE *file, const char *text, size_t len);
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void notice(const char *format, ...); /* a dim line */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void complain(const char *format, ...); /* a red line on standard error */

#endif
