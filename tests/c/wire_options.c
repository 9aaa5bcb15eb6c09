/*
 * What a server may cost, and what it may get wrong: every bound of hb_options_set_limit, strictness, and the counts of
 * what was understood all the same.
 */
#include "check.h"

#define DELTA(json) "data: {\"choices\":[{\"index\":0,\"delta\":{" json "}}]}\n\n"
#define TEXT(text) DELTA("\"content\":\"" text "\"")
#define END "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
#define CALL(index, id) DELTA("\"tool_calls\":[{" index id "\"function\":{\"name\":\"f\",\"arguments\":\"{}\"}}]")

#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define HUNDRED FIFTY FIFTY

struct end {
    hb_status status;
    hb_response *response;
    hb_error *error;
};

/* Asks for an answer that the script of faults describes; frees the options. */
static struct end ask(hb_options *options, const char *script) {
    struct end end;
    hb_request *request = test_chat("hello");
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_client *client = client_of(options);
    end.status = hb_chat(client, request, &end.response, &end.error);
    hb_client_free(client);
    hb_request_free(request);
    return end;
}

static void forget(struct end end) {
    hb_response_free(end.response);
    hb_error_free(end.error);
}

/* The same with a body of the test's own, as a stream. */
static struct end ask_stream(hb_options *options, const char *body) {
    control_only("PUT", "/simulator/body/own", body);
    return ask(options, "raw=own,content-type=text/event-stream");
}

static const char *named(const char *what, const char *name) {
    static char line[160];
    snprintf(line, sizeof line, "%s: %s", name, what);
    return line;
}

/* ---- Bounds ---- */

struct bound {
    const char *name;
    uint32_t limit;
    uint64_t value;
    const char *body;
    /* What had arrived before. */
    const char *kept;
};

static const struct bound BOUNDS[] = {
    {"line", HB_LIMIT_LINE, 300, TEXT("Hel") TEXT(HUNDRED HUNDRED HUNDRED) END, "Hel"},
    {"event", HB_LIMIT_EVENT, 300, TEXT("Hel") "data: {\"x\":\"" HUNDRED "\",\ndata: \"y\":\"" HUNDRED
     "\",\ndata: \"z\":\"" HUNDRED "\"}\n\n" END, "Hel"},
    {"bytes of the answer", HB_LIMIT_ANSWER, 2000, TEXT("Hel") TEXT(HUNDRED) TEXT(HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED
     HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED)
     END, "Hel" HUNDRED},
    {"JSON depth", HB_LIMIT_JSON_DEPTH, 10, TEXT("Hel") "data: {\"x\":[[[[[[[[[[[[1]]]]]]]]]]]]}\n\n" END, "Hel"},
    {"choices", HB_LIMIT_CHOICES, 2, TEXT("Hel")
     "data: {\"choices\":[{\"index\":2,\"delta\":{\"content\":\"x\"},\"finish_reason\":\"stop\"}]}\n\n" END, "Hel"},
    {"tool calls", HB_LIMIT_TOOL_CALLS, 1, TEXT("Hel") CALL("\"index\":0,", "\"id\":\"a\",")
     CALL("\"index\":1,", "\"id\":\"b\",") END, "Hel"},
};

static void bound_holds(const struct bound *bound) {
    char says[32];
    hb_options *options = test_options();
    snprintf(says, sizeof says, "%lu", (unsigned long)bound->value);
    check_status(named("can be set", bound->name), hb_options_set_limit(options, bound->limit, bound->value), HB_OK);
    struct end end = ask_stream(options, bound->body);
    check_status(named("is broken", bound->name), end.status, HB_E_BAD_RESPONSE);
    check_has(named("is named", bound->name), hb_error_message(end.error, NULL), bound->name);
    check_has(named("its value is named", bound->name), hb_error_message(end.error, NULL), says);
    check_text(named("what had arrived is kept", bound->name), hb_response_text(end.response, 0, NULL), bound->kept);
    forget(end);
    end = ask_stream(test_options(), bound->body);
    check_ok(named("the same answer without it", bound->name), end.status, &end.error);
    hb_response_free(end.response);
}

static void body_that_is_no_stream(void) {
    hb_options *options = test_options();
    hb_options_set_limit(options, HB_LIMIT_ANSWER, 2000);
    struct end end = ask(options, "words=1000,cut-after=end");
    check_status("a long stream is bounded as a whole", end.status, HB_E_BAD_RESPONSE);
    check(hb_response_text(end.response, 0, NULL)[0] != '\0', "and keeps what it had", "it is empty");
    forget(end);
    options = test_options();
    hb_options_set_limit(options, HB_LIMIT_ANSWER, 2000);
    hb_options_set_streaming(options, 0);
    end = ask(options, "words=1000");
    check_status("a whole body is bounded", end.status, HB_E_BAD_RESPONSE);
    check_has("by the same bound", hb_error_message(end.error, NULL), "the bound of 2000: bytes of the body");
    forget(end);
}

/* What an error says is worth more than a complaint about its length. */
static void error_body(void) {
    size_t size;
    hb_options *options = test_options();
    hb_options_set_limit(options, HB_LIMIT_ERROR_BODY, 50);
    struct end end = ask(options, "status=401,content-type=text/plain,body=" HUNDRED HUNDRED);
    check_status("a long error keeps its status", end.status, HB_E_AUTHENTICATION);
    check_text("its body is cut", hb_error_body(end.error, &size), FIFTY);
    check_number("where the bound is", (long long)size, 50);
    forget(end);
    options = test_options();
    hb_options_set_limit(options, HB_LIMIT_ERROR_BODY, 50);
    end = ask(options, "content-type=text/plain,body=" HUNDRED HUNDRED);
    check_status("so is a page in the place of an answer", end.status, HB_E_BAD_RESPONSE);
    check_text("and its body", hb_error_body(end.error, NULL), FIFTY);
    forget(end);
}

/* A bound that makes no sense is refused where it is set, and by the client. */
static void bad_bounds(void) {
    static const struct {
        const char *name;
        uint32_t limit;
        uint64_t value;
    } BAD[] = {
        {"0 is no number of a bound", 0, 100},
        {"nor is one beyond the last", HB_LIMIT_QUEUE + 1, 100},
        {"a bound of 0", HB_LIMIT_LINE, 0},
        {"a JSON depth beyond 256", HB_LIMIT_JSON_DEPTH, 257},
    };
    size_t i;
    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        hb_options *options = test_options();
        hb_client *client = NULL;
        hb_error *error = NULL;
        check_status(BAD[i].name, hb_options_set_limit(options, BAD[i].limit, BAD[i].value), HB_E_INVALID_ARGUMENT);
        check_status(named("no client", BAD[i].name), hb_client_new(options, &client, &error), HB_E_INVALID_ARGUMENT);
        check_text(named("the field", BAD[i].name), hb_error_param(error), "limit");
        check(client == NULL, named("and none is written", BAD[i].name), "there is one");
        hb_error_free(error);
        hb_options_free(options);
    }
    check_status("bounds of nothing", hb_options_set_limit(NULL, HB_LIMIT_LINE, 1), HB_E_INVALID_ARGUMENT);
}

/* ---- What is understood all the same ---- */

struct mistake {
    const char *name;
    uint32_t times;
    const char *body;
};

static const struct mistake MISTAKES[] = {
    {"invalid_utf8", 2, TEXT("a\xff") TEXT("b\xfe") END},
    {"lone_surrogate", 1, TEXT("a\\ud83d") TEXT("b") END},
    {"non_finite_number", 2, TEXT("a") "data: {\"x\":[NaN,-Infinity]}\n\n" END},
    {"bad_number", 1, TEXT("a") "data: {\"x\":+1}\n\n" END},
    {"bad_escape", 1, TEXT("a\\q") END},
    {"control_character", 1, TEXT("a\t") END},
    {"trailing_comma", 1, TEXT("a") "data: {\"x\":[1,]}\n\n" END},
    {"wrong_type", 1, TEXT("a") "data: {\"created\":\"17\",\"choices\":[]}\n\n" END},
    {"glued_values", 1, TEXT("a") "data: {\"x\":1}{\"x\":2}\n\n" END},
    {"bare_line", 1, TEXT("a") "{\"x\":1}\n\n" END},
    {"foreign_text", 1, TEXT("a") "event: note\ndata: hello\n\n" END},
    {"tool_call_index", 1, TEXT("a") CALL("", "\"id\":\"a\",") END},
    {"after_end", 1, TEXT("a") CALL("\"index\":0,", "\"id\":\"a\",") CALL("\"index\":1,", "\"id\":\"b\",")
     CALL("\"index\":0,", "\"id\":\"a\",") END},
    {"other_message", 1, TEXT("a") "data: {\"choices\":[{\"index\":0,\"message\":{\"content\":\"b\"}}]}\n\n" END},
};

static void mistake_is_counted(const struct mistake *mistake) {
    struct end end = ask_stream(test_options(), mistake->body);
    check_ok(named("is understood", mistake->name), end.status, &end.error);
    check_number(named("is one kind", mistake->name), hb_response_tolerated_count(end.response), 1);
    check_text(named("has its name", mistake->name), hb_response_tolerated_name(end.response, 0), mistake->name);
    check_number(named("is counted", mistake->name), hb_response_tolerated_times(end.response, 0), mistake->times);
    hb_response_free(end.response);
}

static void mistake_is_an_error_if_strict(const struct mistake *mistake) {
    hb_options *options = test_options();
    hb_options_set_strict(options, 1);
    struct end end = ask_stream(options, mistake->body);
    check_status(named("fails if strict", mistake->name), end.status, HB_E_BAD_RESPONSE);
    check_has(named("is named", mistake->name), hb_error_message(end.error, NULL), mistake->name);
    check_number(named("the text is kept", mistake->name), hb_response_text(end.response, 0, NULL)[0], 'a');
    forget(end);
}

static void several_mistakes(void) {
    struct end end = ask_stream(test_options(), TEXT("a\\q\\q") TEXT("\xff") END);
    check_ok("two kinds are understood", end.status, &end.error);
    check_number("and counted apart", hb_response_tolerated_count(end.response), 2);
    check_text("in one order: the first", hb_response_tolerated_name(end.response, 0), "invalid_utf8");
    check_number("once", hb_response_tolerated_times(end.response, 0), 1);
    check_text("the second", hb_response_tolerated_name(end.response, 1), "bad_escape");
    check_number("twice", hb_response_tolerated_times(end.response, 1), 2);
    check_text("there is no third", hb_response_tolerated_name(end.response, 2), "");
    check_number("nor a count of it", hb_response_tolerated_times(end.response, 2), 0);
    check_number("and none of nothing", hb_response_tolerated_count(NULL), 0);
    hb_response_free(end.response);
}

/* A server that makes no mistake loses nothing by strictness. */
static void nothing_wrong(void) {
    hb_options *options = test_options();
    hb_options_set_strict(options, 1);
    struct end end = ask(options, "words=20");
    check_ok("a good answer passes strict", end.status, &end.error);
    check_number("and nothing was tolerated", hb_response_tolerated_count(end.response), 0);
    hb_response_free(end.response);
    options = test_options();
    hb_options_set_strict(options, 1);
    hb_options_set_strict(options, 0);
    end = ask_stream(options, TEXT("a\\q") END);
    check_ok("strict can be taken back", end.status, &end.error);
    hb_response_free(end.response);
    check_status("strictness of nothing", hb_options_set_strict(NULL, 1), HB_E_INVALID_ARGUMENT);
}

int main(void) {
    size_t i;
    check_begin();
    for (i = 0; i < sizeof BOUNDS / sizeof *BOUNDS; i++) bound_holds(&BOUNDS[i]);
    body_that_is_no_stream();
    error_body();
    bad_bounds();
    for (i = 0; i < sizeof MISTAKES / sizeof *MISTAKES; i++) {
        mistake_is_counted(&MISTAKES[i]);
        mistake_is_an_error_if_strict(&MISTAKES[i]);
    }
    several_mistakes();
    nothing_wrong();
    return check_end();
}
