/*
 * What requests use and cost: by model, how fast, and estimated before they are sent.
 */
#include "check.h"

/* One whole answer with this usage. */
#define ANSWER(usage)                                                                                                \
    "{\"id\":\"a\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":0,\"message\":{\"role\":" \
    "\"assistant\",\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":{" usage "}}"

static void answer_with(const char *body) {
    char *bytes = encoded(body), *script = (char *)memory(strlen(bytes) + sizeof "body=");
    sprintf(script, "body=%s", bytes);
    faults(script);
    free(script);
    free(bytes);
}

static hb_request *chat_with(const char *model) {
    hb_request *request = hb_request_new(model, HB_NUL);
    hb_request_add_message(request, "user", "hello", HB_NUL);
    return request;
}

/* Sends it once, frees it, and gives what came, to be freed. */
static hb_response *sent(hb_client *client, hb_request *request, hb_status want) {
    hb_response *response = NULL;
    check_status("a chat", hb_chat(client, request, &response, NULL), want);
    hb_request_free(request);
    return response;
}

static hb_usage *usage_of(hb_client *client) {
    hb_usage *usage = NULL;
    hb_error *error = NULL;
    check_ok("the usage", hb_client_usage(client, &usage, &error), &error);
    return usage;
}

static void check_row(const hb_usage *usage, uint32_t i, const char *model, int64_t requests, int64_t attempts,
                      int64_t unpriced) {
    check_text("a model", hb_usage_model(usage, i), model);
    check_number("its requests", hb_usage_requests(usage, i), requests);
    check_number("its attempts", hb_usage_attempts(usage, i), attempts);
    check_number("its answers without a price", hb_usage_unpriced(usage, i), unpriced);
}

/* The sum over all rows is what the client has counted. */
static void check_sum(const hb_usage *usage, const hb_client *client, uint32_t count, int64_t beside,
                      int64_t (*get)(const hb_usage *, uint32_t)) {
    int64_t sum = beside;
    uint32_t i;
    for (i = 0; i < hb_usage_count(usage); i++) sum += get(usage, i);
    check(sum == hb_client_count(client, count), "the rows add up", "count %u: %lld, not %lld", (unsigned)count,
          (long long)sum, (long long)hb_client_count(client, count));
}

static void check_usage(void) {
    hb_options *options = test_options();
    hb_client *client;
    hb_usage *before, *usage;
    hb_response *first, *cut, *other;
    hb_request *completion = hb_request_new(BASE_MODEL, HB_NUL);
    hb_model_list *models = NULL;
    hb_options_set_max_retries(options, 2);
    client = client_of(options);
    before = usage_of(client);
    check_number("nothing is used at first", hb_usage_count(before), 0);
    faults("status=500,header=retry-after-ms:1,times=1");
    first = sent(client, chat_with(MODEL), HB_OK);
    faults("cut-after=5");
    cut = sent(client, chat_with(MODEL), HB_E_TRUNCATED);
    faults("");
    hb_request_set_prompt(completion, "Once", HB_NUL);
    check_status("a completion", hb_complete(client, completion, &other, NULL), HB_OK);
    hb_request_free(completion);
    answer_with(ANSWER("\"prompt_tokens\":5,\"completion_tokens\":6"));
    hb_response_free(sent(client, chat_with("house/unknown"), HB_OK));
    faults("header=x-should-retry:false,body={\"error\":{\"message\":\"no\"}}");
    hb_response_free(sent(client, chat_with("house/unknown"), HB_E_SERVER));
    faults("");
    check_status("the list of models", hb_models(client, &models, NULL), HB_OK);
    usage = usage_of(client);
    check_number("a row for each model", hb_usage_count(usage), 3);
    check_row(usage, 0, MODEL, 2, 3, 0);
    check_row(usage, 1, BASE_MODEL, 1, 1, 0);
    check_row(usage, 2, "house/unknown", 2, 2, 1);
    check(hb_response_completion_tokens(cut) > 0, "a cut answer has tokens", "it has none");
    check_number("which count", hb_usage_completion_tokens(usage, 0),
                 hb_response_completion_tokens(first) + hb_response_completion_tokens(cut));
    check_number("as do prompts", hb_usage_prompt_tokens(usage, 0),
                 hb_response_prompt_tokens(first) + hb_response_prompt_tokens(cut));
    check_number("and costs", hb_usage_cost_nanousd(usage, 0),
                 hb_response_cost_nanousd(first) + hb_response_cost_nanousd(cut));
    check_number("each to its model", hb_usage_cost_nanousd(usage, 1), hb_response_cost_nanousd(other));
    check(hb_usage_cost_nanousd(usage, 1) > 0, "which is something", "it is not");
    check_number("tokens without a price", hb_usage_completion_tokens(usage, 2), 6);
    check_number("cost nothing that is known", hb_usage_cost_nanousd(usage, 2), 0);
    check_sum(usage, client, HB_COUNT_REQUESTS, 1, hb_usage_requests);
    check_sum(usage, client, HB_COUNT_ATTEMPTS, 1, hb_usage_attempts);
    check_sum(usage, client, HB_COUNT_PROMPT_TOKENS, 0, hb_usage_prompt_tokens);
    check_sum(usage, client, HB_COUNT_COMPLETION_TOKENS, 0, hb_usage_completion_tokens);
    check_sum(usage, client, HB_COUNT_SPENT_NANOUSD, 0, hb_usage_cost_nanousd);
    check_sum(usage, client, HB_COUNT_UNPRICED, 0, hb_usage_unpriced);
    check_number("what was taken before stays", hb_usage_count(before), 0);
    check_row(usage, 3, "", 0, 0, 0);
    hb_client_free(client);
    check_text("a usage outlives its client", hb_usage_model(usage, 0), MODEL);
    hb_usage_free(before);
    hb_usage_free(usage);
    hb_response_free(first);
    hb_response_free(cut);
    hb_response_free(other);
    hb_model_list_free(models);
}

/* 500 pico-USD a token of prompt and 400 of answer: a half rounds up, and the sum is rounded, not its parts. */
static void check_rounding(void) {
    static const struct {
        const char *body;
        int64_t cost;
    } CASES[] = {
        {ANSWER("\"prompt_tokens\":1,\"completion_tokens\":0"), 1},
        {ANSWER("\"prompt_tokens\":0,\"completion_tokens\":1"), 0},
        {ANSWER("\"prompt_tokens\":2,\"completion_tokens\":1"), 1},
        {ANSWER("\"prompt_tokens\":3,\"completion_tokens\":0"), 2},
        {ANSWER("\"prompt_tokens\":3,\"completion_tokens\":2"), 2},
        {ANSWER("\"prompt_tokens\":1"), -1},
    };
    hb_client *client = test_client(NULL);
    hb_model_list *models = NULL;
    size_t i;
    answer_with("{\"data\":[{\"id\":\"cheap\",\"input_price\":0.0005,\"output_price\":0.0004}]}");
    check_status("the list of models", hb_models(client, &models, NULL), HB_OK);
    hb_model_list_free(models);
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        hb_response *response;
        answer_with(CASES[i].body);
        response = sent(client, chat_with("cheap"), HB_OK);
        check_number("a cost is rounded once, half up", hb_response_cost_nanousd(response), CASES[i].cost);
        hb_response_free(response);
    }
    faults("");
    hb_client_free(client);
}

static double rate_of(const char *fault, int is_streamed, int64_t max_tokens, int64_t *tokens, int64_t *ms) {
    hb_options *options = test_options();
    hb_client *client;
    hb_request *request = chat_with(MODEL);
    hb_response *response;
    double rate;
    hb_options_set_streaming(options, is_streamed);
    client = client_of(options);
    hb_request_set_max_tokens(request, max_tokens);
    faults(fault);
    response = sent(client, request, HB_OK);
    faults("");
    rate = hb_response_tokens_per_second(response);
    *tokens = hb_response_completion_tokens(response);
    *ms = hb_response_total_ms(response) - hb_response_first_token_ms(response);
    hb_response_free(response);
    hb_client_free(client);
    return rate;
}

static void check_rate(void) {
    int64_t tokens, ms;
    double rate = rate_of("event-delay=20", 1, 10, &tokens, &ms);
    check(tokens == 10 && ms >= 20, "an answer that takes its time", "%lld tokens in %lld ms", (long long)tokens,
          (long long)ms);
    check(rate >= 9e3 / (double)(ms + 1) && rate <= 9e3 / (double)(ms - 1), "its tokens a second",
          "%f with %lld ms", rate, (long long)ms);
    rate = rate_of("", 0, 10, &tokens, &ms);
    check(tokens == 10 && rate == -1, "none of an answer that came at once", "%f of %lld", rate, (long long)tokens);
    rate = rate_of("event-delay=20", 1, 1, &tokens, &ms);
    check(tokens == 1 && rate == -1, "none of a single token", "%f of %lld", rate, (long long)tokens);
    rate = rate_of("event-delay=5,no-usage", 1, 10, &tokens, &ms);
    check(tokens == -1 && rate == -1, "none of tokens that nobody counted", "%f of %lld", rate, (long long)tokens);
}

static void estimate(hb_request *request, const hb_client *client, int64_t *tokens, int64_t *cost) {
    hb_error *error = NULL;
    check_ok("an estimate", hb_request_estimate(request, client, tokens, cost, &error), &error);
}

static void check_estimate(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = chat_with(MODEL), *bad = hb_request_new(MODEL, HB_NUL);
    hb_model_list *models = NULL;
    hb_response *response;
    hb_error *error = NULL;
    int64_t few = 0, tokens = 0, cost = 0, dear = 0, price = 0;
    price = hb_model_list_input_price_picousd(hb_catalog(), (uint32_t)hb_model_list_find(hb_catalog(), MODEL, HB_NUL));
    hb_request_set_max_tokens(request, 50);
    estimate(request, NULL, &few, &cost);
    check(few > 0 && few < 60, "the tokens of a word", "%lld", (long long)few);
    check(cost >= (few + 50) * price / 1000 && cost <= (few * 3 / 2 + 51) * price / 1000, "the worst cost", "%lld",
          (long long)cost);
    hb_request_add_message(request, "assistant", "one two three four five six seven eight nine ten", HB_NUL);
    estimate(request, client, &tokens, NULL);
    check(tokens >= few + 10 && tokens <= few + 20, "ten words more", "%lld, not %lld", (long long)tokens,
          (long long)few);
    hb_request_set_n(request, 3);
    estimate(request, client, NULL, &dear);
    check(dear - cost >= 100 * price / 1000, "each answer costs", "%lld and %lld", (long long)cost, (long long)dear);
    response = sent(client, hb_request_clone(request), HB_OK);
    check(hb_response_cost_nanousd(response) <= dear, "no answer costs more", "%lld, not %lld",
          (long long)hb_response_cost_nanousd(response), (long long)dear);
    hb_response_free(response);
    answer_with("{\"data\":[{\"id\":\"" MODEL "\",\"input_price\":1000,\"output_price\":1000}]}");
    check_status("other prices", hb_models(client, &models, NULL), HB_OK);
    faults("");
    hb_model_list_free(models);
    estimate(request, client, NULL, &cost);
    check_number("are those of the client", cost > dear, 1);
    estimate(request, NULL, NULL, &cost);
    check_number("and of nobody else", cost, dear);
    hb_request_free(request);
    request = chat_with("house/unknown");
    estimate(request, NULL, &tokens, &cost);
    check_number("a model without a price has tokens", tokens, few);
    check_number("and no cost", cost, -1);
    check_status("a bad request has none", hb_request_estimate(bad, client, &tokens, &cost, &error),
                 HB_E_INVALID_ARGUMENT);
    check_text("and says why", hb_error_param(error), "messages");
    check(tokens == -1 && cost == -1, "both are -1 then", "%lld and %lld", (long long)tokens, (long long)cost);
    hb_error_free(error);
    hb_request_free(request);
    hb_request_free(bad);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    check_usage();
    check_rounding();
    check_rate();
    check_estimate();
    return check_end();
}
