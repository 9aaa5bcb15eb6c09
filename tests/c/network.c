/*
 * What the network can do instead of bringing an answer: no connection, none in time, and an answer that breaks off.
 */
#include "outcome.h"

#include <fcntl.h>

/* One check of how it failed; frees what came. */
static void check_failure(const char *name, struct outcome *outcome, hb_status status, int32_t http_status,
                          const char *says) {
    check_outcome(name, outcome, status, http_status, 1, says);
    outcome_free(outcome);
}

static hb_options *with_url(const char *url) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, url, HB_NUL);
    return options;
}

static hb_options *with_fault(const char *script) {
    hb_options *options = test_options();
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    return options;
}

/* A socket that is bound to a port of its own; listens if `backlog` is not negative. */
static int bound_socket(int *port, int backlog) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    int at = socket(AF_INET, SOCK_STREAM, 0);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (at < 0 || bind(at, (struct sockaddr *)&address, sizeof address) != 0
        || getsockname(at, (struct sockaddr *)&address, &size) != 0 || (backlog >= 0 && listen(at, backlog) != 0)) {
        give_up("no socket");
    }
    *port = ntohs(address.sin_port);
    return at;
}

static void no_connection(void) {
    struct outcome outcome;
    char url[64];
    int port;
    /* Bound and not listening: the port refuses, and nobody else takes it meanwhile. */
    int closed = bound_socket(&port, -1);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    outcome_of_options(&outcome, with_url(url));
    check_number("connection refused: may succeed later", hb_error_is_retryable(outcome.error), 1);
    check(*hb_error_hint(outcome.error) != '\0', "connection refused: there is advice", "there is none");
    check_failure("connection refused", &outcome, HB_E_CONNECT, 0, "refused");
    close(closed);
}

/* A server that is too busy to accept: its backlog is full, and the kernel answers no more. */
static void no_connection_in_time(void) {
    struct outcome outcome;
    struct sockaddr_in address;
    enum { MOST = 16 };
    int fillers[MOST], filled = 0, port, full = 0, listener = bound_socket(&port, 0);
    char url[64];
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    while (!full && filled < MOST) {
        struct pollfd connected;
        int filler = socket(AF_INET, SOCK_STREAM, 0);
        fcntl(filler, F_SETFL, O_NONBLOCK);
        connect(filler, (struct sockaddr *)&address, sizeof address);
        connected.fd = filler;
        connected.events = POLLOUT;
        full = poll(&connected, 1, 500) == 0;
        fillers[filled++] = filler;
    }
    check(full, "a server that accepts nobody", "%d connections were taken", filled);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    hb_options *options = with_url(url);
    hb_options_set_connect_timeout_ms(options, 200);
    outcome_of_options(&outcome, options);
    check_text("the connect deadline: which", hb_error_param(outcome.error), "connect");
    check_failure("the connect deadline", &outcome, HB_E_DEADLINE, 0, "connect");
    while (filled > 0) close(fillers[--filled]);
    close(listener);
}

/* The error says which deadline passed, and after how many bytes. */
static void deadlines(void) {
    struct outcome outcome;
    hb_options *options = with_fault("stall");
    hb_options_set_first_token_timeout_ms(options, 200);
    outcome_of_options(&outcome, options);
    check_has("it says after how many bytes", hb_error_message(outcome.error, NULL), "0 bytes");
    check_number("no piece came", hb_response_first_token_ms(outcome.response), -1);
    check_text("the first token's deadline, without a head: which", hb_error_param(outcome.error), "first_token");
    check_failure("the first token's deadline, without a head", &outcome, HB_E_DEADLINE, 0, "first token");

    options = with_fault("stall-after=1");
    hb_options_set_first_token_timeout_ms(options, 1000);
    outcome_of_options(&outcome, options);
    check_text("the first token's deadline, after a head: which", hb_error_param(outcome.error), "first_token");
    check_failure("the first token's deadline, after a head", &outcome, HB_E_DEADLINE, 200, "first token");

    options = with_fault("stall-after=4");
    hb_options_set_first_token_timeout_ms(options, 0);
    hb_options_set_idle_timeout_ms(options, 1000);
    outcome_of_options(&outcome, options);
    check_text("what had arrived", outcome.text, "This is canned");
    check_text("is in the response", hb_response_text(outcome.response, 0, NULL), "This is canned");
    check_text("which did not finish", hb_response_finish_reason(outcome.response, 0), "");
    check_number("but counted along", hb_response_completion_tokens(outcome.response), 3);
    check_text("the idle deadline: which", hb_error_param(outcome.error), "idle");
    check_failure("the idle deadline", &outcome, HB_E_DEADLINE, 200, "idle");

    options = with_fault("event-delay=50,words=100000");
    hb_options_set_total_timeout_ms(options, 1000);
    outcome_of_options(&outcome, options);
    check(hb_response_total_ms(outcome.response) >= 1000, "not before its time", "%lld ms",
          (long long)hb_response_total_ms(outcome.response));
    check_text("the total deadline, of an answer that goes on: which", hb_error_param(outcome.error), "total");
    check_failure("the total deadline, of an answer that goes on", &outcome, HB_E_DEADLINE, 200, "total");

    options = with_fault("delay=2000");
    hb_options_set_connect_timeout_ms(options, 0);
    hb_options_set_first_token_timeout_ms(options, 0);
    hb_options_set_idle_timeout_ms(options, 0);
    outcome_of_options(&outcome, options);
    check(outcome.status == HB_OK, "no deadline, no limit", "%s", hb_error_message(outcome.error, NULL));
    outcome_free(&outcome);
}

/* An answer that begins and does not end: what had arrived is kept, and says so. */
static void broken_off(void) {
    static const struct {
        const char *script, *text;
    } ROWS[] = {
        {"cut-after=4", "This is canned"},
        {"close-after=4", "This is canned"},
        /* A reset may overtake what was sent before it. */
        {"reset-after=4", NULL},
        {"cut-after=0", ""},
    };
    size_t i, size;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        char name[64];
        struct outcome outcome;
        outcome_of_options(&outcome, with_fault(ROWS[i].script));
        const char *text = hb_response_text(outcome.response, 0, &size);
        snprintf(name, sizeof name, "%s: what had arrived", ROWS[i].script);
        check(ROWS[i].text == NULL ? strncmp("This is canned", text, size) == 0 : strcmp(text, ROWS[i].text) == 0, name,
              "\"%s\"", text);
        check_text("was delivered", outcome.text, text);
        snprintf(name, sizeof name, "%s: may succeed later", ROWS[i].script);
        check_number(name, hb_error_is_retryable(outcome.error), 1);
        check_text("its request has the server's id", hb_error_request_id(outcome.error),
                   hb_response_request_id(outcome.response));
        check(*hb_error_request_id(outcome.error) != '\0', "which is not empty", "it is");
        check_failure(name, &outcome, HB_E_TRUNCATED, 200, "");
    }
    struct outcome outcome;
    outcome_of_options(&outcome, with_fault("reset-head"));
    check_failure("a reset before an answer began", &outcome, HB_E_CONNECT, 0, "");
}

/* Rule E4: an error object in the stream says more than the stream's end. */
static void error_in_a_stream(void) {
    static const char STREAM[] =
        "data: {\"id\":\"s\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,"
        "\"delta\":{\"role\":\"assistant\",\"content\":\"Half an\"},\"finish_reason\":null}]}\n\n"
        "data: {\"error\":{\"message\":\"worker died\",\"type\":\"server_error\",\"code\":50005}}\n\n";
    char *body = encoded(STREAM), script[4096];
    struct outcome outcome;
    snprintf(script, sizeof script, "content-type=text/event-stream,body=%s", body);
    outcome_of_options(&outcome, with_fault(script));
    check_text("an error in a stream: its number", hb_error_code(outcome.error), "50005");
    check_text("what had arrived", outcome.text, "Half an");
    check_text("is in the response", hb_response_text(outcome.response, 0, NULL), "Half an");
    check_failure("an error in a stream", &outcome, HB_E_SERVER, 200, "worker died");
    free(body);
}

/* Complete is complete: neither a lost [DONE] nor a lost end of the connection takes it back. */
static void whole_all_the_same(void) {
    static const char *const SCRIPTS[] = {"words=4,cut-after=6", "words=4,close-after=6", "words=4,reset-after=end",
                                          "words=4,stall-after=6"};
    size_t i;
    for (i = 0; i < sizeof SCRIPTS / sizeof *SCRIPTS; i++) {
        struct outcome outcome;
        outcome_of_options(&outcome, with_fault(SCRIPTS[i]));
        check(outcome.status == HB_OK, SCRIPTS[i], "%s: %s", hb_status_name(outcome.status),
              hb_error_message(outcome.error, NULL));
        check_has("its text", hb_response_text(outcome.response, 0, NULL), "This is canned text");
        outcome_free(&outcome);
    }
}

int main(void) {
    check_begin();
    no_connection();
    no_connection_in_time();
    deadlines();
    broken_off();
    error_in_a_stream();
    whole_all_the_same();
    return check_end();
}
