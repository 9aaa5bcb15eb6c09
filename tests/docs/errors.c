/*
 * The column "Again?" of docs/errors.md, against what hb_error_is_retryable says where each status can be provoked.
 * HB_TEST_TABLE is the document.
 */
#include "check.h"

#include <sys/wait.h>

static char *table;

/* Whether the table says "again" of a status. */
static int table_says(hb_status status) {
    char begin[64];
    snprintf(begin, sizeof begin, "\n| `%s` ", hb_status_name(status));
    const char *row = strstr(table, begin);
    if (row == NULL) return -1;
    const char *end = strchr(row + 1, '\n'), *again = strstr(row, " | again | ");
    return again != NULL && again < end;
}

/* One check of an error, which it frees. */
static void compare(hb_status wanted, hb_status got, hb_error *error) {
    check(got == wanted && hb_error_status(error) == wanted && hb_error_is_retryable(error) == table_says(wanted),
          hb_status_name(wanted), "%s, again: %d, the table says %d (%s)", hb_status_name(got),
          (int)hb_error_is_retryable(error), table_says(wanted), hb_error_message(error, NULL));
    hb_error_free(error);
}

static void ask(hb_status wanted, hb_options *options) {
    hb_client *client = client_of(options);
    hb_request *request = test_chat("x");
    hb_error *error = NULL;
    hb_status status = hb_chat(client, request, NULL, &error);
    compare(wanted, status, error);
    hb_request_free(request);
    hb_client_free(client);
}

static void provoke(hb_status wanted, const char *script) {
    hb_options *options = test_options();
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_options_set_first_token_timeout_ms(options, 100);
    ask(wanted, options);
}

static int32_t HB_CALL stop(const hb_event *event, void *context) {
    (void)event;
    (void)context;
    return HB_STOP;
}

static void without_a_server(void) {
    /* An answer that is whole before its callback says stop has ended well. */
    hb_client *client = test_client("stall-after=3");
    hb_request *request = test_chat("x"), *bad = hb_request_new("", HB_NUL);
    hb_conversation *conversation = NULL;
    hb_error *error = NULL;
    hb_status status = hb_chat(client, bad, NULL, &error);
    compare(HB_E_INVALID_ARGUMENT, status, error);
    status = hb_chat_stream(client, request, stop, NULL, NULL, &error);
    compare(HB_E_CANCELLED, status, error);
    hb_client_close(client);
    status = hb_chat(client, request, NULL, &error);
    compare(HB_E_CLOSED, status, error);
    status = hb_conversation_load("no", HB_NUL, &conversation, &error);
    compare(HB_E_BAD_DATA, status, error);
    hb_request_free(bad);
    hb_request_free(request);
    hb_client_free(client);

    hb_options *options = test_options();
    hb_options_set_base_url(options, "http://127.0.0.1:1", HB_NUL);
    ask(HB_E_CONNECT, options);
    client = client_of((options = test_options(), hb_options_set_spending_limit_nanousd(options, 1), options));
    check_status("an answer costs something", chat_once(client), HB_OK);
    request = test_chat("x");
    status = hb_chat(client, request, NULL, &error);
    compare(HB_E_BUDGET, status, error);
    hb_request_free(request);
    hb_client_free(client);
}

/* In a child of a process that has used the library, which prints its own verdict. */
static void after_a_fork(void) {
    hb_client *client = test_client(NULL);
    check_status("an answer before the fork", chat_once(client), HB_OK);
    pid_t child = fork();
    if (child == 0) {
        hb_error *error = NULL;
        hb_request *request = test_chat("x");
        hb_status status = hb_chat(client, request, NULL, &error);
        compare(HB_E_FORKED, status, error);
        fflush(stdout);
        _exit(check_failures == 0 ? 0 : 1);
    }
    int ended = -1;
    waitpid(child, &ended, 0);
    check_number("the child has ended well", ended, 0);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    FILE *file = fopen(setting("HB_TEST_TABLE"), "rb");
    if (file == NULL) give_up("no table");
    table = read_all(fileno(file));
    fclose(file);
    without_a_server();
    after_a_fork();
    provoke(HB_E_DEADLINE, "stall");
    provoke(HB_E_TRUNCATED, "cut-after=3");
    provoke(HB_E_BAD_RESPONSE, "content-type=text/html,body=<html></html>");
    provoke(HB_E_AUTHENTICATION, "status=401");
    provoke(HB_E_BAD_REQUEST, "status=400");
    provoke(HB_E_RATE_LIMITED, "status=429");
    provoke(HB_E_QUOTA, "status=402");
    provoke(HB_E_SERVER, "status=500");
    free(table);
    return check_end();
}
