/* not-under: valgrind (which finds the resolver's state of threads that are still there lost; it is the C library's) */
/*
 * Names of servers: one that exists, one that does not, a lookup that nobody waits for any more, and names that are
 * reached without the proxy.
 */
#include "check.h"

static hb_client *client_to(const char *url) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, url, HB_NUL);
    /* Resolvers that nobody answers take longer than the default. */
    hb_options_set_connect_timeout_ms(options, 0);
    return client_of(options);
}

static void found(void) {
    char url[64];
    snprintf(url, sizeof url, "http://localhost:%d", port_of(setting("HB_TEST_URL")));
    hb_client *client = client_to(url);
    check_status("a name that exists", chat_once(client), HB_OK);
    hb_client_free(client);
}

static void not_found(void) {
    hb_client *client = client_to("https://host.invalid");
    hb_request *request = test_chat("x");
    hb_model_list *models = NULL;
    hb_response *response = NULL;
    hb_error *error = NULL;
    check_status("a name that does not exist", hb_chat(client, request, &response, &error), HB_E_CONNECT);
    check(*hb_error_message(error, NULL) != '\0' && *hb_error_hint(error) != '\0', "is said, with advice", "\"%s\" \"%s\"",
          hb_error_message(error, NULL), hb_error_hint(error));
    check_number("without an HTTP status", hb_error_http_status(error), 0);
    check_number("may be found later", hb_error_is_retryable(error), 1);
    check_lacks("the key is not in it", hb_error_message(error, NULL), setting("HB_TEST_KEY"));
    check_status("its response", hb_response_status(response), HB_E_CONNECT);
    hb_error_free(error);
    check_status("for the models too", hb_models(client, &models, &error), HB_E_CONNECT);
    check(*hb_error_message(error, NULL) != '\0', "with a message", "there is none");
    hb_error_free(error);
    hb_response_free(response);
    hb_request_free(request);
    hb_client_free(client);
}

/* A lookup cannot be ended, but its request can. */
static void left(void) {
    enum { MANY = 16 };
    hb_client *client = client_to("https://host.invalid");
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    const hb_event *done = NULL;
    hb_op ops[MANY];
    int i, ended = 0;
    for (i = 0; i < MANY; i++) hb_start(client, request, queue, 0, &ops[i], NULL);
    for (i = 0; i < MANY; i++) hb_cancel(ops[i]);
    for (i = 0; i < MANY; i++) {
        if (hb_queue_next(queue, 0, &done) != HB_OK) break;
        ended += done->kind == HB_EVENT_DONE && (done->status == HB_E_CANCELLED || done->status == HB_E_CONNECT);
        hb_event_free(done);
    }
    check_number("a cancel ends a request whose name is looked up, at once", ended, MANY);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
    found();
}

/* Which servers are reached without the proxy, behind which nobody is. */
static void no_proxy(void) {
    static const struct {
        const char *host, *except;
        int straight;
    } ROWS[] = {
        {"127.0.0.1", "", 0},
        {"127.0.0.1", "example.org", 0},
        {"127.0.0.1", "127.0.0.1", 1},
        {"127.0.0.1", "127.0.0.2", 0},
        {"127.0.0.1", "10.0.0.0/8,127.0.0.0/8", 1},
        {"127.0.0.1", "10.0.0.0/8,127.0.0.0/32", 0},
        {"127.0.0.1", " example.org , 127.0.0.1 ", 1},
        {"127.0.0.1", "*", 1},
        {"localhost", "*", 1},
        {"localhost", "localhost", 1},
        {"localhost", "LocalHost", 1},
        {"LOCALHOST", "localhost", 1},
        {"localhost", ".localhost", 1},
        {"localhost", "host", 0},
        {"localhost", "127.0.0.1", 0},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char url[128];
        snprintf(url, sizeof url, "http://%s:%d", ROWS[i].host, port_of(setting("HB_TEST_URL")));
        hb_options *options = test_options();
        hb_options_set_base_url(options, url, HB_NUL);
        /* Whichever is set first. */
        if (i % 2 == 0) hb_options_set_no_proxy(options, ROWS[i].except, HB_NUL);
        hb_options_set_proxy(options, "http://127.0.0.1:1", HB_NUL);
        if (i % 2 == 1) hb_options_set_no_proxy(options, ROWS[i].except, HB_NUL);
        hb_client *client = client_of(options);
        hb_status status = chat_once(client);
        check(status == (ROWS[i].straight ? HB_OK : HB_E_CONNECT), "a host without the proxy", "%s, except \"%s\": %s",
              ROWS[i].host, ROWS[i].except, hb_status_name(status));
        hb_client_free(client);
    }
}

int main(void) {
    check_begin();
    found();
    not_found();
    left();
    no_proxy();
    return check_end();
}
