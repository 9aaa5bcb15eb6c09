/* The conversation: what is asked, what is kept of the answer, and what is saved. */
#include "hbchat.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is left free for an answer if nobody says how long it may be: this, or a quarter of a small context. */
enum { ANSWER_TOKENS = 4096 };

/* A chat that has no memory left cannot go on. */
void *memory(void *old, size_t size) {
    void *block = realloc(old, size);
    if (block == NULL) {
        fprintf(stderr, "hbchat: no memory left\n");
        exit(EXIT_FAILED);
    }
    return block;
}

char *copy_of(const char *text) {
    size_t size = strlen(text) + 1;
    return (char *)memcpy(memory(NULL, size), text, size);
}

void chat_explain(hb_status status, hb_error *error) {
    const char *hint = hb_error_hint(error);
    complain("%s: %s", hb_status_name(status), hb_error_message(error, NULL));
    if (hint[0] != '\0') complain("%s", hint);
    hb_error_free(error);
}

static int explained(hb_status status, hb_error *error) {
    if (status != HB_OK) chat_explain(status, error);
    return status == HB_OK ? 0 : -1;
}

hb_status chat_begin(struct chat *chat, hb_error **error) {
    hb_options *options = hb_options_from_env();
    hb_options_set_user_agent(options, "hbchat/" HBCHAT_VERSION, HB_NUL);
    hb_status status = hb_client_new(options, &chat->client, error);
    hb_options_free(options);
    if (status == HB_OK) status = hb_queue_new(&chat->queue, error);
    chat->conversation = hb_conversation_new();
    return status;
}

void chat_end(struct chat *chat) {
    chat_drop_images(chat);
    hb_response_free(chat->last);
    hb_conversation_free(chat->conversation);
    hb_queue_free(chat->queue);
    hb_client_free(chat->client);
    free(chat->model);
}

static hb_status add_question(struct chat *chat, const char *question, size_t len, hb_error **error) {
    hb_status status = hb_conversation_add_message(chat->conversation, "user", question, len, error);
    for (size_t i = 0; status == HB_OK && i < chat->image_count; i++) {
        const struct image *image = &chat->images[i];
        status = image->is_url ? hb_conversation_add_image_url(chat->conversation, image->data, image->len, NULL, error)
                               : hb_conversation_add_image(chat->conversation, image->data, image->len, NULL, error);
    }
    return status;
}

/* What is sent: a copy, so that what had to be left out for one model is still there for another, and for /save. If it
 * is too long even so, by an estimate, the server may say that. */
static hb_conversation *trimmed(struct chat *chat) {
    hb_conversation *sent = hb_conversation_clone(chat->conversation);
    int64_t context = models_context(chat), room = chat->max_tokens;
    uint32_t dropped = 0;
    if (context <= 0) return sent;
    if (room == 0) room = context / 4 < ANSWER_TOKENS ? context / 4 : ANSWER_TOKENS;
    hb_conversation_trim(sent, context > room ? context - room : 1, &dropped, NULL);
    if (dropped > 0 && !chat->told_of_trim) {
        notice("[the conversation outgrows the %lld tokens of this model: its oldest part is not sent any more, "
               "and stays in what /save writes]", (long long)context);
        chat->told_of_trim = 1;
    }
    return sent;
}

static hb_status start(struct chat *chat, struct answer *answer) {
    hb_conversation *sent = trimmed(chat);
    hb_request *request = hb_request_new(chat->model, HB_NUL);
    hb_request_set_conversation(request, sent);
    hb_request_set_total_timeout_ms(request, 0);
    if (chat->max_tokens > 0) hb_request_set_max_tokens(request, chat->max_tokens);
    hb_status status = hb_start(chat->client, request, chat->queue, 0, &answer->op, &answer->error);
    hb_request_free(request);
    hb_conversation_free(sent);
    return status;
}

/* Keeps what came; answers whether anything did. */
static int keep(struct chat *chat, const struct answer *answer) {
    size_t len = 0;
    hb_response_text(answer->response, 0, &len);
    if (len == 0) return 0;
    return hb_conversation_add_response(chat->conversation, answer->response, 0, NULL) == HB_OK;
}

/* What the person at the terminal should know about how it ended. */
static void remark(const struct answer *answer, int kept) {
    const char *why = hb_response_finish_reason(answer->response, 0);
    if (answer->status == HB_E_CANCELLED) {
        notice("[stopped; %s]", kept ? "what had come stays in the conversation" : "the question is taken back");
    } else if (answer->status != HB_OK) {
        notice("[%s]", kept ? "what had come stays in the conversation"
                            : "the question is taken back; arrow up brings it");
    } else if (!kept) {
        notice("[no answer; the question is taken back]");
    } else if (strcmp(why, "length") == 0) {
        notice("[the answer was cut at its limit of tokens; ask to go on]");
    }
}

hb_status chat_turn(struct chat *chat, const char *question, size_t len, int *leave) {
    uint32_t before = hb_conversation_count(chat->conversation);
    struct answer answer;
    memset(&answer, 0, sizeof answer);
    answer.status = add_question(chat, question, len, &answer.error);
    if (answer.status == HB_OK) answer.status = start(chat, &answer);
    if (answer.status == HB_OK) answer.status = answer_follow(chat, &answer);

    int kept = answer.response != NULL && keep(chat, &answer);
    if (answer.status != HB_OK && answer.status != HB_E_CANCELLED) {
        chat_explain(answer.status, answer.error);
        answer.error = NULL;
    }
    if (chat->at_terminal) remark(&answer, kept);
    if (chat->at_terminal && !kept && chat->image_count > 0) {
        notice("[what /image names still goes with the next message; /image - leaves it out]");
    }
    if (kept) chat_drop_images(chat);
    else hb_conversation_truncate(chat->conversation, before, NULL);
    if (answer.response != NULL) {
        hb_response_free(chat->last);
        chat->last = answer.response;
    }
    hb_error_free(answer.error);
    *leave = answer.leave;
    return answer.status;
}

int chat_undo(struct chat *chat, char **question) {
    uint32_t last = hb_conversation_count(chat->conversation);
    while (last > 0 && strcmp(hb_conversation_role(chat->conversation, last - 1), "user") != 0) last -= 1;
    if (last == 0) return 0;
    *question = copy_of(hb_conversation_text(chat->conversation, last - 1, NULL));
    return hb_conversation_truncate(chat->conversation, last - 1, NULL) == HB_OK;
}

static int is_url(const char *name) {
    return strncmp(name, "http://", 7) == 0 || strncmp(name, "https://", 8) == 0 || strncmp(name, "data:", 5) == 0;
}

/* Tried on a conversation of its own, so that a file that is no image is told at once and not with the question. */
int chat_add_image(struct chat *chat, const char *name) {
    struct image image = {NULL, NULL, 0, is_url(name)};
    struct chat trial = {0};
    hb_error *error = NULL;
    image.data = image.is_url ? copy_of(name) : file_read(name, &image.len);
    if (image.data == NULL) {
        complain("%s: %s", name, strerror(errno));
        return -1;
    }
    if (image.is_url) image.len = strlen(name);
    trial.conversation = hb_conversation_new();
    trial.images = &image;
    trial.image_count = 1;
    hb_status status = add_question(&trial, "", 0, &error);
    hb_conversation_free(trial.conversation);
    if (explained(status, error) != 0) {
        free(image.data);
        return -1;
    }
    image.name = copy_of(name);
    chat->images = (struct image *)memory(chat->images, (chat->image_count + 1) * sizeof image);
    chat->images[chat->image_count++] = image;
    return 0;
}

void chat_drop_images(struct chat *chat) {
    for (size_t i = 0; i < chat->image_count; i++) {
        free(chat->images[i].name);
        free(chat->images[i].data);
    }
    free(chat->images);
    chat->images = NULL;
    chat->image_count = 0;
}

int chat_set_system(struct chat *chat, const char *text) {
    hb_error *error = NULL;
    return explained(hb_conversation_set_system(chat->conversation, text, HB_NUL, &error), error);
}

int chat_load(struct chat *chat, const char *path) {
    hb_conversation *loaded = NULL;
    hb_error *error = NULL;
    size_t len = 0;
    char *json = file_read(path, &len);
    if (json == NULL) {
        complain("%s: %s", path, strerror(errno));
        return -1;
    }
    hb_status status = hb_conversation_load(json, len, &loaded, &error);
    free(json);
    if (explained(status, error) != 0) return -1;
    hb_conversation_free(chat->conversation);
    chat->conversation = loaded;
    chat->told_of_trim = 0;
    return 0;
}

int chat_save(const struct chat *chat, const char *path) {
    hb_text *json = NULL;
    hb_error *error = NULL;
    size_t len = 0;
    hb_status status = hb_conversation_save(chat->conversation, 0, &json, &error);
    if (explained(status, error) != 0) return -1;
    const char *text = hb_text_data(json, &len);
    int result = file_write(path, text, len);
    if (result != 0) complain("%s: %s", path, strerror(errno));
    hb_text_free(json);
    return result;
}
