/* What the program that null_test.py makes has beside its tests: verdicts, and a valid object of each type. The script
 * puts it at the head of the program. */
#define _POSIX_C_SOURCE 200809L
#include <hyperbolic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MODEL "meta-llama/Llama-3.3-70B-Instruct"
#define CERTIFICATE_ROOM 65536
static const int64_t TOKENS[] = {1, 2, 3};

static char garbage;           /* what out-parameters point to before a call */
static const char *check_name; /* what is being checked; a signal handler reads it */
static const char *why;        /* the first thing that was wrong about it */
static int check_count, failed_count;

static void begin(const char *name) {
    check_name = name;
    why = NULL;
}

static void expect(int good, const char *otherwise) {
    if (!good && why == NULL) why = otherwise;
}

static void end(void) {
    check_count += 1;
    failed_count += why != NULL;
    if (why == NULL) printf("ok %s\n", check_name);
    else printf("not ok %s: %s\n", check_name, why);
}

static void say(const char *text) {
    if (write(STDOUT_FILENO, text, strlen(text)) < 0) _exit(2);
}

static void on_signal(int number) {
    say("not ok ");
    say(check_name);
    say(number == SIGALRM ? ": does not return\n" : ": died of a signal\n");
    _exit(1);
}

static void give_up(const char *what) {
    printf("not ok surroundings: %s\n", what);
    exit(1);
}

static inline const char *setting(const char *name) {
    const char *value = getenv(name);
    if (value == NULL) give_up(name);
    return value;
}

static inline const char *certificate(void) {
    static char pem[CERTIFICATE_ROOM];
    FILE *file = fopen(setting("HB_TEST_CA"), "rb");
    if (file == NULL) give_up("HB_TEST_CA cannot be read");
    pem[fread(pem, 1, sizeof pem - 1, file)] = '\0';
    fclose(file);
    return pem;
}

static inline int32_t HB_CALL go_on(const hb_event *event, void *context) {
    (void)event;
    (void)context;
    return HB_CONTINUE;
}

static inline hb_options *make_options(void) {
    hb_options *options = hb_options_new();
    hb_options_set_base_url(options, setting("HB_TEST_URL"), HB_NUL);
    hb_options_set_api_key(options, setting("HB_TEST_KEY"), HB_NUL);
    return options;
}

static inline hb_client *make_client(void) {
    hb_client *client = NULL;
    hb_options *options = make_options();
    if (hb_client_new(options, &client, NULL) != HB_OK) give_up("no client");
    hb_options_free(options);
    return client;
}

static inline hb_request *make_chat(void) {
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    hb_request_add_message(request, "user", "hello", HB_NUL);
    return request;
}

static inline hb_request *make_completion(void) {
    hb_request *request = hb_request_new("meta-llama/Meta-Llama-3.1-405B", HB_NUL);
    hb_request_set_prompt(request, "hello", HB_NUL);
    return request;
}

static inline hb_response *make_response(void) {
    hb_response *response = NULL;
    hb_client *client = make_client();
    hb_request *request = make_chat();
    if (hb_chat(client, request, &response, NULL) != HB_OK) give_up("no response");
    hb_request_free(request);
    hb_client_free(client);
    return response;
}

static inline hb_error *make_error(void) {
    hb_error *error = NULL;
    hb_request *request = hb_request_new("", 0);
    if (hb_request_check(request, &error) == HB_OK) give_up("no error");
    hb_request_free(request);
    return error;
}

static inline hb_log *make_log(void) {
    hb_client *client = NULL;
    hb_options *options = make_options();
    hb_request *request = make_chat();
    hb_options_set_log_level(options, HB_LOG_INFO);
    if (hb_client_new(options, &client, NULL) != HB_OK) give_up("no client");
    if (hb_chat(client, request, NULL, NULL) != HB_OK) give_up("no answer");
    hb_log *log = hb_client_take_log(client);
    if (log == NULL) give_up("no log");
    hb_request_free(request);
    hb_client_free(client);
    hb_options_free(options);
    return log;
}

static inline void HB_CALL wake_up(void *context) {
    (void)context;
}

static inline hb_text *make_text(void) {
    hb_text *text = NULL;
    if (hb_json_close("[\"made\"]", HB_NUL, &text, NULL) != HB_OK) give_up("no text");
    return text;
}

/* Two exchanges, of which only the second has less than 100 tokens; the user's message is the last. */
static inline hb_conversation *make_conversation(void) {
    char words[1000];
    hb_conversation *conversation = hb_conversation_new();
    for (size_t i = 0; i < sizeof words; i++) words[i] = i % 2 == 0 ? 'x' : ' ';
    hb_conversation_add_message(conversation, "user", words, sizeof words, NULL);
    if (hb_conversation_add_message(conversation, "user", "hello", HB_NUL, NULL) != HB_OK) give_up("no conversation");
    return conversation;
}

/* One whose tool calls, of the same id, wait for their results. */
static inline hb_conversation *make_conversation_with_call(void) {
    hb_conversation *conversation = NULL;
    if (hb_conversation_load("{\"hyperbolic_conversation\":1,\"messages\":[{\"role\":\"assistant\",\"tool_calls\":["
                             "{\"id\":\"call\",\"name\":\"a\"},{\"id\":\"call\",\"name\":\"a\"}]}]}",
                             HB_NUL, &conversation, NULL) != HB_OK) {
        give_up("no conversation");
    }
    return conversation;
}

static inline hb_usage *make_usage(void) {
    hb_client *client = make_client();
    hb_request *request = make_chat();
    hb_usage *usage = NULL;
    if (hb_chat(client, request, NULL, NULL) != HB_OK) give_up("no answer");
    if (hb_client_usage(client, &usage, NULL) != HB_OK) give_up("no usage");
    hb_request_free(request);
    hb_client_free(client);
    return usage;
}

static inline hb_queue *make_queue(void) {
    hb_queue *queue = NULL;
    if (hb_queue_new(&queue, NULL) != HB_OK) give_up("no queue");
    return queue;
}

/* The end of its request waits there, because its client is gone. */
static inline hb_queue *make_queue_with_event(void) {
    hb_queue *queue = make_queue();
    hb_client *client = make_client();
    hb_request *request = make_chat();
    hb_op op = 0;
    if (hb_start(client, request, queue, 0, &op, NULL) != HB_OK) give_up("nothing started");
    hb_request_free(request);
    hb_client_free(client);
    return queue;
}

static inline int reported_by_client_new(const hb_options *options) {
    hb_client *client = NULL;
    hb_status status = hb_client_new(options, &client, NULL);
    hb_client_free(client);
    return status == HB_E_INVALID_ARGUMENT;
}

static inline int reported_by_check(const hb_request *request) {
    return hb_request_check(request, NULL) == HB_E_INVALID_ARGUMENT;
}

static inline void expect_error(const hb_error *error, const char *parameter) {
    expect(error != NULL && (const void *)error != &garbage, "*error was not written");
    if (why != NULL) return;
    expect(hb_error_status(error) == HB_E_INVALID_ARGUMENT, "the error has another status than the call");
    expect(strstr(hb_error_message(error, NULL), parameter) != NULL, "the error's message does not name it");
}
