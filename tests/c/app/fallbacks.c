/*
 * Models that are asked in place of one that is gone or overloaded: which, when, how often, and what it costs.
 */
#include "../network/logs.h"
#include "../recording.h"

#define A MODEL
#define B "Qwen/Qwen2.5-72B-Instruct"
#define C "meta-llama/Meta-Llama-3.1-70B-Instruct"
#define GONE "meta-llama/No-Such-Model"
#define GONE_TOO "meta-llama/No-Such-Model-Either"

/* Errors of one model alone. Waits are short where there are any. */
#define FAILS(model, status) "model=" model ",header=retry-after-ms:1,status=" status
/* A stream that fails before its first piece, and says what it has used. */
#define USED "{\"error\":{\"message\":\"busy\",\"code\":50001},\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":0}}"

/* A chat of `model` and then of `fallbacks`, of which the last is NULL. */
static hb_request *chat_of(const char *model, const char *const *fallbacks) {
    hb_request *request = hb_request_new(model, HB_NUL);
    hb_request_add_message(request, "user", "hello", HB_NUL);
    while (*fallbacks != NULL) hb_request_add_fallback_model(request, *fallbacks++, HB_NUL);
    return request;
}

static hb_options *with_fault(const char *script, uint32_t retries) {
    hb_options *options = test_options();
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_options_set_max_retries(options, retries);
    return options;
}

/* Which models the RETRY events named, with spaces between. */
static void check_models(const char *name, const struct outcome *outcome, const char *models) {
    char named[1024] = "";
    uint32_t i;
    for (i = 0; i < outcome->retries && i < RETRIES_KEPT; i++) {
        size_t size = strlen(named);
        snprintf(named + size, sizeof named - size, "%s%s", i == 0 ? "" : " ", outcome->retry[i].model);
    }
    check_text(name, named, models);
}

struct row {
    const char *name, *script, *model;
    const char *fallbacks[4];
    uint32_t retries;
    hb_status status;
    int32_t http_status;
    /* What the RETRY events name, and the model that was asked last. */
    const char *models, *last;
    const char *says;
};

static const struct row ROWS[] = {
    {"gone", "", GONE, {B}, 2, HB_OK, 0, B, B, ""},
    {"two are gone", "", GONE, {GONE_TOO, B, C}, 0, HB_OK, 0, GONE_TOO " " B, B, ""},
    {"all are gone", "", GONE, {GONE_TOO}, 2, HB_E_BAD_REQUEST, 400, GONE_TOO, GONE_TOO, "does not exist"},
    {"one stands there twice", "", GONE, {GONE, B, GONE}, 2, HB_OK, 0, B, B, ""},
    {"there is no fallback", "", GONE, {NULL}, 2, HB_E_BAD_REQUEST, 400, "", GONE, "does not exist"},
    {"404", FAILS(A, "404"), A, {B}, 2, HB_OK, 0, B, B, ""},
    {"OpenAI's code", "model=" A ",status=403,body={\"error\":{\"message\":\"x\"%2C\"code\":\"model_not_found\"}}", A, {B}, 2, HB_OK,
     0, B, B, ""},
    {"nothing is wrong", "", A, {B}, 2, HB_OK, 0, "", A, ""},
    {"overloaded", FAILS(A, "503"), A, {B}, 1, HB_OK, 0, A " " B, B, ""},
    {"overloaded, no retries", FAILS(A, "500"), A, {B}, 0, HB_OK, 0, B, B, ""},
    {"too many requests", FAILS(A, "429"), A, {B}, 0, HB_OK, 0, B, B, ""},
    {"42903", "model=" A ",status=400,body={\"error\":{\"message\":\"m\"%2C\"code\":42903}}", A, {B}, 0, HB_OK, 0, B, B, ""},
    {"gone, with HTTP 200", "model=" A ",content-type=application/json,body={\"object\":\"error\"%2C\"message\":\"m\"%2C\"code\":40301}", A,
     {B}, 2, HB_OK, 0, B, B, ""},
    {"overloaded, with HTTP 200", "model=" A ",content-type=application/json,body={\"error\":{\"message\":\"m\"%2C\"code\":50001}}", A,
     {B}, 1, HB_OK, 0, A " " B, B, ""},
    {"the server wants no retry", FAILS(A, "503") ",header=x-should-retry:false", A, {B}, 2, HB_OK, 0, B, B, ""},
    {"the server asks for an hour", "model=" A ",status=503,header=retry-after:3600", A, {B}, 2, HB_OK, 0, B, B, ""},
    {"an answer without a piece", "model=" A ",close-after=0", A, {B}, 0, HB_OK, 0, B, B, ""},
    {"each has its own retries", FAILS(A, "503") ";" FAILS(B, "503") ",times=2", A, {B, C}, 2, HB_OK, 0,
     A " " A " " B " " B " " B, B, ""},
    {"all are overloaded", "status=503,header=retry-after-ms:1", A, {B}, 1, HB_E_SERVER, 503, A " " B " " B, B, "503"},
    {"gone and then overloaded", FAILS(B, "503"), GONE, {B, C}, 1, HB_OK, 0, B " " B " " C, C, ""},
    /* What another model would not cure. */
    {"no connection", "reset-head", A, {B}, 0, HB_E_CONNECT, 0, "", A, ""},
    {"a bad request", FAILS(A, "422"), A, {B}, 2, HB_E_BAD_REQUEST, 422, "", A, "422"},
    {"a bad key", FAILS(A, "401"), A, {B}, 2, HB_E_AUTHENTICATION, 401, "", A, "401"},
    {"no money", FAILS(A, "402"), A, {B}, 2, HB_E_QUOTA, 402, "", A, "402"},
    {"a piece had come", "model=" A ",close-after=4", A, {B}, 2, HB_E_TRUNCATED, 200, "", A, ""},
};

static void rows(void) {
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const struct row *row = &ROWS[i];
        struct outcome outcome;
        hb_client *client = client_of(with_fault(row->script, row->retries));
        hb_request *request = chat_of(row->model, row->fallbacks);
        uint32_t attempts;
        memset(&outcome, 0, sizeof outcome);
        control_only("POST", "/simulator/reset", "");
        outcome_of(&outcome, client, request);
        attempts = outcome.retries + 1;
        check_outcome(row->name, &outcome, row->status, row->http_status, attempts, row->says);
        check_models(row->name, &outcome, row->models);
        check_text(row->name, hb_response_requested_model(outcome.response), row->last);
        if (row->status == HB_OK) check_text(row->name, hb_response_model(outcome.response), row->last);
        check_number("each attempt is counted", (long long)hb_client_count(client, HB_COUNT_RETRIES), outcome.retries);
        check_counts(row->name, client);
        outcome_free(&outcome);
        hb_request_free(request);
        hb_client_free(client);
    }
}

/* A switch does not wait, and says why it came. */
static void at_once(void) {
    static const char *const FALLBACKS[] = {B, NULL};
    struct outcome outcome;
    hb_client *client = client_of(with_fault("model=" A ",status=503,header=retry-after:3000", 2));
    hb_request *request = chat_of(A, FALLBACKS);
    memset(&outcome, 0, sizeof outcome);
    outcome_of(&outcome, client, request);
    check_number("one RETRY", outcome.retries, 1);
    check_number("without a wait", (long long)outcome.retry[0].delay_ms, 0);
    check_number("the attempt that follows", outcome.retry[0].attempt, 2);
    check_number("because of", outcome.retry[0].http_status, 503);
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(client);
}

/* The pause of a 429 is the key's: without time for it, the 429 is the end. */
static void pauses(void) {
    static const char *const FALLBACKS[] = {B, NULL};
    struct outcome outcome;
    hb_client *client = client_of(with_fault("model=" A ",status=429,header=retry-after:60", 0));
    hb_request *request = chat_of(A, FALLBACKS);
    hb_request_set_total_timeout_ms(request, 30000);
    memset(&outcome, 0, sizeof outcome);
    outcome_of(&outcome, client, request);
    check_outcome("no time for the pause", &outcome, HB_E_RATE_LIMITED, 429, 1, "429");
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(client);
}

/* A silent model is left only if silence may be asked again. */
static void deadlines(void) {
    static const char *const FALLBACKS[] = {B, NULL};
    int32_t again;
    for (again = 0; again < 2; again++) {
        struct outcome outcome;
        hb_client *client = client_of(with_fault("model=" A ",stall", 0));
        hb_request *request = chat_of(A, FALLBACKS);
        hb_request_set_first_token_timeout_ms(request, 300);
        hb_request_set_retry_deadlines(request, again);
        memset(&outcome, 0, sizeof outcome);
        outcome_of(&outcome, client, request);
        /* The deadline of the second model may pass too on a slow machine; who was asked is what counts. */
        check_text("who was asked last", hb_response_requested_model(outcome.response), again ? B : A);
        outcome_free(&outcome);
        hb_request_free(request);
        hb_client_free(client);
    }
}

/* Each attempt stands in the line of the model that it asks: A's minute has one place, B's has no end. */
static void lines(void) {
    static const char *const TO_B[] = {B, NULL}, *const TO_A[] = {A, NULL};
    struct outcome outcome;
    hb_options *options = with_fault(FAILS(A, "503"), 0);
    hb_request *request = chat_of(A, TO_B);
    hb_client *client;
    hb_options_set_model_requests_per_minute(options, A, HB_NUL, 1);
    client = client_of(options);
    hb_request_set_total_timeout_ms(request, 20000);
    memset(&outcome, 0, sizeof outcome);
    outcome_of(&outcome, client, request);
    check_outcome("out of a line", &outcome, HB_OK, 0, 2, "");
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(client);

    options = with_fault(FAILS(B, "503"), 0);
    hb_options_set_model_requests_per_minute(options, A, HB_NUL, 1);
    client = client_of(options);
    request = chat_of(B, TO_A);
    hb_request_set_total_timeout_ms(request, 20000);
    outcome_of(&outcome, client, request);
    check_outcome("into a line that has a place", &outcome, HB_OK, 0, 2, "");
    outcome_free(&outcome);
    outcome_of(&outcome, client, request);
    check_status("into one that has none", outcome.status, HB_E_DEADLINE);
    check_has("whose limit it is", hb_error_message(outcome.error, NULL), "1 requests a minute for " A);
    check_text("who could not be asked", hb_response_requested_model(outcome.response), A);
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(client);
}

static int64_t price_of(const char *model) {
    const hb_model_list *catalog = hb_catalog();
    uint32_t i;
    for (i = 0; i < hb_model_list_count(catalog); i++) {
        if (strcmp(hb_model_list_id(catalog, i), model) == 0) return hb_model_list_input_price_picousd(catalog, i);
    }
    give_up("a model without a price");
    return 0;
}

/* What a failed attempt used is counted at the price of its model. */
static void costs(void) {
    static const char *const FALLBACKS[] = {B, NULL};
    char script[512], *body = encoded("data: " USED "\n\n");
    struct outcome outcome;
    hb_request *request = chat_of(A, FALLBACKS);
    hb_client *client;
    hb_usage *usage = NULL;
    hb_error *error = NULL;
    int64_t failed = (10 * price_of(A) + 500) / 1000, tokens;
    snprintf(script, sizeof script, "model=" A ",content-type=text/event-stream,body=%s", body);
    client = client_of(with_fault(script, 1));
    memset(&outcome, 0, sizeof outcome);
    outcome_of(&outcome, client, request);
    check_outcome("failed after it was billed", &outcome, HB_OK, 0, 3, "");
    tokens = hb_response_total_tokens(outcome.response);
    check(failed > 0 && tokens > 0, "both have a price", "they have not");
    check_number("what all of them cost", (long long)hb_response_cost_nanousd(outcome.response),
                 (long long)(2 * failed + (tokens * price_of(B) + 500) / 1000));
    check_number("is what is spent", (long long)hb_client_count(client, HB_COUNT_SPENT_NANOUSD),
                 (long long)hb_response_cost_nanousd(outcome.response));
    check_number("the tokens of all", (long long)hb_client_count(client, HB_COUNT_PROMPT_TOKENS),
                 (long long)hb_response_prompt_tokens(outcome.response) + 20);
    check_ok("by model", hb_client_usage(client, &usage, &error), &error);
    check_text("who was asked first", hb_usage_model(usage, 0), A);
    check(hb_usage_requests(usage, 0) == 1 && hb_usage_attempts(usage, 0) == 2 && hb_usage_prompt_tokens(usage, 0) == 20
              && hb_usage_cost_nanousd(usage, 0) == 2 * failed,
          "what it was used for", "%lld requests, %lld attempts, %lld tokens", (long long)hb_usage_requests(usage, 0),
          (long long)hb_usage_attempts(usage, 0), (long long)hb_usage_prompt_tokens(usage, 0));
    check_text("who was asked then", hb_usage_model(usage, 1), B);
    check_number("is asked by the same request", (long long)hb_usage_requests(usage, 1), 0);
    check_number("in one attempt", (long long)hb_usage_attempts(usage, 1), 1);
    hb_usage_free(usage);
    check_number("nothing is without a price", (long long)hb_client_count(client, HB_COUNT_UNPRICED), 0);
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(client);
    free(body);
}

/* What a copy keeps, what a body cannot hold, and what is refused. */
static void requests(void) {
    static const char *const FALLBACKS[] = {B, NULL};
    hb_client *client = test_client(NULL);
    hb_request *request = chat_of(GONE, FALLBACKS), *copy = hb_request_clone(request);
    hb_response *response = NULL;
    hb_error *error = NULL;
    char *body;
    hb_request_free(request);
    check_ok("a copy", hb_chat(client, copy, &response, &error), &error);
    check_text("has them too", hb_response_requested_model(response), B);
    body = last_request();
    check_has("the body names the one", body, "\"model\":\"" B "\"");
    check_lacks("and no other", body, GONE);
    free(body);
    hb_response_free(response);
    check_status("an empty one", hb_request_add_fallback_model(copy, "", 0), HB_E_INVALID_ARGUMENT);
    check_status("is remembered", hb_request_check(copy, &error), HB_E_INVALID_ARGUMENT);
    check_text("by its name", hb_error_param(error), "fallback_model");
    hb_error_free(error);
    hb_request_free(copy);
    hb_client_free(client);
}

/* A model that is known to take no images is not asked about one. */
static void images(void) {
    static const char *const FALLBACKS[] = {B, "house/sees", NULL};
    static const char *const BLIND[] = {B, NULL};
    const char *script = "model=house/gone,status=404;model=house/sees,content-type=text/event-stream,body=";
    char *body = encoded("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a cat\"},\"finish_reason\":\"stop\"}]}\n\n"
                         "data: [DONE]\n\n");
    char *all = (char *)memory(strlen(script) + strlen(body) + 1);
    int is_blind;
    sprintf(all, "%s%s", script, body);
    for (is_blind = 0; is_blind < 2; is_blind++) {
        struct outcome outcome;
        hb_client *client = client_of(with_fault(all, 2));
        hb_request *request = chat_of("house/gone", is_blind ? BLIND : FALLBACKS);
        hb_request_add_image_url(request, "https://a/b.png", HB_NUL, NULL);
        memset(&outcome, 0, sizeof outcome);
        outcome_of(&outcome, client, request);
        check_models("who was asked", &outcome, is_blind ? "" : "house/sees");
        check_status("to what end", outcome.status, is_blind ? HB_E_BAD_REQUEST : HB_OK);
        check_number("of the one that is gone", hb_error_http_status(outcome.error), is_blind ? 404 : 0);
        outcome_free(&outcome);
        hb_request_free(request);
        hb_client_free(client);
    }
    free(all);
    free(body);
}

/* An error that repeats the request does not pass for one about `stream_options`. */
static void echoes(void) {
    static const char *const FALLBACKS[] = {B, NULL};
    static const char ECHO_[] = "{\"error\":{\"message\":\"m\",\"code\":40301},\"body\":{\"stream_options\":{}}}";
    char script[512], *body = encoded(ECHO_);
    hb_request *request = chat_of(A, FALLBACKS);
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_client *client;
    snprintf(script, sizeof script, "model=" A ",status=400,body=%s", body);
    client = client_of(with_fault(script, 0));
    check_ok("an error with an echo", hb_chat(client, request, &response, &error), &error);
    check_number("two attempts", hb_response_attempts(response), 2);
    free(body);
    body = last_request();
    check_has("usage is asked for still", body, "stream_options");
    free(body);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

/* What was recorded of several models is given again in the same order. */
static void replays(void) {
    static const char *const FALLBACKS[] = {GONE_TOO, B, NULL};
    struct recording recording = recording_named("fallbacks");
    struct outcome live, again;
    hb_request *request = chat_of(GONE, FALLBACKS);
    hb_options *options = recording_options(&recording);
    hb_client *client;
    hb_options_set_header(options, "x-simulator-fault", FAILS(B, "503") ",times=1", HB_NUL);
    hb_options_set_max_retries(options, 1);
    client = client_of(options);
    memset(&live, 0, sizeof live);
    memset(&again, 0, sizeof again);
    control_only("POST", "/simulator/reset", "");
    outcome_of(&live, client, request);
    hb_client_free(client);
    check_outcome("recorded", &live, HB_OK, 0, 4, "");
    check_number("each attempt", exchanges_in(&recording), 4);
    options = replay_options(&recording, HB_REPLAY_AT_ONCE);
    hb_options_set_max_retries(options, 1);
    client = client_of(options);
    outcome_of(&again, client, request);
    check_outcome("given again", &again, HB_OK, 0, 4, "");
    check_models("by the same models", &again, GONE_TOO " " B " " B);
    check_text("with the same answer", again.text, live.text);
    outcome_free(&live);
    outcome_free(&again);
    hb_request_free(request);
    hb_client_free(client);
}

static void is_logged(void) {
    static const char *const FALLBACKS[] = {B, NULL};
    struct records records;
    hb_client *client = client_of(logging(HB_LOG_DEBUG, NULL));
    hb_request *request = chat_of(GONE, FALLBACKS);
    hb_response *response = NULL;
    hb_error *error = NULL;
    memset(&records, 0, sizeof records);
    check_ok("logged", hb_chat(client, request, &response, &error), &error);
    take(&records, client);
    check_number("the first attempt", with(&records, "\"event\":\"attempt\"", "\"model\":\"" GONE "\""), 1);
    check_number("who follows", with(&records, "\"event\":\"retry\"", "\"model\":\"" B "\""), 1);
    check_number("the second attempt", with(&records, "\"event\":\"attempt\"", "\"model\":\"" B "\""), 1);
    check_number("who answered", with(&records, "\"event\":\"done\"", "\"model\":\"" B "\""), 1);
    records_free(&records);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    rows();
    at_once();
    pauses();
    deadlines();
    lines();
    costs();
    requests();
    images();
    echoes();
    replays();
    is_logged();
    return check_end();
}
