/*
 * Every way to send a request gives the same object, and what comes before the end adds up to it.
 */
#include "same.h"

enum { CHOICES = 8, ROOM = 1 << 16 };

/* What came of one request, put together from its events. */
struct collected {
    char text[CHOICES][ROOM];
    size_t size[CHOICES];
    char reasoning[ROOM];
    size_t reasoning_size;
    uint32_t texts, reasonings, tool_calls, dones, others;
    hb_op op;
    uint64_t tag;
    const char *wrong;
    hb_response *response;
};

static void note(struct collected *seen, int good, const char *wrong) {
    if (!good && seen->wrong == NULL) seen->wrong = wrong;
}

/* Checks every field of an event against what its kind uses, and keeps what it says. */
static void collect(struct collected *seen, const hb_event *event) {
    int is_text = event->kind == HB_EVENT_TEXT || event->kind == HB_EVENT_REASONING;
    int is_call = event->kind == HB_EVENT_TOOL_CALL, is_done = event->kind == HB_EVENT_DONE;
    note(seen, event->struct_size == sizeof *event, "struct_size");
    note(seen, event->op != 0 && event->op < (UINT64_C(1) << 53), "op out of range");
    note(seen, seen->op == 0 || seen->op == event->op, "op changed");
    note(seen, event->tag == seen->tag, "tag");
    note(seen, seen->dones == 0, "an event after DONE");
    note(seen, event->text != NULL && event->name != NULL && event->id != NULL, "a text is NULL");
    note(seen, event->text[event->text_len] == '\0', "no NUL behind text");
    note(seen, (event->text_len > 0) == (is_text || is_call), "text of the wrong kind, or empty");
    note(seen, (*event->name != '\0') == is_call && (*event->id != '\0') == is_call, "name or id");
    note(seen, (event->response != NULL) == is_done && event->error == NULL, "response or error");
    note(seen, event->delay_ms == 0 && event->attempt == 0 && event->status == HB_OK, "delay, attempt or status");
    note(seen, is_text || is_call || event->choice == 0, "choice");
    note(seen, is_call || event->tool_call == 0, "tool_call");
    seen->op = event->op;
    if (event->kind == HB_EVENT_TEXT && event->choice < CHOICES) {
        memcpy(seen->text[event->choice] + seen->size[event->choice], event->text, event->text_len);
        seen->size[event->choice] += event->text_len;
        seen->texts += 1;
    } else if (event->kind == HB_EVENT_REASONING) {
        memcpy(seen->reasoning + seen->reasoning_size, event->text, event->text_len);
        seen->reasoning_size += event->text_len;
        seen->reasonings += 1;
    } else if (is_call) {
        seen->tool_calls += 1;
    } else if (is_done) {
        seen->dones += 1;
        seen->response = hb_response_retain(event->response);
    } else {
        seen->others += 1;
    }
}

static int32_t on_event(const hb_event *event, void *context) {
    collect((struct collected *)context, event);
    return event->kind == HB_EVENT_TEXT ? HB_RETURN : HB_CONTINUE;
}

static struct collected *collection(uint64_t tag) {
    struct collected *seen = (struct collected *)memory(sizeof *seen);
    seen->tag = tag;
    return seen;
}

static void forget(struct collected *seen) {
    hb_response_free(seen->response);
    free(seen);
}

/* The pieces are the final text, and the events kept to their rules. */
static void check_collected(const char *how, const struct collected *seen, const hb_response *response) {
    char name[128];
    uint32_t i, whole = 0, choices = hb_response_choice_count(response);
    size_t size;
    snprintf(name, sizeof name, "%s: events keep their rules", how);
    check(seen->wrong == NULL && seen->dones == 1 && seen->others == 0, name, "%s; %u DONE, %u of other kinds",
          seen->wrong == NULL ? "" : seen->wrong, seen->dones, seen->others);
    for (i = 0; i < choices && i < CHOICES; i++) {
        const char *text = hb_response_text(response, i, &size);
        whole += size == seen->size[i] && memcmp(text, seen->text[i], size) == 0;
    }
    snprintf(name, sizeof name, "%s: pieces add up to the text of each choice", how);
    check_number(name, whole, choices);
    const char *reasoning = hb_response_reasoning(response, 0, &size);
    snprintf(name, sizeof name, "%s: pieces add up to the reasoning", how);
    check(size == seen->reasoning_size && memcmp(reasoning, seen->reasoning, size) == 0, name, "%s", reasoning);
}

typedef hb_status (*whole_fn)(hb_client *, const hb_request *, hb_response **, hb_error **);
typedef hb_status (*stream_fn)(hb_client *, const hb_request *, hb_event_fn, void *, hb_response **, hb_error **);

static hb_response *whole(const char *what, whole_fn call, hb_client *client, const hb_request *request) {
    char name[128];
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_status status = call(client, request, &response, &error);
    snprintf(name, sizeof name, "%s: blocking", what);
    check_ok(name, status, &error);
    return response;
}

static hb_response *streamed(const char *what, stream_fn call, hb_client *client, const hb_request *request,
                             struct collected *seen) {
    char name[128];
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_status status = call(client, request, on_event, seen, &response, &error);
    snprintf(name, sizeof name, "%s: streamed", what);
    check_ok(name, status, &error);
    check(seen->response == response, name, "the call's response is not that of DONE");
    check_collected(name, seen, response);
    return response;
}

static hb_response *asynchronous(const char *what, hb_client *client, const hb_request *request,
                                 struct collected *seen) {
    char name[128];
    hb_queue *queue = test_queue();
    hb_error *error = NULL;
    hb_op op = 0;
    const hb_event *event = NULL;
    hb_status status = hb_start(client, request, queue, seen->tag, &op, &error);
    snprintf(name, sizeof name, "%s: asynchronous", what);
    check_ok(name, status, &error);
    while (seen->dones == 0 && (event = next_event(queue)) != NULL) {
        collect(seen, event);
        hb_event_free(event);
    }
    check(seen->op == op, name, "hb_start gave another op than the events");
    check_collected(name, seen, seen->response);
    check_status("after DONE nothing waits", hb_queue_next(queue, 0, &event), HB_TIMEOUT);
    hb_queue_free(queue);
    return seen->response;
}

/* What every answer of the simulator has. */
static void check_whole(const char *what, const hb_response *response, const char *object, uint32_t choices) {
    char name[128];
    uint32_t i;
    int64_t prompt = hb_response_prompt_tokens(response), completion = hb_response_completion_tokens(response);
    snprintf(name, sizeof name, "%s: the response is complete", what);
    check_status(name, hb_response_status(response), HB_OK);
    check_text(name, hb_response_object(response), object);
    check_number(name, hb_response_choice_count(response), choices);
    check(*hb_response_id(response) != '\0' && *hb_response_request_id(response) != '\0', name, "an id is missing");
    check(hb_response_created(response) > 1700000000, name, "created");
    check(prompt > 0 && completion > 0 && hb_response_total_tokens(response) == prompt + completion, name, "usage");
    check_number(name, hb_response_attempts(response), 1);
    check(hb_response_first_token_ms(response) >= 0, name, "no time to the first token");
    check(hb_response_total_ms(response) >= hb_response_first_token_ms(response), name, "times");
    for (i = 0; i < choices; i++) {
        check(*hb_response_text(response, i, NULL) != '\0', name, "choice %u is empty", i);
        check(*hb_response_finish_reason(response, i) != '\0', name, "choice %u did not finish", i);
    }
}

/* One request sent in every way, with streams underneath and without. Takes the request. */
static void every_way(const char *what, whole_fn call, stream_fn stream, hb_request *request, uint32_t choices) {
    char name[128];
    hb_client *client = test_client(NULL);
    hb_options *options = test_options();
    hb_options_set_streaming(options, 0);
    hb_client *unstreamed = client_of(options);
    struct collected *in_stream = collection(0), *in_queue = collection(UINT64_MAX), *at_once = collection(0);

    hb_response *blocking = whole(what, call, client, request);
    hb_response *by_stream = streamed(what, stream, client, request, in_stream);
    hb_response *by_queue = asynchronous(what, client, request, in_queue);
    hb_response *plain = whole(what, call, unstreamed, request);
    char *last = last_request();
    snprintf(name, sizeof name, "%s unstreamed: the request asks for no stream", what);
    check_lacks(name, last, "\"stream\"");
    free(last);
    hb_response *plain_stream = streamed(what, stream, unstreamed, request, at_once);

    check_whole(what, blocking, call == hb_chat ? "chat.completion" : "text_completion", choices);
    snprintf(name, sizeof name, "%s: blocking and streamed are the same", what);
    check_same(name, blocking, by_stream);
    check_same_json(name, blocking, by_stream);
    snprintf(name, sizeof name, "%s: blocking and asynchronous are the same", what);
    check_same(name, blocking, by_queue);
    check_same_json(name, blocking, by_queue);
    snprintf(name, sizeof name, "%s: streamed and whole are the same", what);
    check_same(name, blocking, plain);
    snprintf(name, sizeof name, "%s: unstreamed, blocking and with a callback are the same", what);
    check_same(name, plain, plain_stream);
    check_same_json(name, plain, plain_stream);
    snprintf(name, sizeof name, "%s unstreamed: one piece a choice", what);
    check_number(name, at_once->texts, choices);

    hb_response_free(blocking);
    hb_response_free(by_stream);
    hb_response_free(plain);
    hb_response_free(plain_stream);
    forget(in_stream);
    forget(in_queue);
    forget(at_once);
    hb_request_free(request);
    hb_client_free(client);
    hb_client_free(unstreamed);
}

static hb_request *base_request(const char *prompt) {
    hb_request *request = hb_request_new(BASE_MODEL, HB_NUL);
    if (prompt != NULL) hb_request_set_prompt(request, prompt, HB_NUL);
    hb_request_set_max_tokens(request, 24);
    return request;
}

static void chats(void) {
    hb_request *request = test_chat("Why is the sky blue?");
    every_way("chat", hb_chat, hb_chat_stream, request, 1);
    request = test_chat("And why is it dark at night?");
    hb_request_set_n(request, 3);
    hb_request_set_top_logprobs(request, 2);
    every_way("three choices", hb_chat, hb_chat_stream, request, 3);
    request = test_chat("Please stop");
    hb_request_add_stop(request, "simulator", HB_NUL);
    every_way("stopped", hb_chat, hb_chat_stream, request, 1);
}

static void completions(void) {
    static const int64_t TOKENS[] = {1, 15043, 3186};
    hb_request *request = base_request("Once upon a time");
    every_way("completion", hb_complete, hb_complete_stream, request, 1);
    request = base_request("Once");
    hb_request_add_prompt(request, "Twice", HB_NUL);
    hb_request_set_n(request, 2);
    every_way("two prompts, two choices each", hb_complete, hb_complete_stream, request, 4);
    request = base_request(NULL);
    hb_request_set_prompt_tokens(request, TOKENS, 3);
    hb_request_set_echo(request, 1);
    hb_request_set_logprobs(request, 1);
    every_way("tokens", hb_complete, hb_complete_stream, request, 1);
}

/* The best of several is known only when all are whole, so it cannot be streamed. */
static void best_of(void) {
    hb_client *client = test_client(NULL);
    hb_request *request = base_request("Once upon a time");
    struct collected *seen = collection(0);
    hb_request_set_best_of(request, 2);
    hb_response *response = streamed("best of two", hb_complete_stream, client, request, seen);
    char *last = last_request();
    check_lacks("best of two: asks for no stream", last, "\"stream\"");
    check(json_has(last, "\"best_of\":2"), "best of two: asks for it", "%s", last);
    check_number("best of two: one piece", seen->texts, 1);
    free(last);
    hb_response_free(response);
    forget(seen);
    hb_request_free(request);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    chats();
    completions();
    best_of();
    return check_end();
}
