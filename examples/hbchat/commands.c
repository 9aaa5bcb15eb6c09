/* What begins with a slash. */
#include "hbchat.h"

#include <stdlib.h>
#include <string.h>

typedef int (*command_fn)(struct chat *chat, const char *rest);

static int run_model(struct chat *chat, const char *name) {
    if (name[0] == '\0') models_show(chat);
    else models_choose(chat, name);
    return GO_ON;
}

static int run_system(struct chat *chat, const char *text) {
    int removes = strcmp(text, "-") == 0;
    if (text[0] != '\0') {
        if (chat_set_system(chat, removes ? "" : text) == 0) {
            notice("[the system prompt is %s]", removes ? "gone" : "set");
        }
        return GO_ON;
    }
    const char *current = hb_conversation_system(chat->conversation, NULL);
    notice("%s", current[0] == '\0' ? "[there is no system prompt]" : current);
    return GO_ON;
}

static int run_save(struct chat *chat, const char *path) {
    if (path[0] == '\0') complain("/save needs the name of a file");
    else if (chat_save(chat, path) == 0) notice("[saved in %s]", path);
    return GO_ON;
}

static int run_load(struct chat *chat, const char *path) {
    if (path[0] == '\0') {
        complain("/load needs the name of a file");
    } else if (chat_load(chat, path) == 0) {
        notice("[loaded %u messages, about %lld tokens]", (unsigned)hb_conversation_count(chat->conversation),
               (long long)hb_conversation_tokens(chat->conversation));
    }
    return GO_ON;
}

static int run_image(struct chat *chat, const char *name) {
    if (strcmp(name, "-") == 0) chat_drop_images(chat);
    else if (name[0] != '\0' && chat_add_image(chat, name) != 0) return GO_ON;
    for (size_t i = 0; i < chat->image_count; i++) notice("[with the next message: %s]", chat->images[i].name);
    if (chat->image_count == 0) notice("[no image goes with the next message]");
    return GO_ON;
}

static void put_usage(const char *what, int64_t in, int64_t out, int64_t nanousd) {
    printf("%s", what);
    if (in < 0 || out < 0) printf("the server did not count the tokens");
    else printf("%lld tokens in, %lld out", (long long)in, (long long)out);
    if (nanousd >= 0) printf(", $%.6f", (double)nanousd / 1e9);
    else printf(", price unknown");
}

static int run_cost(struct chat *chat, const char *rest) {
    (void)rest;
    if (chat->last == NULL) {
        notice("[nothing was asked yet]");
        return GO_ON;
    }
    double speed = hb_response_tokens_per_second(chat->last);
    int64_t unpriced = hb_client_count(chat->client, HB_COUNT_UNPRICED);
    int64_t spent = hb_client_count(chat->client, HB_COUNT_SPENT_NANOUSD);
    put_usage("last answer: ", hb_response_prompt_tokens(chat->last), hb_response_completion_tokens(chat->last),
              hb_response_cost_nanousd(chat->last));
    if (speed >= 0) printf(", %.1f tokens/s", speed);
    if (hb_response_first_token_ms(chat->last) >= 0) {
        printf(", first after %.2f s", (double)hb_response_first_token_ms(chat->last) / 1000);
    }
    put_usage("\nin total:    ", hb_client_count(chat->client, HB_COUNT_PROMPT_TOKENS),
              hb_client_count(chat->client, HB_COUNT_COMPLETION_TOKENS), spent == 0 && unpriced > 0 ? -1 : spent);
    if (spent > 0 && unpriced > 0) printf(" and %lld answers without a price", (long long)unpriced);
    putchar('\n');
    return GO_ON;
}

static int run_undo(struct chat *chat, const char *rest) {
    char *question = NULL;
    (void)rest;
    if (!chat_undo(chat, &question)) {
        notice("[there is nothing to take back]");
        return GO_ON;
    }
    notice("[taken back: %s]", question);
    line_remember(question);
    free(question);
    return GO_ON;
}

static int run_quit(struct chat *chat, const char *rest) {
    (void)chat;
    (void)rest;
    return QUIT;
}

static int run_help(struct chat *chat, const char *rest);

static const struct {
    const char *name, *values, *what;
    command_fn run;
} commands[] = {
    {"/model", "[NAME]", "list the models, or take another; a part of its name is enough", run_model},
    {"/system", "[TEXT]", "show or set the system prompt; - removes it", run_system},
    {"/image", "[FILE or URL]", "send an image with the next message; - sends none", run_image},
    {"/undo", "", "take the last question and its answer back", run_undo},
    {"/save", "FILE", "save the conversation", run_save},
    {"/load", "FILE", "go on with a saved one", run_load},
    {"/cost", "", "tokens, price and speed", run_cost},
    {"/help", "", "this", run_help},
    {"/quit", "", "leave; so does Ctrl-D", run_quit},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int run_help(struct chat *chat, const char *rest) {
    (void)chat;
    (void)rest;
    for (int i = 0; i < COMMANDS; i++) {
        printf("%s%-7s%s %-14s %s\n", look.bold, commands[i].name, look.plain, commands[i].values, commands[i].what);
    }
    notice("Enter sends, Alt-Enter begins a new line, arrow up brings what was asked.\n"
           "Tab completes commands and models.\n"
           "Ctrl-C stops an answer, and clears a line; twice at an empty prompt it leaves.");
    return GO_ON;
}

int command_run(struct chat *chat, const char *line) {
    size_t len = strcspn(line, " \t\n");
    const char *rest = line + len + strspn(line + len, " \t\n");
    for (int i = 0; i < COMMANDS; i++) {
        if (strlen(commands[i].name) == len && strncmp(line, commands[i].name, len) == 0) {
            return commands[i].run(chat, rest);
        }
    }
    complain("unknown command %.*s; /help lists them. A question that begins with / needs a space before it", (int)len,
             line);
    return GO_ON;
}

char *command_complete(const struct chat *chat, const char *start) {
    const char *found = NULL;
    if (strncmp(start, "/model ", 7) == 0) {
        char *model = models_complete(chat, start + 7);
        if (model == NULL) return NULL;
        char *line = (char *)memory(NULL, strlen(model) + 8);
        sprintf(line, "/model %s", model);
        free(model);
        return line;
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (start[0] != '/' || strncmp(commands[i].name, start, strlen(start)) != 0) continue;
        if (found != NULL) return NULL; /* /s: which one? */
        found = commands[i].name;
    }
    if (found == NULL) return NULL;
    char *line = (char *)memory(NULL, strlen(found) + 2);
    sprintf(line, "%s ", found);
    return line;
}
