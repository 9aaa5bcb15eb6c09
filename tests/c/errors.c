/*
 * What a server can answer instead of an answer: each its status, the server's own words and what else it said.
 */
#include "check.h"

/* What an error must say; NULL and -2 are not looked at. */
struct expected {
    const char *name, *script;
    hb_status status;
    int32_t http_status;
    const char *code, *type, *param, *message, *hint;
    int32_t retryable;
    int64_t retry_after_ms;
};

#define ASKED(status) "the simulator was asked to answer " status
#define ANY_WAIT (-2)

static const struct expected HTTP[] = {
    {"400", "status=400", HB_E_BAD_REQUEST, 400, "40001", "", "", ASKED("400 Bad Request"), "model", 0, -1},
    {"400, OpenAI", "status=400,openai-errors", HB_E_BAD_REQUEST, 400, "invalid_value", "invalid_request_error", "",
     ASKED("400 Bad Request"), "messages", 0, -1},
    {"401", "status=401", HB_E_AUTHENTICATION, 401, "40102", "", "", ASKED("401 Unauthorized"), "key", 0, -1},
    {"401, OpenAI", "status=401,openai-errors", HB_E_AUTHENTICATION, 401, "invalid_api_key", "authentication_error", "",
     ASKED("401 Unauthorized"), "header", 0, -1},
    {"402", "status=402", HB_E_QUOTA, 402, "402", "", "", ASKED("402 Payment Required"), NULL, 0, -1},
    {"403", "status=403", HB_E_AUTHENTICATION, 403, "40103", "", "", ASKED("403 Forbidden"), "key", 0, -1},
    {"404", "status=404", HB_E_BAD_REQUEST, 404, "404", "", "", ASKED("404 Not Found"), "model", 0, -1},
    {"408", "status=408", HB_E_SERVER, 408, "408", "", "", ASKED("408 Request Timeout"), "support", 1, -1},
    {"409", "status=409", HB_E_SERVER, 409, "409", "", "", ASKED("409 Conflict"), NULL, 1, -1},
    {"413", "status=413", HB_E_BAD_REQUEST, 413, "413", "", "", ASKED("413"), NULL, 0, -1},
    {"422", "status=422", HB_E_BAD_REQUEST, 422, "40001", "", "", ASKED("422 Unprocessable"), "values", 0, -1},
    {"429", "status=429", HB_E_RATE_LIMITED, 429, "42901", "", "", ASKED("429 Too Many"), "600", 1, -1},
    {"429 and seconds", "status=429,header=retry-after: 2", HB_E_RATE_LIMITED, 429, NULL, NULL, NULL, ASKED("429"),
     "60", 1, 2000},
    {"429 and parts of a second", "status=429,header=retry-after: 1.5", HB_E_RATE_LIMITED, 429, NULL, NULL, NULL,
     ASKED("429"), "$5", 1, 1500},
    {"429 and milliseconds", "status=429,header=retry-after: 9,header=retry-after-ms: 1250", HB_E_RATE_LIMITED, 429,
     NULL, NULL, NULL, ASKED("429"), "Pro", 1, 1250},
    {"429 and a date long ago", "status=429,header=retry-after: Wed%2C 21 Oct 2015 07:28:00 GMT", HB_E_RATE_LIMITED,
     429, NULL, NULL, NULL, ASKED("429"), NULL, 1, 0},
    {"429 and nonsense", "status=429,header=retry-after: soon", HB_E_RATE_LIMITED, 429, NULL, NULL, NULL, ASKED("429"),
     NULL, 1, -1},
    {"500", "status=500", HB_E_SERVER, 500, "50001", "", "", ASKED("500 Internal"), "support", 1, -1},
    {"503", "status=503,header=retry-after: 3", HB_E_SERVER, 503, "50005", "", "", ASKED("503 Service"), "etry", 1,
     3000},
    {"504, OpenAI", "status=504,openai-errors", HB_E_SERVER, 504, "server_error", "server_error", "", ASKED("504"),
     "support", 1, -1},
    {"a proxy's page", "status=524,content-type=text/html,body=<html><title>A timeout occurred</title></html>",
     HB_E_SERVER, 524, "", "", "", "A timeout occurred", NULL, 1, -1},
    {"an empty 500", "status=500,body=", HB_E_SERVER, 500, "", "", "", "500", NULL, 1, -1},
    {"a redirect", "status=307,body=,header=location: http://127.0.0.1:9/else/where", HB_E_BAD_RESPONSE, 307, "", "",
     "", "", "http://127.0.0.1:9/else/where", 0, -1},
    {"HTML for 200", "content-type=text/html,body=<html><title>Sign in</title></html>", HB_E_BAD_RESPONSE, 200, "", "",
     "", "Sign in", NULL, -2, -1},
    {"nothing for 200", "body=", HB_E_TRUNCATED, 200, "", "", "", "", NULL, -2, -1},
    {"broken JSON for 200", "body={\"id\":<", HB_E_BAD_RESPONSE, 200, "", "", "", "", NULL, -2, -1},
};

/* Bodies that need encoding. */
static const struct expected BODIES[] = {
    {"quota, 42902", "{\"object\":\"error\",\"message\":\"quota used up\",\"type\":\"\",\"param\":null,\"code\":42902}",
     HB_E_QUOTA, 429, "42902", "", "", "quota used up", "funds", 0, -1},
    {"overloaded, 42903", "{\"object\":\"error\",\"message\":\"engine overloaded\",\"code\":42903}", HB_E_SERVER, 400,
     "42903", "", "", "engine overloaded", NULL, 1, -1},
    {"context, 40303", "{\"object\":\"error\",\"message\":\"too long\",\"param\":\"messages\",\"code\":40303}",
     HB_E_BAD_REQUEST, 400, "40303", "", "messages", "too long", NULL, 0, -1},
    {"a wrapped error", "{\"error\":{\"message\":\"no\",\"type\":\"t\",\"param\":\"p.q\",\"code\":\"c\"}}",
     HB_E_BAD_REQUEST, 404, "c", "t", "p.q", "no", NULL, 0, -1},
    {"an error as text", "{\"error\":\"it broke\",\"error_type\":\"validation\"}", HB_E_BAD_REQUEST, 400, NULL,
     "validation", "", "it broke", NULL, 0, -1},
    {"a detail", "{\"detail\":\"Not authenticated\"}", HB_E_AUTHENTICATION, 403, "", "", "", "Not authenticated", NULL,
     0, -1},
    {"an error for 200", "{\"error\":{\"message\":\"out of memory\",\"type\":\"\",\"code\":50002}}", HB_E_SERVER, 200,
     "50002", "", "", "out of memory", NULL, 1, -1},
};

static int is(const char *got, const char *want) {
    return want == NULL || strcmp(got, want) == 0;
}

/* One check of everything that an error says. */
static void check_error(const struct expected *want, hb_status status, const hb_error *error) {
    const char *message = hb_error_message(error, NULL), *hint = hb_error_hint(error);
    int good = status == want->status && hb_error_status(error) == status
            && hb_error_http_status(error) == want->http_status && is(hb_error_code(error), want->code)
            && is(hb_error_type(error), want->type) && is(hb_error_param(error), want->param)
            && strstr(message, want->message) != NULL && *message != '\0'
            && (want->hint == NULL || strstr(hint, want->hint) != NULL)
            && (want->retryable == -2 || hb_error_is_retryable(error) == want->retryable)
            && (want->retry_after_ms == ANY_WAIT || hb_error_retry_after_ms(error) == want->retry_after_ms)
            && hb_error_attempts(error) == 1 && *hb_error_request_id(error) != '\0';
    check(good, want->name, "%s, HTTP %d, code \"%s\", type \"%s\", param \"%s\", \"%s\", hint \"%s\", retryable %d, "
          "after %lld ms, %u attempts, id \"%s\"", hb_status_name(status), (int)hb_error_http_status(error),
          hb_error_code(error), hb_error_type(error), hb_error_param(error), message, hint,
          (int)hb_error_is_retryable(error), (long long)hb_error_retry_after_ms(error),
          (unsigned)hb_error_attempts(error), hb_error_request_id(error));
}

/* Sends a chat under a script and checks what came: the error, and the response that belongs to it. */
static void expect(hb_client *client, const struct expected *want, const char *script) {
    hb_request *request = test_chat("What is the secret?");
    hb_response *response = NULL;
    hb_error *error = NULL;
    faults(script);
    hb_status status = hb_chat(client, request, &response, &error);
    check_error(want, status, error);
    check(response != NULL && hb_response_status(response) == status
              && strcmp(hb_response_request_id(response), hb_error_request_id(error)) == 0,
          want->name, "the response has %s, id \"%s\"", hb_status_name(hb_response_status(response)),
          hb_response_request_id(response));
    hb_response_free(response);
    hb_error_free(error);
    hb_request_free(request);
}

static void http_statuses(hb_client *client) {
    size_t i;
    for (i = 0; i < sizeof HTTP / sizeof *HTTP; i++) expect(client, &HTTP[i], HTTP[i].script);
    for (i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
        char *body = encoded(BODIES[i].script), script[2048];
        snprintf(script, sizeof script, "status=%d,body=%s", (int)BODIES[i].http_status, body);
        expect(client, &BODIES[i], script);
        free(body);
    }
    faults("");
    check_status("the client that met all these works on", chat_once(client), HB_OK);
}

static void a_date_ahead(hb_client *client) {
    char date[64], script[256];
    time_t later = time(NULL) + 3600;
    struct tm parts;
    hb_error *error = NULL;
    hb_request *request = test_chat("x");
    strftime(date, sizeof date, "%a%%2C %d %b %Y %H:%M:%S GMT", gmtime_r(&later, &parts));
    snprintf(script, sizeof script, "status=429,header=retry-after: %s", date);
    faults(script);
    check_status("429 and a date", hb_chat(client, request, NULL, &error), HB_E_RATE_LIMITED);
    int64_t wait = hb_error_retry_after_ms(error);
    check(wait > 3000000 && wait <= 3600000, "429 and a date", "%lld ms", (long long)wait);
    faults("");
    hb_error_free(error);
    hb_request_free(request);
}

/* Rule K2: FastAPI repeats the prompt. It is in the body, which is the caller's to show, and nowhere else. */
static void echoed_prompt(hb_client *client) {
    static const char BODY[] = "{\"detail\":[{\"type\":\"string_type\",\"loc\":[\"body\",\"messages\",0],\"msg\":"
                               "\"Input should be a valid string\",\"input\":\"my private prompt\"}]}";
    char *body = encoded(BODY), script[1024];
    hb_request *request = test_chat("my private prompt");
    hb_error *error = NULL;
    size_t size = 0;
    snprintf(script, sizeof script, "status=422,body=%s", body);
    faults(script);
    check_status("422 with an echo", hb_chat(client, request, NULL, &error), HB_E_BAD_REQUEST);
    const char *message = hb_error_message(error, &size);
    check_has("it says what is wrong", message, "Input should be a valid string");
    check_has("and where", message, "messages");
    check_lacks("and does not repeat the prompt", message, "private");
    check_number("the message has its length", (long long)size, (long long)strlen(message));
    check_text("the body is the server's, whole", hb_error_body(error, &size), BODY);
    check_number("and has its length", (long long)size, (long long)strlen(BODY));
    faults("");
    free(body);
    hb_error_free(error);
    hb_request_free(request);
}

/* Rule K1: a server that repeats the key shows nobody the key. */
static void echoed_key(hb_client *client) {
    char body[512], script[2048];
    const char *key = setting("HB_TEST_KEY");
    hb_request *request = test_chat("x");
    hb_error *error = NULL;
    snprintf(body, sizeof body, "{\"error\":{\"message\":\"no such key: %s\",\"type\":\"%s\",\"code\":\"%s\","
             "\"param\":\"%s\"}}", key, key, key, key);
    char *value = encoded(body);
    snprintf(script, sizeof script, "status=401,body=%s,header=x-request-id: %s", value, key);
    faults(script);
    check_status("401 with an echo", hb_chat(client, request, NULL, &error), HB_E_AUTHENTICATION);
    check_text("its message", hb_error_message(error, NULL), "no such key: [key]");
    check_text("its type", hb_error_type(error), "[key]");
    check_text("its code", hb_error_code(error), "[key]");
    check_text("its param", hb_error_param(error), "[key]");
    check_text("its request id", hb_error_request_id(error), "[key]");
    check_has("its body", hb_error_body(error, NULL), "no such key: [key]");
    check_lacks("no key in its body", hb_error_body(error, NULL), key);
    faults("");
    free(value);
    hb_error_free(error);
    hb_request_free(request);
}

static void wrong_key(void) {
    static const char WRONG[] = "wrong-key-of-a-test";
    hb_options *options = test_options();
    hb_options_set_api_key(options, WRONG, HB_NUL);
    hb_client *client = client_of(options);
    hb_request *request = test_chat("x");
    hb_model_list *models = (hb_model_list *)client;
    hb_error *error = NULL;
    check_status("a wrong key", hb_chat(client, request, NULL, &error), HB_E_AUTHENTICATION);
    check_text("the server's words", hb_error_message(error, NULL), "the API key is not valid");
    check_text("and its number", hb_error_code(error), "40102");
    check_lacks("the hint does not name it", hb_error_hint(error), WRONG);
    hb_error_free(error);
    check_status("a wrong key for the models", hb_models(client, &models, &error), HB_E_AUTHENTICATION);
    check(models == NULL, "no list then", "there is one");
    check_text("the server's words for the models", hb_error_message(error, NULL), "the API key is not valid");
    hb_error_free(error);
    hb_request_free(request);
    hb_client_free(client);
}

/* The out-parameter: always written, may be NULL, and an old value is overwritten. */
static void the_parameter(hb_client *client) {
    hb_request *request = test_chat("x");
    hb_error *error = NULL, *old;
    faults("status=500");
    check_status("no error wanted", hb_chat(client, request, NULL, NULL), HB_E_SERVER);
    hb_chat(client, request, NULL, &error);
    old = error;
    hb_chat(client, request, NULL, &error);
    check(error != NULL && error != old, "an old error is overwritten", "it is not");
    check_has("and not freed", hb_error_message(old, NULL), ASKED("500"));
    faults("");
    hb_error *kept = hb_error_retain(error);
    hb_error_free(error);
    check_status("a success", hb_chat(client, request, NULL, &error), HB_OK);
    check(error == NULL, "writes NULL", "it does not");
    check_has("a retained error lives on", hb_error_message(kept, NULL), ASKED("500"));
    hb_error_free(kept);
    hb_error_free(old);
    hb_request_free(request);
}

int main(void) {
    check_begin();
    hb_client *client = test_client(NULL);
    http_statuses(client);
    a_date_ahead(client);
    echoed_prompt(client);
    echoed_key(client);
    wrong_key();
    the_parameter(client);
    hb_client_free(client);
    return check_end();
}
