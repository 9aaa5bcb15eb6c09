/*
 * A limit on what a client may spend: what is counted, at whose prices, and what is refused. That nothing is sent is
 * for the server to say.
 */
#include "outcome.h"

#define NONE "meta-llama/No-Such-Model"
/* A whole answer whose usage is 999 tokens of prompt and 10 of answer. */
#define ANSWER(model)                                                                                              \
    "{\"id\":\"a\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"" model "\",\"choices\":[{\"index\":0," \
    "\"message\":{\"role\":\"assistant\",\"content\":\"x\"},\"finish_reason\":\"stop\"}],\"usage\":{"              \
    "\"prompt_tokens\":999,\"completion_tokens\":10,\"total_tokens\":1009}}"

static hb_options *limited(int64_t nanousd) {
    hb_options *options = test_options();
    hb_options_set_spending_limit_nanousd(options, nanousd);
    return options;
}

/* The built-in price of a token, in pico-USD: the catalogue has one for prompt and answer. */
static int64_t price_of(const char *model) {
    const hb_model_list *catalog = hb_catalog();
    uint32_t i;
    for (i = 0; i < hb_model_list_count(catalog); i++) {
        if (strcmp(hb_model_list_id(catalog, i), model) == 0) return hb_model_list_input_price_picousd(catalog, i);
    }
    give_up("a model without a price");
    return 0;
}

/* Nano-USD of so many tokens, rounded. */
static int64_t cost_of(int64_t tokens, int64_t price) {
    return (tokens * price + 500) / 1000;
}

static long long spent(const hb_client *client) {
    return hb_client_count(client, HB_COUNT_SPENT_NANOUSD);
}

/* One check that a request is refused, of which no server hears anything, and which says why. */
static void check_refused(const char *name, hb_client *client) {
    hb_request *request = test_chat("x");
    hb_response *response = (hb_response *)request;
    hb_queue *queue = test_queue();
    hb_error *error = NULL;
    const hb_event *event = NULL;
    hb_op op = 7;
    long requests = count_of("requests"), connections = count_of("connections");
    int64_t counted_before = hb_client_count(client, HB_COUNT_REQUESTS);
    hb_status status = hb_chat(client, request, &response, &error);
    check(status == HB_E_BUDGET && response == NULL && hb_error_status(error) == HB_E_BUDGET
              && !hb_error_is_retryable(error) && hb_error_attempts(error) == 0
              && strstr(hb_error_message(error, NULL), "spending limit") != NULL,
          name, "%s: \"%s\"", hb_status_name(status), hb_error_message(error, NULL));
    hb_error_free(error);
    check_status("hb_start refuses too", hb_start(client, request, queue, 0, &op, &error), HB_E_BUDGET);
    check(op == 0 && hb_queue_next(queue, 0, &event) == HB_TIMEOUT && event == NULL, "without any event", "op %llu",
          (unsigned long long)op);
    hb_error_free(error);
    hb_model_list *models = NULL;
    check_status("hb_models too", hb_models(client, &models, NULL), HB_E_BUDGET);
    check_number("they do not count as requests", hb_client_count(client, HB_COUNT_REQUESTS), counted_before);
    check_number("the server sees no request", count_of("requests"), requests);
    check_number("and no connection", count_of("connections"), connections);
    hb_queue_free(queue);
    hb_request_free(request);
}

/* Answers are sent until the limit is reached, and none after it. */
static void a_limit(void) {
    int64_t price = price_of(MODEL), sum = 0;
    int i;
    struct outcome outcome;
    hb_request *request = test_chat("hello");
    control_only("POST", "/simulator/reset", "");
    memset(&outcome, 0, sizeof outcome);
    hb_client *client = client_of(limited(0));
    outcome_of(&outcome, client, request);
    int64_t tokens = hb_response_total_tokens(outcome.response), cost = hb_response_cost_nanousd(outcome.response);
    check_number("an answer costs what its tokens do", cost, cost_of(tokens, price));
    check_number("which is counted", spent(client), cost);
    check_number("tokens of the prompt too", hb_client_count(client, HB_COUNT_PROMPT_TOKENS),
                 hb_response_prompt_tokens(outcome.response));
    check_number("and of the answer", hb_client_count(client, HB_COUNT_COMPLETION_TOKENS),
                 hb_response_completion_tokens(outcome.response));
    outcome_free(&outcome);
    check_status("without a limit there is none", chat_once(client), HB_OK);
    hb_client_free(client);

    /* Room for two and a bit: the third is begun, and goes beyond. */
    client = client_of(limited(2 * cost + 1));
    for (i = 0; i < 3; i++) {
        outcome_of(&outcome, client, request);
        check_status("below the limit", outcome.status, HB_OK);
        check_number("an answer that is not cut", hb_response_total_tokens(outcome.response), tokens);
        sum += hb_response_cost_nanousd(outcome.response);
        outcome_free(&outcome);
    }
    check_number("the sum of all", spent(client), sum);
    check_refused("beyond the limit", client);
    check_number("a refused request costs nothing", spent(client), sum);
    hb_client_free(client);

    /* To the last nano-USD. */
    client = client_of(limited(cost + 1));
    check_status("a limit that is not reached by one", chat_once(client), HB_OK);
    check_status("lets another begin", chat_once(client), HB_OK);
    check_refused("then not", client);
    hb_client *other = client_of(limited(cost));
    check_status("each client has a limit of its own", chat_once(other), HB_OK);
    check_refused("a limit that is reached exactly", other);
    hb_client_free(other);
    hb_client_free(client);
    hb_request_free(request);
}

/* The server's prices go before the built-in ones, once they are known. */
static void prices(void) {
    static const char MODELS[] =
        "body={\"data\":[{\"id\":\"" NONE "\"%2C\"input_price\":0.012345%2C\"output_price\":\"3\"}%2C{\"id\":\"" MODEL
        "\"%2C\"input_price\":2%2C\"output_price\":5}%2C{\"id\":\"" MODEL "\"%2C\"input_price\":9%2C\"output_price\":9}]}";
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    struct outcome outcome;
    hb_request *known = test_chat("x"), *strange = hb_request_new(NONE, HB_NUL);
    hb_request_add_message(strange, "user", "x", HB_NUL);
    char *answer = encoded(ANSWER(MODEL)), *strangers = encoded(ANSWER(NONE));
    char script[2048];
    hb_client *client = client_of(limited(10000000));
    memset(&outcome, 0, sizeof outcome);

    snprintf(script, sizeof script, "body=%s", answer);
    faults(script);
    outcome_of(&outcome, client, known);
    check_number("at the built-in price", hb_response_cost_nanousd(outcome.response), cost_of(1009, price_of(MODEL)));
    outcome_free(&outcome);
    snprintf(script, sizeof script, "body=%s", strangers);
    faults(script);
    outcome_of(&outcome, client, strange);
    check_number("a model that nobody knows", hb_response_cost_nanousd(outcome.response), -1);
    check_number("costs nothing that could be counted", spent(client), cost_of(1009, price_of(MODEL)));
    check_number("which is counted by itself", hb_client_count(client, HB_COUNT_UNPRICED), 1);
    outcome_free(&outcome);
    outcome_of(&outcome, client, known);
    check_number("what was asked for counts, not what the answer names", hb_response_cost_nanousd(outcome.response),
                 cost_of(1009, price_of(MODEL)));
    outcome_free(&outcome);

    faults(MODELS);
    check_ok("hb_models", hb_models(client, &models, &error), &error);
    check_number("has its prices", hb_model_list_output_price_picousd(models, 0), 3000000);
    hb_model_list_free(models);
    faults(script);
    outcome_of(&outcome, client, known);
    check_number("at the server's prices", hb_response_cost_nanousd(outcome.response), 999 * 2000 + 10 * 5000);
    outcome_free(&outcome);
    outcome_of(&outcome, client, strange);
    /* 12,332.655 and 30,000. */
    check_number("rounded once", hb_response_cost_nanousd(outcome.response), 42333);
    outcome_free(&outcome);
    check_number("no further one without a price", hb_client_count(client, HB_COUNT_UNPRICED), 1);
    faults("");
    hb_client_free(client);
    free(answer);
    free(strangers);
    hb_request_free(known);
    hb_request_free(strange);
}

/* What was used counts, however the request ended. */
static void unfinished(void) {
    static const struct {
        const char *name, *script;
        uint32_t stop_at;
        hb_status status;
        int priced, unpriced;
    } ROWS[] = {
        {"an answer that broke off", "close-after=6", 0, HB_E_TRUNCATED, 1, 0},
        {"a deadline", "stall-after=6", 0, HB_E_DEADLINE, 1, 0},
        {"a cancel", "stall-after=6", HB_EVENT_TEXT, HB_E_CANCELLED, 1, 0},
        {"an answer without usage", "no-usage", 0, HB_OK, 0, 1},
        {"an error", "status=500", 0, HB_E_SERVER, 0, 0},
        {"no connection", "reset-head", 0, HB_E_CONNECT, 0, 0},
    };
    hb_request *request = test_chat("x");
    size_t i;
    hb_request_set_idle_timeout_ms(request, 500);
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct outcome outcome;
        hb_client *client = client_of(limited(1));
        faults(ROWS[i].script);
        memset(&outcome, 0, sizeof outcome);
        outcome.stop_at = ROWS[i].stop_at;
        outcome_of(&outcome, client, request);
        check_status(ROWS[i].name, outcome.status, ROWS[i].status);
        long long cost = hb_response_cost_nanousd(outcome.response);
        check(ROWS[i].priced ? cost > 0 : cost == -1, "has a cost if it has usage", "%lld", cost);
        check_number("which counts", spent(client), ROWS[i].priced ? cost : 0);
        check_number("without usage, nothing does", hb_client_count(client, HB_COUNT_UNPRICED), ROWS[i].unpriced);
        faults("");
        if (ROWS[i].priced) check_refused("and its limit is reached", client);
        else check_status("and its limit is not reached", chat_once(client), HB_OK);
        outcome_free(&outcome);
        hb_client_free(client);
    }
    hb_request_free(request);
}

/* What runs when the limit is reached goes on to its end; what was to be sent again is not. */
static void in_flight(void) {
    enum { SLOW, AGAIN, QUICK, MANY };
    struct outcome *outcomes = (struct outcome *)memory(MANY * sizeof *outcomes);
    hb_client *client = client_of(limited(1));
    hb_request *request = test_chat("x"), *again = test_chat("x");
    hb_queue *queue = test_queue(), *others = test_queue();
    int ended = 0;
    hb_request_set_max_retries(again, 2);
    control_only("POST", "/simulator/reset", "");
    faults("times=1,event-delay=50");
    hb_start(client, request, queue, SLOW, NULL, NULL);
    wait_for_count("in_flight", 1);
    faults("status=503,header=retry-after-ms:3000");
    hb_start(client, again, others, AGAIN, NULL, NULL);
    hb_event_free(next_of_kind(others, HB_EVENT_RETRY));
    faults("words=3");
    outcome_of(&outcomes[QUICK], client, request);
    check_outcome("what reached the limit", &outcomes[QUICK], HB_OK, 0, 1, "");
    check_refused("it is reached", client);
    outcomes_of(others, outcomes, 1);
    check_outcome("what waited to be sent again", &outcomes[AGAIN], HB_E_BUDGET, 0, 1, "spending limit");
    outcomes_of(queue, outcomes, 1);
    check_outcome("what ran is not cut", &outcomes[SLOW], HB_OK, 0, 1, "");
    check_text("it comes to its end", hb_response_finish_reason(outcomes[SLOW].response, 0), "stop");
    check_number("all that ran counts", spent(client),
                 hb_response_cost_nanousd(outcomes[SLOW].response) + hb_response_cost_nanousd(outcomes[QUICK].response));
    check_counts("both sides count the same", client);
    faults("");
    while (ended < MANY) outcome_free(&outcomes[ended++]);
    hb_queue_free(queue);
    hb_queue_free(others);
    hb_request_free(request);
    hb_request_free(again);
    hb_client_free(client);
    free(outcomes);
}

struct spender {
    pthread_t thread;
    hb_client *client;
    long long spent;
    int answered, refused, other;
};

static void *spend(void *context) {
    struct spender *spender = (struct spender *)context;
    hb_request *request = test_chat("hello");
    while (spender->refused == 0 && spender->other == 0) {
        hb_response *response = NULL;
        hb_status status = hb_chat(spender->client, request, &response, NULL);
        spender->answered += status == HB_OK;
        spender->refused += status == HB_E_BUDGET;
        spender->other += status != HB_OK && status != HB_E_BUDGET;
        if (status == HB_OK) spender->spent += hb_response_cost_nanousd(response);
        hb_response_free(response);
    }
    hb_request_free(request);
    return NULL;
}

/* Threads share the limit: beyond it goes at most what ran when it was reached. */
static void threads(void) {
    enum { THREADS = 4, ROOM = 40 };
    struct spender spenders[THREADS];
    struct outcome outcome;
    long long sum = 0, cost;
    int i, answered = 0, refused = 0;
    hb_client *client = client_of(limited(0));
    hb_request *request = test_chat("hello");
    memset(&outcome, 0, sizeof outcome);
    faults("words=5");
    outcome_of(&outcome, client, request);
    cost = hb_response_cost_nanousd(outcome.response);
    outcome_free(&outcome);
    hb_client_free(client);
    client = client_of(limited(ROOM * cost));
    long requests = count_of("requests");
    memset(spenders, 0, sizeof spenders);
    for (i = 0; i < THREADS; i++) {
        spenders[i].client = client;
        pthread_create(&spenders[i].thread, NULL, spend, &spenders[i]);
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(spenders[i].thread, NULL);
        sum += spenders[i].spent;
        answered += spenders[i].answered;
        refused += spenders[i].refused;
    }
    faults("");
    check_number("each thread is refused in the end", refused, THREADS);
    check_number("the client counts what they do", spent(client), sum);
    check(answered >= ROOM && answered < ROOM + THREADS, "at most one more for each other thread", "%d answers", answered);
    check_number("nothing else was sent", count_of("requests") - requests, answered);
    hb_request_free(request);
    hb_client_free(client);
}

/* One at a time, and each breaks off after its usage: what it cost is booked before the next may go. */
static void one_after_the_other(void) {
    enum { WAITING = 8 };
    int round, i, started = 0, sent = 0;
    hb_request *request = test_chat("hello");
    faults("reset-after=3");
    for (round = 0; round < 10; round++) {
        hb_options *options = limited(1);
        hb_queue *queue = test_queue();
        hb_client *client;
        hb_options_set_max_concurrent(options, 1);
        client = client_of(options);
        /* The first may have ended before the last is started, which is refused then. */
        for (i = 0; i < WAITING; i++) started += hb_start(client, request, queue, 0, NULL, NULL) == HB_OK;
        for (; started > 0; started--) {
            const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
            sent += done != NULL && done->status != HB_E_BUDGET;
            hb_event_free(done);
        }
        hb_queue_free(queue);
        hb_client_free(client);
    }
    faults("");
    check_number("one broken answer uses the limit up, and no other is sent", sent, 10);
    hb_request_free(request);
}

int main(void) {
    check_begin();
    a_limit();
    prices();
    unfinished();
    in_flight();
    threads();
    one_after_the_other();
    return check_end();
}
