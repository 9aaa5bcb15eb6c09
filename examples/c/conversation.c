/* Several turns. The server remembers nothing: each request carries the whole history, and the history is the request
 * itself, to which every question and every answer is appended. */
#include <hyperbolic.h>
#include <stdio.h>
#include <stdlib.h>

static const char *model_name(void) {
    const char *name = getenv("HYPERBOLIC_MODEL");
    return name != NULL && name[0] != '\0' ? name : "meta-llama/Llama-3.3-70B-Instruct";
}

/* Asks, prints the answer, and appends both to the history. */
static hb_status turn(hb_client *client, hb_request *history, const char *question) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    size_t len = 0;

    hb_request_add_message(history, "user", question, HB_NUL);
    hb_status status = hb_chat(client, history, &response, &error);
    if (status == HB_OK) {
        const char *answer = hb_response_text(response, 0, &len);
        printf("> %s\n", question);
        fwrite(answer, 1, len, stdout);
        printf("\n\n");
        status = hb_request_add_message(history, "assistant", answer, len);
    } else {
        fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
    }
    hb_error_free(error);
    hb_response_free(response);
    return status;
}

int main(void) {
    static const char *const questions[] = {
        "What is the capital of France?",
        "What is its population?",
        "And what should I see there first?",
    };
    hb_client *client = NULL;
    hb_error *error = NULL;

    hb_options *options = hb_options_from_env();
    hb_status status = hb_client_new(options, &client, &error);
    hb_options_free(options); /* the client has its own copy */
    if (status != HB_OK) {
        fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
        hb_error_free(error);
        return EXIT_FAILURE;
    }

    hb_request *history = hb_request_new(model_name(), HB_NUL);
    hb_request_add_message(history, "system", "You are a helpful assistant. You answer in one sentence.", HB_NUL);
    hb_request_set_max_tokens(history, 256);
    for (size_t i = 0; status == HB_OK && i < sizeof questions / sizeof questions[0]; i++) {
        status = turn(client, history, questions[i]);
    }

    hb_request_free(history);
    hb_client_free(client);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("stdout");
        return EXIT_FAILURE;
    }
    return status == HB_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
