/* The models that the client knows: Hyperbolic's catalogue, and what the server has said. */
#include "hbchat.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The client's view, to be freed; every getter takes NULL. */
static hb_model_list *view(const struct chat *chat) {
    hb_model_list *models = NULL;
    hb_client_model_list(chat->client, &models, NULL);
    return models;
}

int64_t models_context(const struct chat *chat) {
    hb_model_list *models = view(chat);
    int64_t index = hb_model_list_find(models, chat->model, HB_NUL);
    int64_t context = index < 0 ? -1 : hb_model_list_context(models, (uint32_t)index);
    hb_model_list_free(models);
    return context;
}

/* Once, and only when somebody wants to see or to choose: the server is asked what it has. */
static void ask_server(struct chat *chat) {
    struct answer answer;
    if (chat->asked_models) return;
    memset(&answer, 0, sizeof answer);
    answer.last_byte = '\n'; /* an answer without a word: no line is to be ended */
    answer.status = hb_start_models(chat->client, chat->queue, 0, &answer.op, &answer.error);
    if (answer.status == HB_OK) answer_follow(chat, &answer);
    chat->asked_models = answer.status == HB_OK;
    if (answer.status != HB_OK) {
        if (answer.status != HB_E_CANCELLED) chat_explain(answer.status, hb_error_retain(answer.error));
        notice("[so these are the models of the built-in catalogue]");
    }
    hb_error_free(answer.error);
    hb_response_free(answer.response);
    if (answer.leave != 0) raise(answer.leave); /* for the prompt, which leaves in good order */
}

static int is_chat(const hb_model_list *models, uint32_t index) { return hb_model_list_is_chat(models, index) != 0; }

static void put_count(int64_t count) {
    if (count < 0) printf("%9s", "?");
    else if (count < 1000) printf("%9d", (int)count);
    else if (count < 1000000) printf("%5d,%03d", (int)(count / 1000), (int)(count % 1000));
    else printf("%d,%03d,%03d", (int)(count / 1000000), (int)(count / 1000 % 1000), (int)(count % 1000));
}

/* Pico-USD a token are micro-USD a million. */
static void put_price(int64_t price) {
    if (price < 0) printf("%10s", "?");
    else printf("%10.2f", (double)price / 1e6);
}

static void put_model(const struct chat *chat, const hb_model_list *models, uint32_t index, int width) {
    const char *id = hb_model_list_id(models, index);
    int current = strcmp(id, chat->model) == 0;
    printf("%s%c ", current ? look.bold : "", current ? '*' : ' ');
    put_visible(stdout, id, strlen(id));
    printf("%*s", width - (int)strlen(id) + 1, "");
    put_count(hb_model_list_context(models, index));
    put_price(hb_model_list_input_price_picousd(models, index));
    put_price(hb_model_list_output_price_picousd(models, index));
    printf("%s%s\n", hb_model_list_has_images(models, index) == 1 ? "  images" : "", current ? look.plain : "");
}

void models_show(struct chat *chat) {
    int width = (int)strlen(chat->model);
    ask_server(chat);
    hb_model_list *models = view(chat);
    uint32_t count = hb_model_list_count(models);
    for (uint32_t i = 0; i < count; i++) {
        int len = (int)strlen(hb_model_list_id(models, i));
        if (is_chat(models, i) && len > width) width = len;
    }
    notice("  %-*s   context   $/M in  $/M out", width, "");
    for (uint32_t i = 0; i < count; i++) {
        if (is_chat(models, i)) put_model(chat, models, i, width);
    }
    if (hb_model_list_find(models, chat->model, HB_NUL) < 0) notice("* %s (not in the list)", chat->model);
    hb_model_list_free(models);
}

static void choose(struct chat *chat, const char *name) {
    char *chosen = copy_of(name);
    free(chat->model);
    chat->model = chosen;
    chat->told_of_trim = 0;
    notice("[the model is %s]", chosen);
}

/* A part of a name is enough where only one model has it. */
void models_choose(struct chat *chat, const char *name) {
    uint32_t found = 0, matches = 0;
    hb_model_list *models = view(chat);
    if (hb_model_list_find(models, name, HB_NUL) < 0) {
        hb_model_list_free(models);
        ask_server(chat);
        models = view(chat);
    }
    int64_t exact = hb_model_list_find(models, name, HB_NUL);
    uint32_t count = exact >= 0 ? 0 : hb_model_list_count(models);
    for (uint32_t i = 0; i < count; i++) {
        if (!is_chat(models, i) || strcasestr(hb_model_list_id(models, i), name) == NULL) continue;
        found = i;
        matches += 1;
    }
    if (exact >= 0) {
        choose(chat, hb_model_list_id(models, (uint32_t)exact));
    } else if (matches == 1) {
        choose(chat, hb_model_list_id(models, found));
    } else if (matches == 0) {
        choose(chat, name);
        notice("[it is not in the list of /model; the server decides]");
    } else {
        complain("%u models have %s in their names:", (unsigned)matches, name);
        for (uint32_t i = 0; i < count; i++) {
            const char *id = hb_model_list_id(models, i);
            if (is_chat(models, i) && strcasestr(id, name) != NULL) notice("  %s", id);
        }
    }
    hb_model_list_free(models);
}

char *models_complete(const struct chat *chat, const char *start) {
    hb_model_list *models = view(chat);
    size_t len = strlen(start), common = 0;
    char *word = NULL;
    for (uint32_t i = 0; i < hb_model_list_count(models); i++) {
        const char *id = hb_model_list_id(models, i);
        if (!is_chat(models, i) || strncasecmp(id, start, len) != 0) continue;
        if (word == NULL) {
            word = copy_of(id);
            common = strlen(word);
        }
        for (size_t at = 0; at < common; at++) {
            if (id[at] != word[at]) common = at;
        }
        word[common] = '\0';
    }
    hb_model_list_free(models);
    return word;
}
