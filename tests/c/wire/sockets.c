/*
 * Every byte case of tests/wire through a socket and the C ABI: the body in one write, in 1-byte writes, and in two
 * writes, split at every byte, the second one only after the library has decoded the first.
 */
#include "check.h"

#include "server.h"

enum kind { CHAT, COMPLETION, MODELS };

/* What `expected.json` says; -1 and a text whose bytes are NULL are not compared. */
struct wire_case {
    const char *name;
    struct text body;
    const char *content_type;
    int http_status;
    enum kind kind;
    int expect_choices, strict;
    hb_status status;
    int any_error;
    struct text text, reasoning, finish_reason;
    int tool_calls, choices;
    struct text call[12], choice[8];
    int has_usage;
    int64_t usage[3];
    struct text message, code, type, param;
    int retryable, tolerated;
    struct text oddity[8];
    int models;
    struct text model[8];
};

#include "wire_cases.h"

#define CASES (sizeof cases / sizeof *cases)
#define CHOICES_MOST 8

/* What came out of one call. */
struct outcome {
    hb_status status;
    hb_response *response;
    hb_error *error;
    hb_model_list *models;
    /* The pieces of each choice put together: text, reasoning. */
    struct text pieces[CHOICES_MOST][2];
    uint32_t tool_calls;
    /* Whether the events were as they should be. */
    const char *wrong;
};

static hb_client *clients[2]; /* lenient, strict */

static void append(struct text *whole, const char *bytes, size_t size) {
    char *grown = (char *)realloc((void *)whole->bytes, whole->size + size);
    if (grown == NULL) give_up("no memory");
    memcpy(grown + whole->size, bytes, size);
    whole->bytes = grown;
    whole->size += size;
}

static int32_t on_event(const hb_event *event, void *context) {
    struct outcome *got = (struct outcome *)context;
    if (event->choice >= CHOICES_MOST) {
        got->wrong = "a piece of a choice that is not there";
    } else if (event->kind == HB_EVENT_TEXT || event->kind == HB_EVENT_REASONING) {
        if (event->text_len == 0) got->wrong = "an empty piece";
        append(&got->pieces[event->choice][event->kind == HB_EVENT_REASONING], event->text, event->text_len);
    } else if (event->kind == HB_EVENT_TOOL_CALL) {
        got->tool_calls += 1;
        if (event->id[0] == '\0') got->wrong = "a tool call without an id";
    } else if (event->kind != HB_EVENT_DONE) {
        got->wrong = "an event of another kind";
    }
    return HB_CONTINUE;
}

static void run(const struct wire_case *wire, size_t split, struct outcome *got) {
    hb_client *client = clients[wire->strict];
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    memset(got, 0, sizeof *got);
    /* A case that says "slow down" pauses its key, and the next one has another. */
    hb_client_set_api_key(client, "a key that is in no case", HB_NUL, NULL);
    set_script((struct script){wire->http_status, wire->content_type, wire->body, split});
    if (wire->expect_choices > 1) hb_request_set_n(request, wire->expect_choices);
    if (wire->kind == CHAT) {
        hb_request_add_message(request, "user", "hello", HB_NUL);
        got->status = hb_chat_stream(client, request, on_event, got, &got->response, &got->error);
    } else if (wire->kind == COMPLETION) {
        hb_request_set_prompt(request, "hello", HB_NUL);
        got->status = hb_complete_stream(client, request, on_event, got, &got->response, &got->error);
    } else {
        got->status = hb_models(client, &got->models, &got->error);
    }
    hb_request_free(request);
}

static void forget(struct outcome *got) {
    size_t i;
    for (i = 0; i < CHOICES_MOST; i++) {
        free((void *)got->pieces[i][0].bytes);
        free((void *)got->pieces[i][1].bytes);
    }
    hb_response_free(got->response);
    hb_error_free(got->error);
    hb_model_list_free(got->models);
}

/* ---- Against what is expected ---- */

static const char *case_name;
static int differences;

/* Says what differs. A text is shown up to its first NUL. */
static void expect_text(const char *what, struct text want, const char *got, size_t size) {
    if (want.bytes == NULL || (want.size == size && memcmp(want.bytes, got, size) == 0)) return;
    printf("# %s: %s is \"%s\", not \"%s\"\n", case_name, what, got, want.bytes);
    differences += 1;
}

static void expect_number(const char *what, int64_t want, int64_t got) {
    if (want == got) return;
    printf("# %s: %s is %lld, not %lld\n", case_name, what, (long long)got, (long long)want);
    differences += 1;
}

static void expect_short(const char *what, struct text want, const char *got) {
    expect_text(what, want, got, strlen(got));
}

static void compare_error(const struct wire_case *wire, const struct outcome *got) {
    size_t size;
    const char *message = hb_error_message(got->error, &size);
    if (wire->any_error) {
        int left_open = got->status <= HB_E_AUTHENTICATION && got->status >= HB_E_SERVER;
        expect_number("the status an error of the server's", 1, left_open);
    } else if (got->status != wire->status) {
        printf("# %s: %s, not %s: %s\n", case_name, hb_status_name(got->status), hb_status_name(wire->status),
               message);
        differences += 1;
    }
    expect_number("the error's status", got->status, got->error == NULL ? HB_OK : hb_error_status(got->error));
    expect_text("the message", wire->message, message, size);
    expect_short("the code", wire->code, hb_error_code(got->error));
    expect_short("the type", wire->type, hb_error_type(got->error));
    expect_short("the param", wire->param, hb_error_param(got->error));
    if (wire->retryable >= 0) expect_number("retryable", wire->retryable, hb_error_is_retryable(got->error));
    if (got->error != NULL) expect_number("the HTTP status", wire->http_status, hb_error_http_status(got->error));
}

static void compare_answer(const struct wire_case *wire, const hb_response *response) {
    size_t size;
    int i;
    const char *text = hb_response_text(response, 0, &size);
    expect_text("the text", wire->text, text, size);
    text = hb_response_reasoning(response, 0, &size);
    expect_text("the reasoning", wire->reasoning, text, size);
    expect_short("the finish reason", wire->finish_reason, hb_response_finish_reason(response, 0));
    if (wire->tool_calls >= 0) expect_number("tool calls", wire->tool_calls, hb_response_tool_call_count(response, 0));
    for (i = 0; i < wire->tool_calls; i++) {
        expect_short("a call's id", wire->call[3 * i], hb_response_tool_call_id(response, 0, (uint32_t)i));
        expect_short("a call's name", wire->call[3 * i + 1], hb_response_tool_call_name(response, 0, (uint32_t)i));
        text = hb_response_tool_call_arguments(response, 0, (uint32_t)i, &size);
        expect_text("a call's arguments", wire->call[3 * i + 2], text, size);
    }
    if (wire->choices >= 0) expect_number("choices", wire->choices, hb_response_choice_count(response));
    for (i = 0; i < wire->choices; i++) {
        text = hb_response_text(response, (uint32_t)i, &size);
        expect_text("a choice's text", wire->choice[i], text, size);
    }
    if (wire->has_usage) {
        expect_number("prompt tokens", wire->usage[0], hb_response_prompt_tokens(response));
        expect_number("completion tokens", wire->usage[1], hb_response_completion_tokens(response));
        expect_number("total tokens", wire->usage[2], hb_response_total_tokens(response));
    }
    if (wire->tolerated >= 0) expect_number("mistakes", wire->tolerated, hb_response_tolerated_count(response));
    for (i = 0; i < wire->tolerated; i++) {
        expect_short("a mistake", wire->oddity[i], hb_response_tolerated_name(response, (uint32_t)i));
    }
}

/* The pieces are the answer, or a prefix of it if it is not whole. */
static void compare_pieces(const struct outcome *got) {
    uint32_t count = hb_response_choice_count(got->response), i, calls = 0;
    for (i = 0; i < count && i < CHOICES_MOST; i++) {
        size_t sizes[2];
        const char *texts[2];
        int channel;
        texts[0] = hb_response_text(got->response, i, &sizes[0]);
        texts[1] = hb_response_reasoning(got->response, i, &sizes[1]);
        for (channel = 0; channel < 2; channel++) {
            struct text pieces = got->pieces[i][channel];
            int good = got->status == HB_OK ? pieces.size == sizes[channel] : pieces.size <= sizes[channel];
            if (pieces.size > 0) good = good && memcmp(pieces.bytes, texts[channel], pieces.size) == 0;
            expect_number("the pieces the answer", 1, good);
        }
        calls += hb_response_tool_call_count(got->response, i);
    }
    if (got->status == HB_OK) expect_number("delivered tool calls", calls, got->tool_calls);
}

static int compare(const struct wire_case *wire, const struct outcome *got) {
    uint32_t i;
    case_name = wire->name;
    differences = 0;
    compare_error(wire, got);
    if (wire->kind == MODELS) {
        expect_number("models", wire->models, hb_model_list_count(got->models));
        for (i = 0; i < (uint32_t)wire->models; i++) {
            expect_short("a model", wire->model[i], hb_model_list_id(got->models, i));
        }
    } else {
        compare_answer(wire, got->response);
        compare_pieces(got);
    }
    expect_number("first writes that were not decoded", 0, count_unconsumed(0));
    if (got->wrong != NULL) {
        printf("# %s: %s\n", case_name, got->wrong);
        differences += 1;
    }
    return differences == 0;
}

/* ---- Against the same case in one write ---- */

static int same_text(struct text a, struct text b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static struct text json_of(const struct outcome *got) {
    struct text json;
    json.bytes = hb_response_json(got->response, &json.size);
    return json;
}

static int same(const struct outcome *a, const struct outcome *b) {
    int i, channel, good = a->status == b->status && a->tool_calls == b->tool_calls;
    good = good && strcmp(hb_error_message(a->error, NULL), hb_error_message(b->error, NULL)) == 0;
    good = good && strcmp(hb_error_body(a->error, NULL), hb_error_body(b->error, NULL)) == 0;
    for (i = 0; i < CHOICES_MOST; i++) {
        for (channel = 0; channel < 2; channel++) {
            good = good && same_text(a->pieces[i][channel], b->pieces[i][channel]);
        }
    }
    return good && same_text(json_of(a), json_of(b));
}

/* One more form of a case; whether it came out as it should. */
static int run_form(const struct wire_case *wire, size_t split, const struct outcome *whole) {
    struct outcome got;
    run(wire, split, &got);
    int good = compare(wire, &got);
    if (good && !same(&got, whole)) {
        printf("# %s: not the same as in one write\n", wire->name);
        good = 0;
    }
    forget(&got);
    return good;
}

static void check_form(const char *name, const char *form, int good, size_t split) {
    char line[128];
    snprintf(line, sizeof line, "%s %s", name, form);
    check(good, line, "see above; the last split was after %lu bytes", (unsigned long)split);
}

static void check_case(const struct wire_case *wire) {
    struct outcome whole;
    size_t split;
    int good;
    run(wire, WHOLE, &whole);
    good = compare(wire, &whole);
    check_form(wire->name, "in one write", good, 0);
    if (good) {
        check_form(wire->name, "in 1-byte writes", run_form(wire, BYTEWISE, &whole), 0);
        for (split = 1; good && split < wire->body.size; split++) good = run_form(wire, split, &whole);
        check_form(wire->name, "split at every byte", good, split - 1);
    }
    forget(&whole);
}

int main(void) {
    char url[64];
    size_t i, requests = 0;
    check_begin();
    pthread_t thread = start_server(url);
    for (i = 0; i < 2; i++) {
        hb_options *options = hb_options_new();
        hb_options_set_max_retries(options, 0);
        hb_options_set_base_url(options, url, HB_NUL);
        hb_options_set_strict(options, (int32_t)i);
        hb_options_set_total_timeout_ms(options, PATIENCE_MS);
        clients[i] = client_of(options);
    }
    for (i = 0; i < CASES; i++) {
        check_case(&cases[i]);
        requests += cases[i].body.size + 1;
    }
    printf("# %lu cases, %lu requests\n", (unsigned long)CASES, (unsigned long)requests);
    for (i = 0; i < 2; i++) hb_client_free(clients[i]);
    stop_server(thread);
    return check_end();
}
