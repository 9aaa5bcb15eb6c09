/* A tool, in two rounds: the model asks for a sum, the program adds, the model says what came out. */
#include <hyperbolic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PARAMETERS[] =
    "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":\"integer\"}},"
    "\"required\":[\"a\",\"b\"]}";

static const char *model_name(void) {
    const char *name = getenv("HYPERBOLIC_MODEL");
    return name != NULL && name[0] != '\0' ? name : "meta-llama/Llama-3.3-70B-Instruct";
}

/* The integer behind `key`. A program with more tools has a JSON reader of its own; this one gets two numbers. */
static long number_in(const char *json, const char *key) {
    const char *at = strstr(json, key);
    return at == NULL ? 0 : strtol(at + strlen(key) + strspn(at + strlen(key), "\": "), NULL, 10);
}

/* Runs every call that waits for its result. They could also run one a frame, or on a thread: each result is added when
 * it is there, in any order. */
static hb_status run_tools(hb_conversation *chat, hb_error **error) {
    hb_status status = HB_OK;
    while (status == HB_OK && hb_conversation_open_tool_call_count(chat) > 0) {
        const char *id = hb_conversation_open_tool_call_id(chat, 0);
        const char *arguments = hb_conversation_open_tool_call_arguments(chat, 0, NULL);
        char result[64];
        snprintf(result, sizeof result, "%ld", number_in(arguments, "\"a\"") + number_in(arguments, "\"b\""));
        printf("%s(%s) = %s\n", hb_conversation_open_tool_call_name(chat, 0), arguments, result);
        status = hb_conversation_add_tool_result(chat, id, result, HB_NUL, error);
    }
    return status;
}

/* Sends the conversation and adds the answer to it, until the model has words and no more calls. */
static hb_status talk(hb_client *client, hb_request *request, hb_conversation *chat, hb_error **error) {
    hb_response *response = NULL;
    hb_status status = HB_OK;
    for (int round = 0; status == HB_OK && round < 5; round++) {
        hb_request_set_conversation(request, chat);
        status = hb_chat(client, request, &response, error);
        if (status == HB_OK) status = hb_conversation_add_response(chat, response, 0, error);
        int is_done = hb_response_tool_call_count(response, 0) == 0;
        if (status == HB_OK && is_done) printf("%s\n", hb_response_text(response, 0, NULL));
        hb_response_free(response);
        if (status == HB_OK && is_done) break;
        if (status == HB_OK) status = run_tools(chat, error);
    }
    return status;
}

int main(void) {
    hb_client *client = NULL;
    hb_error *error = NULL;
    hb_options *options = hb_options_from_env();
    hb_conversation *chat = hb_conversation_new();
    hb_request *request = hb_request_new(model_name(), HB_NUL);
    hb_request_add_tool(request, "add", "Adds two integers.", HB_NUL, PARAMETERS, HB_NUL);
    hb_request_set_temperature(request, 0);

    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) {
        status = hb_conversation_add_message(chat, "user", "Please add 2 and 3", HB_NUL, &error);
    }
    if (status == HB_OK) status = talk(client, request, chat, &error);
    if (status != HB_OK) fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));

    hb_error_free(error);
    hb_request_free(request);
    hb_conversation_free(chat);
    hb_client_free(client);
    hb_options_free(options);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("stdout");
        return EXIT_FAILURE;
    }
    return status == HB_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
