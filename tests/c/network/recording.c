/*
 * A recording gives again what a server gave: answers, errors, retries, broken connections. What is in its file, and
 * what must not be.
 */
#include "recording.h"

/* One request: what the server does with it, and what is particular about it. */
struct row {
    const char *name, *script;
    hb_status status;
    uint32_t retries;
    /* A member of the body, or NULL. */
    const char *key, *json;
    /* 0 is the client's own. */
    uint32_t first_token_ms, idle_ms;
};

/* A server that wants a request sent again, at once. */
#define AT_ONCE ",header=retry-after-ms:1"

static const struct row ROWS[] = {
    {"a stream", "", HB_OK, 0, NULL, NULL, 0, 0},
    {"two choices with log-probabilities", "", HB_OK, 0, "n", "2", 0, 0},
    {"a tool call", "", HB_OK, 0, "tools",
     "[{\"type\":\"function\",\"function\":{\"name\":\"tool\",\"parameters\":{\"type\":\"object\",\"properties\":"
     "{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}}}]", 0, 0},
    {"thinking", "think=reasoning_content", HB_OK, 0, NULL, NULL, 0, 0},
    {"a stream in gzip", "gzip", HB_OK, 0, NULL, NULL, 0, 0},
    {"byte by byte", "words=4,bytewise", HB_OK, 0, NULL, NULL, 0, 0},
    {"no UTF-8", "content-type=application/json,body={\"choices\":[{\"message\":{\"content\":\"a%FFb\"}}]}", HB_OK, 0,
     NULL, NULL, 0, 0},
    {"an error", "status=400", HB_E_BAD_REQUEST, 0, NULL, NULL, 0, 0},
    {"an error of another shape", "status=404,openai-errors,header=x-request-id:req-7", HB_E_BAD_REQUEST, 0, NULL, NULL,
     0, 0},
    {"too many requests", "status=429,header=retry-after-ms:7", HB_E_RATE_LIMITED, 0, NULL, NULL, 0, 0},
    {"500, then an answer", "times=1,status=500" AT_ONCE, HB_OK, 2, NULL, NULL, 0, 0},
    {"500, then 503, then 429", "times=1,status=500" AT_ONCE ";times=1,status=503" AT_ONCE ";times=1,status=429" AT_ONCE,
     HB_E_RATE_LIMITED, 2, NULL, NULL, 0, 0},
    {"a server that says no", "status=500,header=x-should-retry:false", HB_E_SERVER, 2, NULL, NULL, 0, 0},
    {"a redirect", "status=307,header=location:https://elsewhere.example/v1", HB_E_BAD_RESPONSE, 0, NULL, NULL, 0, 0},
    {"no API", "content-type=text/html,body=<html>welcome</html>", HB_E_BAD_RESPONSE, 0, NULL, NULL, 0, 0},
    {"an end too early", "cut-after=4", HB_E_TRUNCATED, 0, NULL, NULL, 0, 0},
    {"a connection that breaks", "close-after=4", HB_E_TRUNCATED, 0, NULL, NULL, 0, 0},
    {"half of a gzip stream", "gzip,cut-after=400b", HB_E_TRUNCATED, 0, NULL, NULL, 0, 0},
    {"no gzip, though it says so", "content-type=application/json,header=content-encoding:gzip,body=this is no gzip",
     HB_E_BAD_RESPONSE, 0, NULL, NULL, 0, 0},
    {"another compression", "header=content-encoding:br", HB_E_BAD_RESPONSE, 0, NULL, NULL, 0, 0},
    {"a server that stalls", "stall", HB_E_DEADLINE, 0, NULL, NULL, 300, 0},
    {"an answer that stalls", "stall-after=4", HB_E_DEADLINE, 0, NULL, NULL, 0, 500},
};
enum { COUNT = sizeof ROWS / sizeof *ROWS };

static hb_request *request_of(const struct row *row) {
    char text[128];
    snprintf(text, sizeof text, "Use the tool for %s", row->name);
    hb_request *request = test_chat(text);
    hb_request_set_max_retries(request, row->retries);
    if (row->key != NULL) hb_request_set_json(request, row->key, row->json, HB_NUL);
    if (row->key != NULL && strcmp(row->key, "tools") == 0) {
        hb_request_set_json(request, "tool_choice", "\"required\"", HB_NUL);
    }
    if (row->key != NULL && strcmp(row->key, "n") == 0) hb_request_set_json(request, "logprobs", "true", HB_NUL);
    if (row->first_token_ms != 0) hb_request_set_first_token_timeout_ms(request, row->first_token_ms);
    if (row->idle_ms != 0) hb_request_set_idle_timeout_ms(request, row->idle_ms);
    return request;
}

static void run(struct outcome *outcome, hb_client *client, const struct row *row) {
    hb_request *request = request_of(row);
    memset(outcome, 0, sizeof *outcome);
    outcome_of(outcome, client, request);
    hb_request_free(request);
}

/* Each comes again as it was, whatever the order in which they are asked for. */
static void the_same_again(void) {
    struct outcome *live = (struct outcome *)memory(COUNT * sizeof *live), replayed;
    struct recording file = recording_named("recording");
    hb_client *client = client_of(recording_options(&file));
    int i, late = 0;
    control_only("POST", "/simulator/reset", "");
    for (i = 0; i < COUNT; i++) {
        faults(ROWS[i].script);
        run(&live[i], client, &ROWS[i]);
        late += exchanges_in(&file) != hb_client_count(client, HB_COUNT_ATTEMPTS);
        check(live[i].status == ROWS[i].status, ROWS[i].name, "%s: \"%s\"", hb_status_name(live[i].status),
              hb_error_message(live[i].error, NULL));
    }
    faults("");
    check_counts("while it is recorded, both sides count the same", client);
    int64_t attempts = hb_client_count(client, HB_COUNT_ATTEMPTS), spent = hb_client_count(client, HB_COUNT_SPENT_NANOUSD);
    long requests = count_of("requests"), connections = count_of("connections");
    hb_client_free(client);
    check_number("each attempt is a line before DONE comes; too late", late, 0);

    client = replay_client(&file);
    for (i = COUNT - 1; i >= 0; i--) {
        char name[128];
        snprintf(name, sizeof name, "%s, replayed", ROWS[i].name);
        run(&replayed, client, &ROWS[i]);
        check_same_outcome(name, &live[i], &replayed);
        outcome_free(&replayed);
        outcome_free(&live[i]);
    }
    check_number("as many attempts", hb_client_count(client, HB_COUNT_ATTEMPTS), attempts);
    check_number("which cost the same", hb_client_count(client, HB_COUNT_SPENT_NANOUSD), spent);
    check_number("without a connection", hb_client_count(client, HB_COUNT_CONNECTIONS), 0);
    check_number("the server was not asked", count_of("requests"), requests);
    check_number("and not connected to", count_of("connections"), connections);
    hb_client_free(client);
    free(live);
}

/* Every call can be recorded: what each says is printed behind the other. Frees the client. */
static char *every_call(hb_client *client) {
    hb_request *chat = test_chat("hello"), *completion = hb_request_new(BASE_MODEL, HB_NUL);
    hb_response *first = NULL, *second = NULL;
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    enum { ROOM = 1 << 14 };
    char *said = (char *)memory(ROOM);
    hb_request_set_prompt(completion, "Once", HB_NUL);
    check_ok("hb_chat", hb_chat(client, chat, &first, &error), &error);
    check_ok("hb_complete", hb_complete(client, completion, &second, &error), &error);
    check_ok("hb_models", hb_models(client, &models, &error), &error);
    snprintf(said, ROOM, "%s\n%s\n%u models, %s", hb_response_json(first, NULL), hb_response_json(second, NULL),
             (unsigned)hb_model_list_count(models), hb_model_list_id(models, 7));
    check_number("hb_client_warm_up", hb_client_warm_up(client, NULL), HB_OK);
    hb_response_free(first);
    hb_response_free(second);
    hb_model_list_free(models);
    hb_request_free(chat);
    hb_request_free(completion);
    hb_client_free(client);
    return said;
}

/* Whole answers come in gzip, which was asked for; a server without stream_options is asked twice. */
static void other_ways(void) {
    static const struct {
        const char *name, *script;
        int32_t streaming;
    } WAYS[] = {{"as streams", "", 1}, {"whole, in gzip", "gzip", 0}, {"without stream_options", "refuse-stream-options=422", 1}};
    size_t i;
    for (i = 0; i < sizeof WAYS / sizeof *WAYS; i++) {
        struct recording file = recording_named("recording-ways");
        hb_options *options = recording_options(&file);
        hb_options_set_streaming(options, WAYS[i].streaming);
        faults(WAYS[i].script);
        char *live = every_call(client_of(options));
        faults("");
        long requests = count_of("requests");
        options = replay_options(&file, HB_REPLAY_TIMED);
        hb_options_set_streaming(options, WAYS[i].streaming);
        char *replayed = every_call(client_of(options));
        check_text(WAYS[i].name, replayed, live);
        check_number("by itself", count_of("requests"), requests);
        free(live);
        free(replayed);
    }
}

/* No connection at all is something that can be recorded too. */
static void no_connection(void) {
    struct recording file = recording_named("recording-nowhere");
    struct outcome live, replayed;
    hb_options *options = recording_options(&file);
    hb_options_set_base_url(options, NOWHERE, HB_NUL);
    hb_client *client = client_of(options);
    ask(&live, client, "hello");
    check_outcome("no connection", &live, HB_E_CONNECT, 0, 1, "refused");
    hb_client_free(client);
    /* A path without a NUL behind it: as long as its length says. */
    char path[sizeof file.path + 4];
    snprintf(path, sizeof path, "%s!!!", file.path);
    options = test_options();
    hb_options_set_replay(options, path, strlen(file.path), HB_REPLAY_TIMED);
    client = client_of(options);
    long requests = count_of("requests");
    ask(&replayed, client, "hello");
    check_same_outcome("no connection, replayed", &live, &replayed);
    check_number("though there is a server", count_of("requests"), requests);
    hb_client_free(client);
    outcome_free(&live);
    outcome_free(&replayed);
}

/* A kept connection turns out to be dead, and the request goes again, though it is not to be sent again. */
static void a_dead_connection(void) {
    enum { TRIES = 20 };
    struct recording file = recording_named("recording-dead");
    struct outcome live, replayed;
    int64_t replays = 0;
    int tries;
    memset(&live, 0, sizeof live);
    for (tries = 0; tries < TRIES && replays == 0; tries++) {
        outcome_free(&live);
        hb_client *client = client_of(recording_options(&file));
        faults("");
        chat_once(client);
        faults("times=1,reset-head");
        ask(&live, client, "again");
        replays = hb_client_count(client, HB_COUNT_REPLAYS);
        hb_client_free(client);
    }
    faults("");
    check_number("a request goes again", replays, 1);
    check_outcome("and is answered", &live, HB_OK, 0, 2, "");
    hb_client *client = replay_client(&file);
    ask(&replayed, client, "again");
    check_same_outcome("a dead connection, replayed", &live, &replayed);
    check_number("counts as one", hb_client_count(client, HB_COUNT_REPLAYS), 1);
    outcome_free(&live);
    outcome_free(&replayed);
    hb_client_free(client);
}

/* What a server echoes, and what is sent with the request, is in the file without the key, and without any header. */
static void secrets(void) {
    static const char *const HEADER = "of-a-tenant-4711";
    const char *key = setting("HB_TEST_KEY");
    struct recording file = recording_named("recording-secrets");
    struct outcome live, replayed;
    char script[1024], prompt[128];
    hb_options *options = recording_options(&file);
    hb_options_set_header(options, "x-tenant", HEADER, HB_NUL);
    hb_options_set_user_agent(options, HEADER, HB_NUL);
    hb_client *client = client_of(options);
    snprintf(prompt, sizeof prompt, "The key is %s", key);
    snprintf(script, sizeof script,
             "status=401,header=x-request-id:%s,header=location:/?k=%s,body={\"error\":{\"message\":\"%s\"}}", key, key,
             key);
    faults(script);
    ask(&live, client, prompt);
    faults("bytewise,words=20");
    ask(&replayed, client, prompt);
    check_status("a prompt with the key", replayed.status, HB_OK);
    check_has("is answered with it", replayed.text, key);
    outcome_free(&replayed);
    faults("");
    hb_client_free(client);
    char *text = recorded(&file);
    check(strstr(text, key) == NULL, "the key is not in the file", "it is");
    check_has("but its mark is", text, "[key]");
    check_lacks("no header of the caller's is in it", text, HEADER);
    check_has("the prompt is", text, "The key is");
    free(text);

    /* Whoever has another key asks the same. */
    options = replay_options(&file, HB_REPLAY_AT_ONCE);
    hb_options_set_api_key(options, "sk-another", HB_NUL);
    client = client_of(options);
    ask(&replayed, client, "The key is sk-another");
    check_same_outcome("the same with another key", &live, &replayed);
    outcome_free(&live);
    outcome_free(&replayed);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    the_same_again();
    other_ways();
    no_connection();
    a_dead_connection();
    secrets();
    return check_end();
}
