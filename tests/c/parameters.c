/*
 * Every typed setter, and the JSON that the server saw; the edges of every range; what a bad value does.
 */
#include "check.h"

typedef hb_status (*whole_fn)(hb_request *, int64_t);
typedef hb_status (*real_fn)(hb_request *, double);
typedef hb_status (*flag_fn)(hb_request *, int32_t);
typedef hb_status (*text_fn)(hb_request *, const char *, size_t);

static hb_client *client;

static hb_request *completion(void) {
    hb_request *request = hb_request_new(BASE_MODEL, HB_NUL);
    hb_request_set_prompt(request, "x", HB_NUL);
    hb_request_set_max_tokens(request, 2);
    return request;
}

/* Sends a request; the body that the server saw, to be freed. */
static char *body_of(const hb_request *request) {
    hb_queue *queue = test_queue();
    hb_error *error = NULL;
    const hb_event *done = NULL;
    if (check_ok("the request can be sent", hb_start(client, request, queue, 0, NULL, &error), &error)) {
        done = next_of_kind(queue, HB_EVENT_DONE);
        if (done != NULL) check(done->status == HB_OK, "it is answered", "%s", hb_error_message(done->error, NULL));
    }
    hb_event_free(done);
    hb_queue_free(queue);
    return last_request();
}

/* One check: the server sees `members` (several are parted by a blank); frees the request. */
static void check_body(const char *name, hb_request *request, const char *members) {
    char *body = body_of(request), one[512];
    const char *at = members;
    int good = 1;
    while (*at != '\0') {
        size_t size = strcspn(at, " ");
        snprintf(one, sizeof one, "%.*s", (int)size, at);
        good = good && json_has(body, one);
        at += size + (at[size] == ' ');
    }
    check(good, name, "%s is not in %s", members, body);
    free(body);
    hb_request_free(request);
}

/* One check: a setter refused a value, the error names the field and says `says`; frees the request. */
static void check_bad(const char *name, hb_status status, hb_request *request, const char *field, const char *says) {
    hb_error *error = NULL;
    hb_status checked = hb_request_check(request, &error);
    const char *message = hb_error_message(error, NULL);
    int good = status == HB_E_INVALID_ARGUMENT && checked == HB_E_INVALID_ARGUMENT
            && hb_error_status(error) == checked && strcmp(hb_error_param(error), field) == 0
            && strstr(message, field) != NULL && strstr(message, says) != NULL;
    check(good, name, "%s; check: %s, param \"%s\", \"%s\"", hb_status_name(status), hb_status_name(checked),
          hb_error_param(error), message);
    hb_error_free(error);
    hb_request_free(request);
}

static void check_good(const char *name, hb_status status, hb_request *request) {
    hb_error *error = NULL;
    if (status != HB_OK) check_status(name, status, HB_OK);
    else check_ok(name, hb_request_check(request, &error), &error);
    hb_request_free(request);
}

static void wholes(void) {
    static const struct {
        const char *field;
        whole_fn set;
        int64_t sent, low, high;
        int has_top;
        const char *range;
    } ROWS[] = {
        {"max_tokens", hb_request_set_max_tokens, 7, 1, INT64_MAX, 0, "at least 1"},
        {"n", hb_request_set_n, 2, 1, INT64_MAX, 0, "at least 1"},
        {"best_of", hb_request_set_best_of, 3, 1, INT64_MAX, 0, "at least 1"},
        {"top_k", hb_request_set_top_k, -1, -1, INT64_MAX, 0, "at least -1"},
        {"top_logprobs", hb_request_set_top_logprobs, 5, 0, 20, 1, "0 to 20"},
        {"seed", hb_request_set_seed, INT64_MIN, INT64_MIN, INT64_MAX, 0, NULL},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const char *field = ROWS[i].field;
        char member[128];
        hb_request *request = completion();
        ROWS[i].set(request, ROWS[i].sent);
        /* Text completions take the number alone, under the other name. */
        snprintf(member, sizeof member, "\"%s\":%lld", ROWS[i].has_top ? "logprobs" : field, (long long)ROWS[i].sent);
        check_body(field, request, member);
        request = completion();
        check_good(field, ROWS[i].set(request, ROWS[i].low), request);
        request = completion();
        check_good(field, ROWS[i].set(request, ROWS[i].high), request);
        if (ROWS[i].range == NULL) continue;
        request = completion();
        check_bad(field, ROWS[i].set(request, ROWS[i].low - 1), request, field, ROWS[i].range);
        request = completion();
        check_bad(field, ROWS[i].set(request, INT64_MIN), request, field, ROWS[i].range);
        if (!ROWS[i].has_top) continue;
        request = completion();
        check_bad(field, ROWS[i].set(request, ROWS[i].high + 1), request, field, ROWS[i].range);
    }
}

static void reals(void) {
    static const struct {
        const char *field;
        real_fn set;
        double low, high;
        const char *range;
    } ROWS[] = {
        {"temperature", hb_request_set_temperature, 0, 2, "0 to 2"},
        {"top_p", hb_request_set_top_p, 0, 1, "0 to 1"},
        {"min_p", hb_request_set_min_p, 0, 1, "0 to 1"},
        {"frequency_penalty", hb_request_set_frequency_penalty, -2, 2, "-2 to 2"},
        {"presence_penalty", hb_request_set_presence_penalty, -2, 2, "-2 to 2"},
        {"repetition_penalty", hb_request_set_repetition_penalty, 1e-9, 1e300, "greater than 0"},
    };
    const double infinity = strtod("inf", NULL), nan = strtod("nan", NULL);
    size_t i, j;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        const double bad[] = {ROWS[i].low < 1e-6 && ROWS[i].low > 0 ? 0 : ROWS[i].low - 1e-9,
                              ROWS[i].high > 1e299 ? infinity : ROWS[i].high + 1e-9, -infinity, nan};
        const char *field = ROWS[i].field;
        char member[128];
        hb_request *request = completion();
        ROWS[i].set(request, 0.625);
        snprintf(member, sizeof member, "\"%s\":0.625", field);
        check_body(field, request, member);
        request = completion();
        check_good(field, ROWS[i].set(request, ROWS[i].low), request);
        request = completion();
        check_good(field, ROWS[i].set(request, ROWS[i].high), request);
        for (j = 0; j < sizeof bad / sizeof *bad; j++) {
            request = completion();
            check_bad(field, ROWS[i].set(request, bad[j]), request, field, ROWS[i].range);
        }
    }
}

static void texts_and_flags(void) {
    static const struct {
        const char *field;
        text_fn set;
    } TEXTS[] = {{"user", hb_request_set_user}, {"suffix", hb_request_set_suffix}, {"prompt", hb_request_set_prompt}};
    size_t i;
    hb_request *request;
    for (i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        char member[64];
        request = completion();
        TEXTS[i].set(request, "ab\0cd, not this", 5);
        snprintf(member, sizeof member, "\"%s\":\"ab\\u0000cd\"", TEXTS[i].field);
        check_body(TEXTS[i].field, request, member);
        request = completion();
        check_bad(TEXTS[i].field, TEXTS[i].set(request, "abc\xFF", HB_NUL), request, TEXTS[i].field, "byte 3");
        request = completion();
        check_bad(TEXTS[i].field, TEXTS[i].set(request, NULL, 1), request, TEXTS[i].field, "NULL");
        request = completion();
        check_good(TEXTS[i].field, TEXTS[i].set(request, NULL, 0), request);
    }
    request = completion();
    hb_request_set_echo(request, 1);
    check_body("echo on", request, "\"echo\":true");
    request = completion();
    hb_request_set_echo(request, 0);
    check_body("echo off", request, "\"echo\":false");
    request = completion();
    hb_request_set_logprobs(request, 1);
    check_body("logprobs of a completion", request, "\"logprobs\":0");
    request = test_chat("x");
    hb_request_set_logprobs(request, 1);
    check_body("logprobs of a chat", request, "\"logprobs\":true");
    request = test_chat("x");
    hb_request_set_top_logprobs(request, 20);
    check_body("top_logprobs of a chat", request, "\"logprobs\":true \"top_logprobs\":20");
}

static void stops_and_biases(void) {
    hb_request *request = completion();
    hb_request_add_stop(request, "END", HB_NUL);
    check_body("one stop", request, "\"stop\":\"END\"");
    request = completion();
    hb_request_add_stop(request, "END", HB_NUL);
    hb_request_add_stop(request, "\n\n", HB_NUL);
    check_body("two stops", request, "\"stop\":[\"END\",\"\\n\\n\"]");
    request = completion();
    check_bad("an empty stop", hb_request_add_stop(request, "", HB_NUL), request, "stop", "empty");
    request = completion();
    check_bad("a stop in Latin-1", hb_request_add_stop(request, "\xE9", 1), request, "stop", "byte 0");
    request = completion();
    hb_request_set_logit_bias(request, 50256, -100);
    hb_request_set_logit_bias(request, 7, 1.5);
    hb_request_set_logit_bias(request, 50256, 100);
    check_body("the last bias of a token wins", request, "\"50256\":100.0 \"7\":1.5");
    request = completion();
    check_bad("a negative token", hb_request_set_logit_bias(request, -1, 0), request, "logit_bias", "negative");
    request = completion();
    check_bad("a bias above", hb_request_set_logit_bias(request, 1, 100.5), request, "logit_bias", "-100 to 100");
    request = completion();
    check_bad("a bias below", hb_request_set_logit_bias(request, 1, -100.5), request, "logit_bias", "-100 to 100");
}

static void messages(void) {
    hb_request *request = hb_request_new(MODEL " and more", strlen(MODEL));
    hb_request_add_message(request, "system", "Brief.", HB_NUL);
    hb_request_add_message(request, "user", "a\0b and more", 3);
    hb_request_add_message(request, "assistant", NULL, 0);
    hb_request_add_message(request, "user", "\xF0\x9F\x99\x82\"\\", HB_NUL);
    check_body("messages", request,
               "\"messages\":[{\"content\":\"Brief.\",\"role\":\"system\"} {\"content\":\"a\\u0000b\",\"role\":\"user\"}"
               " {\"content\":\"\",\"role\":\"assistant\"} {\"content\":\"\xF0\x9F\x99\x82\\\"\\\\\",\"role\":\"user\"}"
               " \"model\":\"" MODEL "\"");
    request = test_chat("x");
    check_bad("an unknown role", hb_request_add_message(request, "robot", "x", 1), request, "role", "robot");
    request = test_chat("x");
    check_bad("no role", hb_request_add_message(request, NULL, "x", 1), request, "role", "NULL");
    request = test_chat("x");
    check_bad("a role with a line break", hb_request_add_message(request, "user\n", "x", 1), request, "role", "byte 4");
    request = test_chat("x");
    check_bad("a text in Latin-1", hb_request_add_message(request, "user", "d\xE9j\xE0", HB_NUL), request, "text",
              "byte 1");
    request = test_chat("x");
    check_bad("half a character", hb_request_add_message(request, "user", "\xF0\x9F\x99\x82", 3), request, "text",
              "byte 0");
    request = hb_request_new("", HB_NUL);
    check_bad("no model", HB_E_INVALID_ARGUMENT, request, "model", "empty");
    request = hb_request_new("m\xFF", HB_NUL);
    check_bad("a model in Latin-1", HB_E_INVALID_ARGUMENT, request, "model", "byte 1");
    request = hb_request_new(NULL, 0);
    check_bad("model NULL", HB_E_INVALID_ARGUMENT, request, "model", "empty");
    check_number("a clone of NULL", hb_request_clone(NULL) == NULL, 1);
}

static void prompts(void) {
    static const int64_t TOKENS[] = {1, 2, INT64_MAX}, NEGATIVE[] = {1, -2};
    hb_request *request = completion();
    hb_request_set_prompt(request, "one", HB_NUL);
    hb_request_add_prompt(request, "two", HB_NUL);
    check_body("two prompts", request, "\"prompt\":[\"one\",\"two\"]");
    request = completion();
    hb_request_add_prompt(request, "two", HB_NUL);
    hb_request_set_prompt(request, "alone", HB_NUL);
    check_body("set_prompt replaces", request, "\"prompt\":\"alone\"");
    request = completion();
    hb_request_set_prompt_tokens(request, TOKENS, 3);
    check_body("tokens replace a text", request, "\"prompt\":[1,2,9223372036854775807]");
    request = completion();
    hb_request_set_prompt_tokens(request, TOKENS, 3);
    hb_request_set_prompt(request, "text", HB_NUL);
    check_body("a text replaces tokens", request, "\"prompt\":\"text\"");
    request = completion();
    check_bad("a negative token", hb_request_set_prompt_tokens(request, NEGATIVE, 2), request, "prompt", "negative");
    request = completion();
    check_bad("no tokens", hb_request_set_prompt_tokens(request, TOKENS, 0), request, "prompt", "no tokens");
    request = completion();
    hb_request_set_prompt_tokens(request, TOKENS, 3);
    check_bad("a text beside tokens", hb_request_add_prompt(request, "x", 1), request, "prompt", "JSON");
    request = test_chat("x");
    hb_request_set_prompt(request, "x", 1);
    check_bad("messages and a prompt", HB_E_INVALID_ARGUMENT, request, "prompt", "not both");
}

int main(void) {
    check_begin();
    client = test_client(NULL);
    wholes();
    reals();
    texts_and_flags();
    stops_and_biases();
    messages();
    prompts();
    hb_client_free(client);
    return check_end();
}
