/* One question, one answer. HYPERBOLIC_API_KEY is the key; HYPERBOLIC_BASE_URL and HYPERBOLIC_MODEL are optional. */
#include <hyperbolic.h>
#include <stdio.h>
#include <stdlib.h>

static const char *model_name(void) {
    const char *name = getenv("HYPERBOLIC_MODEL");
    return name != NULL && name[0] != '\0' ? name : "meta-llama/Llama-3.3-70B-Instruct";
}

/* The answer may hold any bytes that the model wrote, so it is printed by its length. */
static int print_answer(const hb_response *response) {
    size_t len = 0;
    const char *text = hb_response_text(response, 0, &len);
    if (fwrite(text, 1, len, stdout) != len || putchar('\n') == EOF || fflush(stdout) != 0) {
        perror("stdout");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(void) {
    int result = EXIT_FAILURE;
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_error *error = NULL;

    /* What makes an object never answers NULL. A setter remembers the first bad value, and the call that uses the
     * object reports it: so one check below covers all of these lines. */
    hb_options *options = hb_options_from_env();
    hb_request *request = hb_request_new(model_name(), HB_NUL);
    hb_request_add_message(request, "system", "You answer in one paragraph.", HB_NUL);
    hb_request_add_message(request, "user", "Explain quantum computing in simple terms.", HB_NUL);
    hb_request_set_max_tokens(request, 512);
    hb_request_set_temperature(request, 0.7);

    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) status = hb_chat(client, request, &response, &error);
    if (status == HB_OK) {
        result = print_answer(response);
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
