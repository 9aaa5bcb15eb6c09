/* A base model goes on with a text: no roles, no chat. HYPERBOLIC_MODEL names another one. */
#include <hyperbolic.h>
#include <stdio.h>
#include <stdlib.h>

static const char *model_name(void) {
    const char *name = getenv("HYPERBOLIC_MODEL");
    return name != NULL && name[0] != '\0' ? name : "meta-llama/Meta-Llama-3.1-405B";
}

/* The prompt, and how the model went on. */
static int print_completion(const char *prompt, const hb_response *response) {
    size_t len = 0;
    const char *text = hb_response_text(response, 0, &len);
    if (printf("%s", prompt) < 0 || fwrite(text, 1, len, stdout) != len || putchar('\n') == EOF ||
        fflush(stdout) != 0) {
        perror("stdout");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(void) {
    const char *prompt = "The key principles of machine learning are";
    int result = EXIT_FAILURE;
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_error *error = NULL;

    /* A prompt, where a chat has messages, makes it a text completion. */
    hb_options *options = hb_options_from_env();
    hb_request *request = hb_request_new(model_name(), HB_NUL);
    hb_request_set_prompt(request, prompt, HB_NUL);
    hb_request_set_max_tokens(request, 256);
    hb_request_set_temperature(request, 0.7);
    hb_request_add_stop(request, "\n\n", HB_NUL); /* base models do not know when to stop */

    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) status = hb_complete(client, request, &response, &error);
    if (status == HB_OK) {
        result = print_completion(prompt, response);
    } else {
        fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
        if (hb_error_hint(error)[0] != '\0') fprintf(stderr, "%s\n", hb_error_hint(error));
    }

    hb_error_free(error);
    hb_response_free(response);
    hb_client_free(client);
    hb_request_free(request);
    hb_options_free(options);
    return result;
}
