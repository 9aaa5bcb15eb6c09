/* What a real server answers to a wrong key, to a bad request and to a prompt that is too long. */
#include "model.h"

#define PROMPT_WORDS 20000

static const char WORD[] = "word ";

/* Sends and expects a failure; the error, to be freed, which may be NULL. */
static hb_error *failing(hb_client *client, const hb_request *request, const char *name, hb_status want) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    check_status(name, hb_chat(client, request, &response, &error), want);
    check_status(of(name, "the response says so too"), hb_response_status(response), want);
    check_number(of(name, "for good"), hb_error_is_retryable(error), 0);
    hb_response_free(response);
    return error;
}

static void check_wrong_key(void) {
    hb_options *options = test_options();
    hb_options_set_api_key(options, "wrong-key", HB_NUL);
    hb_client *client = client_of(options);
    hb_request *request = model_chat("hello", 4);
    hb_error *error = failing(client, request, "a wrong key", HB_E_AUTHENTICATION);
    check_number("a wrong key: HTTP status", hb_error_http_status(error), 401);
    check_text("a wrong key: the server's words", hb_error_message(error, NULL), "Invalid API Key");
    check_text("a wrong key: type", hb_error_type(error), "authentication_error");
    check_text("a wrong key: code", hb_error_code(error), "401");
    check_has("a wrong key: the hint", hb_error_hint(error), "key");
    hb_error_free(error);
    hb_request_free(request);
    hb_client_free(client);
}

static void check_bad_request(hb_client *client) {
    hb_request *request = hb_request_new(setting("HB_TEST_MODEL"), HB_NUL);
    hb_request_set_json(request, "messages", "\"hello\"", HB_NUL);
    hb_error *error = failing(client, request, "a bad request", HB_E_BAD_REQUEST);
    check_number("a bad request: HTTP status", hb_error_http_status(error), 400);
    check_has("a bad request: the server's words", hb_error_message(error, NULL), "'messages'");
    check_text("a bad request: type", hb_error_type(error), "invalid_request_error");
    hb_error_free(error);
    hb_request_free(request);
}

static void check_overflow(hb_client *client) {
    const size_t word = sizeof WORD - 1;
    char *prompt = (char *)memory(PROMPT_WORDS * word);
    for (size_t i = 0; i < PROMPT_WORDS; i++) memcpy(prompt + i * word, WORD, word);
    hb_request *request = hb_request_new(setting("HB_TEST_MODEL"), HB_NUL);
    hb_request_add_message(request, "user", prompt, PROMPT_WORDS * word);
    hb_error *error = failing(client, request, "a prompt beyond the context", HB_E_BAD_REQUEST);
    check_number("a prompt beyond the context: HTTP status", hb_error_http_status(error), 400);
    check_has("a prompt beyond the context: the server's words", hb_error_message(error, NULL), "context size");
    check_text("a prompt beyond the context: type", hb_error_type(error), "exceed_context_size_error");
    check_has("a prompt beyond the context: the body as it was", hb_error_body(error, NULL), "\"n_ctx\":");
    hb_error_free(error);
    hb_request_free(request);
    free(prompt);
}

int main(void) {
    check_begin();
    hb_client *client = client_of(test_options());
    check_wrong_key();
    check_bad_request(client);
    check_overflow(client);
    hb_client_free(client);
    return check_end();
}
