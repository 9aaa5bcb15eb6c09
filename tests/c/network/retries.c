/*
 * When a failed request is sent again, when not, and after which wait. Waits are read in the events: most requests are
 * cancelled as soon as they tell, so that nobody waits in vain.
 */
#include "outcome.h"

/* What an error of the simulator's says, whatever its status. */
#define SAYS "the simulator was asked to answer"

static hb_options *retry_options(const char *script, uint32_t retries) {
    hb_options *options = test_options();
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_options_set_max_retries(options, retries);
    return options;
}

/* One chat of a client of these settings, which it frees; server and client count the same. */
static void run(const char *name, struct outcome *outcome, hb_options *options, uint32_t stop_at) {
    hb_client *client = client_of(options);
    hb_request *request = test_chat("x");
    memset(outcome, 0, sizeof *outcome);
    outcome->stop_at = stop_at;
    control_only("POST", "/simulator/reset", "");
    outcome_of(outcome, client, request);
    check_counts(name, client);
    check_number(name, (long long)hb_client_count(client, HB_COUNT_RETRIES), outcome->retries);
    hb_request_free(request);
    hb_client_free(client);
}

/* The waits are those of the official clients: 0.5 s, doubled each time up to 8 s, less up to a quarter by chance. */
static void check_backoff(const char *name, const struct outcome *outcome, hb_status status, int32_t http_status) {
    uint32_t i;
    for (i = 0; i < outcome->retries && i < RETRIES_KEPT; i++) {
        const struct retry *retry = &outcome->retry[i];
        int64_t longest = 500 << i;
        check(retry->attempt == i + 2 && retry->attempts == i + 1 && retry->status == status
                  && retry->http_status == http_status && retry->delay_ms >= longest * 3 / 4
                  && retry->delay_ms <= longest,
              name, "retry %u: attempt %u follows %u after %lld ms, because of %s, HTTP %d", (unsigned)i,
              (unsigned)retry->attempt, (unsigned)retry->attempts, (long long)retry->delay_ms,
              hb_status_name(retry->status), (int)retry->http_status);
    }
}

/* A server that fails for ever. Each row has a client of its own, all at the same time, so that the waits overlap. */
static void again_and_again(void) {
    static const struct {
        const char *script;
        hb_status status;
        int32_t http_status;
        uint32_t retries, attempts;
    } ROWS[] = {
        {"status=408", HB_E_SERVER, 408, 2, 3},      {"status=409", HB_E_SERVER, 409, 2, 3},
        {"status=429", HB_E_RATE_LIMITED, 429, 2, 3}, {"status=500", HB_E_SERVER, 500, 1, 2},
        {"status=502", HB_E_SERVER, 502, 0, 1},      {"status=503", HB_E_SERVER, 503, 3, 4},
        {"status=529", HB_E_SERVER, 529, 2, 3},      {"close-after=0", HB_E_TRUNCATED, 200, 1, 2},
        {"cut-after=0", HB_E_TRUNCATED, 200, 1, 2},  {"reset-after=1", HB_E_TRUNCATED, 200, 1, 2},
        {"reset-head", HB_E_CONNECT, 0, 1, 2},       {"stall-after=1", HB_E_DEADLINE, 200, 2, 1},
    };
    enum { COUNT = sizeof ROWS / sizeof *ROWS };
    struct outcome *outcomes = (struct outcome *)memory(COUNT * sizeof *outcomes);
    hb_client *clients[COUNT];
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    long sent = 0;
    int i;
    control_only("POST", "/simulator/reset", "");
    for (i = 0; i < COUNT; i++) {
        hb_options *options = retry_options(ROWS[i].script, ROWS[i].retries);
        if (ROWS[i].status == HB_E_DEADLINE) hb_options_set_idle_timeout_ms(options, 1000);
        clients[i] = client_of(options);
        hb_start(clients[i], request, queue, (uint64_t)i, NULL, NULL);
    }
    outcomes_of(queue, outcomes, COUNT);
    for (i = 0; i < COUNT; i++) {
        char name[64];
        snprintf(name, sizeof name, "%s for ever", ROWS[i].script);
        const char *says = ROWS[i].http_status >= 400 ? SAYS : "";
        check_outcome(name, &outcomes[i], ROWS[i].status, ROWS[i].http_status, ROWS[i].attempts, says);
        check_number(name, outcomes[i].retries, ROWS[i].attempts - 1);
        check_backoff(name, &outcomes[i], ROWS[i].status, ROWS[i].http_status);
        check_number(name, hb_error_is_retryable(outcomes[i].error), ROWS[i].status != HB_E_DEADLINE);
        sent += (long)hb_client_count(clients[i], HB_COUNT_ATTEMPTS);
        hb_client_free(clients[i]);
        outcome_free(&outcomes[i]);
    }
    check_number("the server has seen every attempt", count_of("requests"), sent);
    hb_request_free(request);
    hb_queue_free(queue);
    free(outcomes);
}

/* What fails a few times and then succeeds is a success; nothing of a failed attempt is left in its answer. */
static void better_in_the_end(void) {
    static const struct {
        const char *script;
        uint32_t attempts;
    } ROWS[] = {
        {"status=500,header=retry-after-ms:1,times=1", 2},
        {"status=503,header=retry-after-ms:1,times=1;status=429,header=retry-after-ms:1,times=1", 3},
        {"status=408,header=retry-after-ms:1,times=2", 3},
        {"cut-after=1,header=retry-after-ms:1,times=1;close-after=0,header=retry-after-ms:1,times=1", 3},
        /* No body at all, and one that is none of the API's. */
        {"content-type=text/html,body=%3Chtml%3E,status=502,header=retry-after-ms:1,times=1", 2},
        {"body=,status=504,header=retry-after-ms:1,times=1", 2},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct outcome outcome;
        run(ROWS[i].script, &outcome, retry_options(ROWS[i].script, 2), 0);
        check_outcome(ROWS[i].script, &outcome, HB_OK, 0, ROWS[i].attempts, "");
        check_has("a whole answer", outcome.text, "This is canned text");
        check_text("that finished", hb_response_finish_reason(outcome.response, 0), "stop");
        check_number("one RETRY an attempt", outcome.retries, ROWS[i].attempts - 1);
        outcome_free(&outcome);
    }
}

/* The same by a call without a callback, which tells no RETRY, and by the other routes. */
static void in_every_call(void) {
    hb_client *client = client_of(retry_options("status=503,header=retry-after-ms:1,times=1", 1));
    hb_request *chat = test_chat("x"), *completion = hb_request_new(BASE_MODEL, HB_NUL);
    hb_response *response = NULL;
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    hb_request_set_prompt(completion, "x", HB_NUL);
    control_only("POST", "/simulator/reset", "");
    check_ok("hb_chat", hb_chat(client, chat, &response, &error), &error);
    check_number("hb_chat: attempts", hb_response_attempts(response), 2);
    hb_response_free(response);
    control_only("POST", "/simulator/reset", "");
    check_ok("hb_complete", hb_complete(client, completion, &response, &error), &error);
    check_number("hb_complete: attempts", hb_response_attempts(response), 2);
    hb_response_free(response);
    control_only("POST", "/simulator/reset", "");
    check_ok("hb_models", hb_models(client, &models, &error), &error);
    check_number("hb_models: requests", count_of("requests"), 2);
    hb_model_list_free(models);
    check_number("six in all", (long long)hb_client_count(client, HB_COUNT_ATTEMPTS), 6);
    hb_client_free(client);

    client = client_of(retry_options("reset-after=3", 2));
    control_only("POST", "/simulator/reset", "");
    check_status("cut, and nobody has seen a piece", hb_chat(client, chat, &response, &error), HB_E_TRUNCATED);
    check_number("but it may have been billed: one attempt", hb_error_attempts(error), 1);
    check_number("as the server saw", count_of("requests"), 1);
    hb_response_free(response);
    hb_error_free(error);
    hb_client_free(client);
    hb_request_free(chat);
    hb_request_free(completion);
}

/* One attempt, whatever the settings allow. */
static void never(void) {
    static const struct {
        const char *script;
        hb_status status;
        int32_t http_status;
    } ROWS[] = {
        {"status=400", HB_E_BAD_REQUEST, 400},
        {"status=401", HB_E_AUTHENTICATION, 401},
        {"status=403", HB_E_AUTHENTICATION, 403},
        {"status=404", HB_E_BAD_REQUEST, 404},
        {"status=413", HB_E_BAD_REQUEST, 413},
        {"status=422", HB_E_BAD_REQUEST, 422},
        {"status=307,header=location:/v1/elsewhere", HB_E_BAD_RESPONSE, 307},
        {"status=402,header=retry-after-ms:1", HB_E_QUOTA, 402},
        {"status=402,header=retry-after-ms:1,header=x-should-retry:true", HB_E_QUOTA, 402},
        {"status=429,header=retry-after-ms:1,body=%7B%22object%22%3A%22error%22%2C%22message%22%3A%22quota%22%2C"
         "%22code%22%3A42902%7D",
         HB_E_QUOTA, 429},
        {"status=401,header=x-should-retry:true", HB_E_AUTHENTICATION, 401},
        {"status=503,header=x-should-retry:false", HB_E_SERVER, 503},
        {"status=429,header=x-should-retry:false", HB_E_RATE_LIMITED, 429},
        {"body=%3Chtml%3Ea page%3C/html%3E,content-type=text/html", HB_E_BAD_RESPONSE, 200},
        /* A piece came: it may have been billed, and its caller has it. */
        {"cut-after=3", HB_E_TRUNCATED, 200},
        {"close-after=3", HB_E_TRUNCATED, 200},
        {"reset-after=3", HB_E_TRUNCATED, 200},
        {"reset-after=3,header=x-should-retry:true", HB_E_TRUNCATED, 200},
        {"think=reasoning_content,close-after=2", HB_E_TRUNCATED, 200},
        /* The server asks for more than anybody should be made to wait. */
        {"status=429,header=retry-after:121", HB_E_RATE_LIMITED, 429},
        {"status=503,header=retry-after-ms:120001", HB_E_SERVER, 503},
        {"status=503,header=retry-after:3600,header=x-should-retry:true", HB_E_SERVER, 503},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct outcome outcome;
        run(ROWS[i].script, &outcome, retry_options(ROWS[i].script, 5), HB_EVENT_RETRY);
        check_outcome(ROWS[i].script, &outcome, ROWS[i].status, ROWS[i].http_status, 1, "");
        check_number("no RETRY", outcome.retries, 0);
        outcome_free(&outcome);
    }
    struct outcome outcome;
    run("too long a wait", &outcome, retry_options("status=429,header=retry-after:121", 2), 0);
    check_number("its length is told", (long long)hb_error_retry_after_ms(outcome.error), 121000);
    outcome_free(&outcome);
}

/* The server knows better than its status says. */
static void server_overrides(void) {
    static const char *const SCRIPTS[] = {
        "status=400,header=x-should-retry:true,header=retry-after-ms:1",
        "status=404,header=x-should-retry:true,header=retry-after-ms:1",
        "status=501,header=x-should-retry:true,header=retry-after-ms:1",
    };
    size_t i;
    for (i = 0; i < sizeof SCRIPTS / sizeof *SCRIPTS; i++) {
        struct outcome outcome;
        run(SCRIPTS[i], &outcome, retry_options(SCRIPTS[i], 2), 0);
        check_number("sent again all the same", hb_error_attempts(outcome.error), 3);
        check_number("one RETRY an attempt", outcome.retries, 2);
        outcome_free(&outcome);
    }
}

/* Every form in which a server asks to be left alone. */
static void asked_waits(void) {
    char date[64], past[64], scripts[2][128];
    time_t soon = time(NULL) + 100, before = time(NULL) - 100;
    struct tm utc;
    size_t i;
    int limited;
    strftime(date, sizeof date, "%a%%2C %d %b %Y %H:%M:%S GMT", gmtime_r(&soon, &utc));
    strftime(past, sizeof past, "%a%%2C %d %b %Y %H:%M:%S GMT", gmtime_r(&before, &utc));
    snprintf(scripts[0], sizeof scripts[0], "header=retry-after:%s", date);
    snprintf(scripts[1], sizeof scripts[1], "header=retry-after:%s", past);
    const struct {
        const char *headers;
        int64_t least, most;
        /* What hb_error_retry_after_ms tells; -2 leaves it open. */
        int64_t told;
    } ROWS[] = {
        {"header=retry-after-ms:1234", 1234, 1234, 1234},
        {"header=retry-after-ms:0.5,header=retry-after:3", 375, 500, 0},
        {"header=retry-after-ms:1500,header=retry-after:9", 1500, 1500, 1500},
        {"header=retry-after-ms:soon,header=retry-after:9", 9000, 9000, 9000},
        {"header=retry-after:7", 7000, 7000, 7000},
        {"header=retry-after:0.25", 250, 250, 250},
        {"header=retry-after:120", 120000, 120000, 120000},
        {scripts[0], 1, 100000, -2},
        /* No plan at all: the usual wait. */
        {scripts[1], 375, 500, 0},
        {"header=x-nothing:1", 375, 500, -1},
        {"header=retry-after:0", 375, 500, 0},
        {"header=retry-after-ms:0", 375, 500, 0},
        {"header=retry-after:soon", 375, 500, -1},
        {"header=retry-after:-5", 375, 500, -1},
        {"header=retry-after:NaN", 375, 500, -1},
    };
    for (limited = 0; limited < 2; limited++) {
        for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
            struct outcome outcome;
            char script[256];
            snprintf(script, sizeof script, "status=%d,%s", limited ? 429 : 503, ROWS[i].headers);
            run(script, &outcome, retry_options(script, 1), HB_EVENT_RETRY);
            const struct retry *retry = &outcome.retry[0];
            check(outcome.retries == 1 && retry->attempt == 2 && retry->delay_ms >= ROWS[i].least
                      && retry->delay_ms <= ROWS[i].most,
                  script, "%u retries, attempt %u after %lld ms", (unsigned)outcome.retries, (unsigned)retry->attempt,
                  (long long)retry->delay_ms);
            check_outcome(script, &outcome, HB_E_CANCELLED, 0, 1, "");
            outcome_free(&outcome);

            run(script, &outcome, retry_options(script, 0), 0);
            int64_t told = hb_error_retry_after_ms(outcome.error);
            check(told == ROWS[i].told || (ROWS[i].told == -2 && told >= ROWS[i].least && told <= ROWS[i].most), script,
                  "hb_error_retry_after_ms: %lld", (long long)told);
            outcome_free(&outcome);
        }
    }
}

/* A request's own settings win over its client's, in either direction. */
static void own_settings(void) {
    hb_client *once = client_of(retry_options("status=503,header=retry-after-ms:1", 0));
    hb_client *often = client_of(retry_options("status=503,header=retry-after-ms:1", 2));
    hb_request *request = test_chat("x");
    struct outcome outcome;
    memset(&outcome, 0, sizeof outcome);
    hb_request_set_max_retries(request, 1);
    outcome_of(&outcome, once, request);
    check_outcome("one retry of a client that has none", &outcome, HB_E_SERVER, 503, 2, SAYS);
    outcome_free(&outcome);
    outcome_of(&outcome, often, request);
    check_outcome("one retry of a client that has two", &outcome, HB_E_SERVER, 503, 2, SAYS);
    outcome_free(&outcome);
    hb_request_set_max_retries(request, 0);
    outcome_of(&outcome, often, request);
    check_outcome("none of a client that has two", &outcome, HB_E_SERVER, 503, 1, SAYS);
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(once);
    hb_client_free(often);
}

/* After a deadline the server may go on, and bill: sent again only if the caller says so. */
static void after_deadlines(void) {
    /* What the client says and what the request says, where -1 is nothing; how often it is sent. */
    static const struct {
        const char *name, *script;
        int client, request;
        uint32_t attempts;
        const char *says;
    } ROWS[] = {
        {"first token, as it is", "stall", -1, -1, 1, "first token"},
        {"first token, sent again", "stall", 1, -1, 2, "first token"},
        {"first token, the request says so", "stall", -1, 1, 2, "first token"},
        {"first token, the request says no", "stall", 1, 0, 1, "first token"},
        {"first token after a head", "stall-after=1", 1, -1, 2, "first token"},
        {"first token, x-should-retry", "stall-after=1,header=x-should-retry:true", -1, -1, 1, "first token"},
        {"idle before a piece", "stall-after=1", 1, -1, 2, "idle"},
        {"idle after a piece", "stall-after=4", 1, 1, 1, "idle"},
    };
    enum { COUNT = sizeof ROWS / sizeof *ROWS };
    struct outcome *outcomes = (struct outcome *)memory(COUNT * sizeof *outcomes);
    hb_client *clients[COUNT];
    hb_queue *queue = test_queue();
    long sent = 0;
    int i;
    control_only("POST", "/simulator/reset", "");
    for (i = 0; i < COUNT; i++) {
        hb_options *options = retry_options(ROWS[i].script, 1);
        hb_request *request = test_chat("x");
        if (ROWS[i].client >= 0) hb_options_set_retry_deadlines(options, ROWS[i].client);
        if (ROWS[i].request >= 0) hb_request_set_retry_deadlines(request, ROWS[i].request);
        if (strcmp(ROWS[i].says, "idle") == 0) {
            hb_request_set_first_token_timeout_ms(request, 0);
            hb_request_set_idle_timeout_ms(request, 2000);
        } else {
            hb_request_set_first_token_timeout_ms(request, 2000);
        }
        clients[i] = client_of(options);
        hb_start(clients[i], request, queue, (uint64_t)i, NULL, NULL);
        hb_request_free(request);
    }
    outcomes_of(queue, outcomes, COUNT);
    for (i = 0; i < COUNT; i++) {
        int32_t http_status = strcmp(ROWS[i].script, "stall") == 0 ? 0 : 200;
        check_outcome(ROWS[i].name, &outcomes[i], HB_E_DEADLINE, http_status, ROWS[i].attempts, ROWS[i].says);
        check_number(ROWS[i].name, outcomes[i].retries, ROWS[i].attempts - 1);
        check_backoff(ROWS[i].name, &outcomes[i], HB_E_DEADLINE, http_status);
        sent += (long)hb_client_count(clients[i], HB_COUNT_ATTEMPTS);
        hb_client_free(clients[i]);
        outcome_free(&outcomes[i]);
    }
    check_number("deadlines: the server has seen every attempt", count_of("requests"), sent);
    hb_queue_free(queue);
    free(outcomes);
}

/* A wait that ends after the total deadline is not begun: the server's error is more than a deadline says. */
static void no_time_to_wait(void) {
    struct outcome outcome;
    hb_options *options = retry_options("status=503,header=retry-after:100", 2);
    hb_options_set_total_timeout_ms(options, 90000);
    run("a total deadline before the retry", &outcome, options, HB_EVENT_RETRY);
    check_outcome("the server's error at once", &outcome, HB_E_SERVER, 503, 1, SAYS);
    check_number("with the wait that it asks for", (long long)hb_error_retry_after_ms(outcome.error), 100000);
    check_number("without a RETRY", outcome.retries, 0);
    outcome_free(&outcome);

    hb_client *client = client_of(retry_options("status=429,header=retry-after:100", 2));
    hb_request *request = test_chat("x");
    hb_request_set_total_timeout_ms(request, 90000);
    outcome_of(&outcome, client, request);
    check_outcome("the request's own deadline too", &outcome, HB_E_RATE_LIMITED, 429, 1, SAYS);
    outcome_free(&outcome);
    outcome_of(&outcome, client, request);
    check_outcome("and the next one is told of the pause", &outcome, HB_E_DEADLINE, 0, 0, "pause");
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    again_and_again();
    better_in_the_end();
    in_every_call();
    never();
    server_overrides();
    asked_waits();
    own_settings();
    after_deadlines();
    no_time_to_wait();
    return check_end();
}
