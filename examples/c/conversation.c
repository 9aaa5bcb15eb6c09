/* Several turns, kept short enough for the model, saved into a file and loaded again. The server remembers nothing: each
 * request carries the whole conversation. */
#include <hyperbolic.h>
#include <stdio.h>
#include <stdlib.h>

/* What the prompt may have, by estimate; the rest of the model's context is for the answer. */
enum { MOST_TOKENS = 4000 };

static const char *model_name(void) {
    const char *name = getenv("HYPERBOLIC_MODEL");
    return name != NULL && name[0] != '\0' ? name : "meta-llama/Llama-3.3-70B-Instruct";
}

/* Asks, adds the answer, and prints both. */
static hb_status turn(hb_client *client, hb_conversation *chat, const char *question, hb_error **error) {
    hb_response *response = NULL;
    hb_request *request = hb_request_new(model_name(), HB_NUL);
    hb_status status = hb_conversation_add_message(chat, "user", question, HB_NUL, error);
    if (status == HB_OK) status = hb_conversation_trim(chat, MOST_TOKENS, NULL, error);
    if (status == HB_OK) {
        hb_request_set_conversation(request, chat); /* what could be wrong with it, hb_chat says */
        hb_request_set_max_tokens(request, 256);
        status = hb_chat(client, request, &response, error);
    }
    if (status == HB_OK) status = hb_conversation_add_response(chat, response, 0, error);
    if (status == HB_OK) {
        size_t len = 0;
        const char *answer = hb_conversation_text(chat, hb_conversation_count(chat) - 1, &len);
        printf("> %s\n", question);
        fwrite(answer, 1, len, stdout);
        printf("\n\n");
    }
    hb_response_free(response);
    hb_request_free(request);
    return status;
}

/* A saved conversation is JSON, the same bytes for the same content. */
static hb_status save(const hb_conversation *chat, FILE *file, hb_error **error) {
    hb_text *json = NULL;
    size_t len = 0;
    hb_status status = hb_conversation_save(chat, 0, &json, error);
    const char *bytes = hb_text_data(json, &len);
    if (status == HB_OK && (fwrite(bytes, 1, len, file) != len || fflush(file) != 0)) {
        perror("the file");
        status = HB_E_SYSTEM;
    }
    hb_text_free(json);
    return status;
}

/* Whatever became of the file: what is loaded is whole, or the error says where it is not. (Of one that is longer than
 * the buffer, the end is missing, which is such a place.) */
static hb_status load(FILE *file, hb_conversation **chat, hb_error **error) {
    static char json[1 << 20];
    rewind(file);
    return hb_conversation_load(json, fread(json, 1, sizeof json, file), chat, error);
}

int main(void) {
    hb_client *client = NULL;
    hb_conversation *again = NULL;
    hb_error *error = NULL;
    FILE *file = tmpfile();
    if (file == NULL) {
        perror("tmpfile");
        return EXIT_FAILURE;
    }
    hb_options *options = hb_options_from_env();
    hb_conversation *chat = hb_conversation_new();

    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) status = hb_conversation_set_system(chat, "You answer in one sentence.", HB_NUL, &error);
    if (status == HB_OK) status = turn(client, chat, "What is the capital of France?", &error);
    if (status == HB_OK) status = turn(client, chat, "What is its population?", &error);
    if (status == HB_OK) status = save(chat, file, &error);
    if (status == HB_OK) status = load(file, &again, &error);
    if (status == HB_OK) status = turn(client, again, "And what should I see there first?", &error);
    if (status != HB_OK) fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));

    hb_error_free(error);
    hb_conversation_free(again);
    hb_conversation_free(chat);
    hb_client_free(client);
    hb_options_free(options);
    if (fclose(file) != 0 || fflush(stdout) != 0 || ferror(stdout)) {
        perror("stdout");
        return EXIT_FAILURE;
    }
    return status == HB_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
