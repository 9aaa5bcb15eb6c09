/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * Over TLS and HTTP/2: the same answers, the same failures, the same cancels. All that the other programs do goes
 * over plain HTTP/1.1.
 */
#include "same.h"
#include "silence.h"

/* Four pieces, and then nothing more. */
#define STALLS "stall-after=5"

/* What this simulator counts and saw: its control routes speak TLS too. To be freed. */
static char *secure_control(const char *path) {
    char command[1024];
    snprintf(command, sizeof command, "curl --silent --cacert '%s' '%s%s'", setting("HB_TEST_CA"),
             setting("HB_TEST_TLS_URL"), path);
    FILE *curl = popen(command, "r");
    if (curl == NULL) give_up("no curl");
    char *answer = read_all(fileno(curl));
    if (pclose(curl) != 0) give_up("curl failed");
    return answer;
}

static long wait_for_secure_count(const char *name, long least) {
    char path[128];
    snprintf(path, sizeof path, "/simulator/wait?%s=%ld&timeout-ms=%d", name, least, PATIENCE_MS);
    char *stats = secure_control(path);
    long value = counted(stats, name);
    free(stats);
    return value;
}

struct seen {
    int stop;
    char text[1 << 14];
    size_t size;
    uint32_t after, dones;
};

static int32_t on_event(const hb_event *event, void *context) {
    struct seen *seen = (struct seen *)context;
    seen->dones += event->kind == HB_EVENT_DONE;
    if (event->kind != HB_EVENT_TEXT) return HB_CONTINUE;
    seen->after += seen->stop && seen->size > 0;
    if (seen->size + event->text_len < sizeof seen->text) {
        memcpy(seen->text + seen->size, event->text, event->text_len);
        seen->size += event->text_len;
    }
    return seen->stop ? HB_STOP : HB_CONTINUE;
}

static hb_options *with_fault(const char *script) {
    hb_options *options = tls_options();
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return options;
}

static void the_same_answer(void) {
    hb_client *plain = test_client(NULL), *secure = client_of(tls_options());
    hb_request *request = test_chat("Over HTTP/2");
    hb_response *over_http = NULL, *over_h2 = NULL;
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    check_ok("over plain HTTP", hb_chat(plain, request, &over_http, &error), &error);
    check_ok("over TLS", hb_chat(secure, request, &over_h2, &error), &error);
    check_same("the answer is the same", over_http, over_h2);
    check_same_json("and its JSON", over_http, over_h2);
    char *last = secure_control("/simulator/last");
    check(json_has(last, "\"version\":\"HTTP/2.0\""), "it came over HTTP/2", "%s", last);
    free(last);
    check_ok("the models too", hb_models(secure, &models, &error), &error);
    check_number("all of them", hb_model_list_count(models), 22);
    hb_model_list_free(models);
    hb_response_free(over_http);
    hb_response_free(over_h2);
    hb_request_free(request);
    hb_client_free(plain);
    hb_client_free(secure);
}

/* One chat that fails with `status`; one check, and the text that had arrived is a beginning of the whole one. */
static void check_failure(const char *name, hb_options *options, hb_status status, int32_t http_status,
                          const char *says) {
    struct seen seen;
    hb_client *client = client_of(options);
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    hb_error *error = NULL;
    size_t size = 0;
    memset(&seen, 0, sizeof seen);
    hb_status got = hb_chat_stream(client, request, on_event, &seen, &response, &error);
    const char *message = hb_error_message(error, NULL), *text = hb_response_text(response, 0, &size);
    /* The next attempt would be shown the same certificate. */
    int retryable = strstr(message, "certificate") == NULL;
    check(got == status && hb_error_http_status(error) == http_status && *message != '\0'
              && strstr(message, says) != NULL && hb_error_is_retryable(error) == retryable && seen.dones == 1,
          name, "%s, HTTP %d, \"%s\", retryable %d, %u DONE", hb_status_name(got), (int)hb_error_http_status(error),
          message, (int)hb_error_is_retryable(error), seen.dones);
    check(size <= 14 && strncmp("This is canned", text, size) == 0 && strcmp(text, seen.text) == 0, name,
          "\"%s\" had arrived, \"%s\" was delivered", text, seen.text);
    check_lacks("without the key", message, setting("HB_TEST_KEY"));
    hb_response_free(response);
    hb_error_free(error);
    hb_request_free(request);
    hb_client_free(client);
}

static hb_options *with_url(const char *url) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, url, HB_NUL);
    return options;
}

static void failures(void) {
    char url[64];
    check_failure("a certificate that nobody vouches for", with_url(setting("HB_TEST_TLS_URL")), HB_E_CONNECT, 0,
                  "ertificate");
    snprintf(url, sizeof url, "https://127.0.0.1:%d", port_of(setting("HB_TEST_URL")));
    check_failure("TLS to a server without it", with_url(url), HB_E_CONNECT, 0, "");
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port_of(setting("HB_TEST_TLS_URL")));
    check_failure("no TLS to a server with it", with_url(url), HB_E_CONNECT, 0, "");
    check_failure("a reset before an answer began", with_fault("reset-head"), HB_E_CONNECT, 0, "");
    check_failure("an answer that is cut", with_fault("cut-after=4"), HB_E_TRUNCATED, 200, "");
    check_failure("a stream that is closed", with_fault("close-after=4"), HB_E_TRUNCATED, 200, "");
    check_failure("a connection that is reset", with_fault("reset-after=4"), HB_E_TRUNCATED, 200, "");
    check_failure("an error", with_fault("status=503"), HB_E_SERVER, 503, "503");
}

/* The stream is reset, and its connection serves the next request. */
static void cancels(void) {
    enum { TIMES = 3 };
    hb_client *client = client_of(with_fault(STALLS ",times=3"));
    hb_request *request = test_chat("x");
    int i;
    long closes = wait_for_secure_count("closes", 0), connections = wait_for_secure_count("connections", 0);
    for (i = 0; i < TIMES; i++) {
        struct seen seen;
        hb_response *response = NULL;
        memset(&seen, 0, sizeof seen);
        seen.stop = 1;
        check_status("HB_STOP", hb_chat_stream(client, request, on_event, &seen, &response, NULL), HB_E_CANCELLED);
        check(seen.after == 0 && seen.dones == 1, "then comes DONE alone", "%u pieces, %u DONE", seen.after, seen.dones);
        check(strncmp(hb_response_text(response, 0, NULL), seen.text, seen.size) == 0, "with what had arrived", "not");
        check_number("the server sees the stream reset", wait_for_secure_count("closes", closes + i + 1),
                     closes + i + 1);
        hb_response_free(response);
    }
    check_status("the next request", chat_once(client), HB_OK);
    check_number("all went over one connection", wait_for_secure_count("connections", 0), connections + 1);
    hb_request_free(request);
    hb_client_free(client);
}

/* Many streams share one connection; their client's close resets them all. */
static void side_by_side(void) {
    enum { MANY = 20 };
    hb_client *client = client_of(with_fault(STALLS));
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    const hb_event *event = NULL;
    long closes = wait_for_secure_count("closes", 0);
    int i, cancelled = 0;
    for (i = 0; i < MANY; i++) hb_start(client, request, queue, 0, NULL, NULL);
    check_number("streams side by side", wait_for_secure_count("in_flight", MANY), MANY);
    hb_client_close(client);
    for (i = 0; i < MANY; i++) {
        event = next_of_kind(queue, HB_EVENT_DONE);
        cancelled += event != NULL && event->status == HB_E_CANCELLED;
        hb_event_free(event);
    }
    check_number("hb_client_close ends them", cancelled, MANY);
    check_number("which the server sees", wait_for_secure_count("closes", closes + MANY), closes + MANY);
    hb_queue_free(queue);
    hb_request_free(request);
    hb_client_free(client);
}

/* A body that no socket buffer holds, and a server that resets after the first bytes of it. */
static int reset_uploads(void) {
    enum { SIZE = 2 << 20, TIMES = 5 };
    char *text = (char *)memory(SIZE);
    hb_client *client = client_of(with_fault("reset-upload"));
    hb_request *request = hb_request_new(MODEL, HB_NUL);
    int i, failed = 0;
    memset(text, 'x', SIZE);
    hb_request_add_message(request, "user", text, SIZE);
    free(text);
    for (i = 0; i < TIMES; i++) failed += hb_chat(client, request, NULL, NULL) == HB_E_CONNECT;
    hb_request_free(request);
    hb_client_free(client);
    return failed;
}

static int untrusted(void) {
    hb_client *client = client_of(with_url(setting("HB_TEST_TLS_URL")));
    int failed = chat_once(client) == HB_E_CONNECT;
    hb_client_free(client);
    return failed;
}

int main(void) {
    check_begin();
    the_same_answer();
    failures();
    cancels();
    side_by_side();
    IN_SILENCE("resets of an upload", 5, reset_uploads());
    IN_SILENCE("no trust", 1, untrusted());
    return check_end();
}
