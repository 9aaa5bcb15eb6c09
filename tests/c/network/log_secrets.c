/*
 * What is never in a log: the key, passwords, and, unless it was asked for, what people write and models answer.
 */
#include "logs.h"

#define PROMPT "sealing-wax"
#define PASSWORD "pass-4711-word"

/* One chat of this text under these settings, and all that the log says of it. Frees the settings. */
static void log_of(struct records *records, hb_options *options, const char *text) {
    struct outcome outcome;
    hb_client *client = client_of(options);
    hb_request *request = test_chat(text);
    memset(&outcome, 0, sizeof outcome);
    memset(records, 0, sizeof *records);
    outcome_of(&outcome, client, request);
    take(records, client);
    check(records->count > 0 && records->odd == 0, "there are records", "%d, %d odd ones", records->count,
          records->odd);
    outcome_free(&outcome);
    hb_request_free(request);
    hb_client_free(client);
}

/* Bodies are told where they were asked for, and at the highest level only. */
static void bodies(void) {
    static const struct {
        uint32_t level;
        int32_t bodies;
        int told;
    } ROWS[] = {{HB_LOG_TRACE, 1, 1}, {HB_LOG_TRACE, 0, 0}, {HB_LOG_DEBUG, 1, 0}, {HB_LOG_INFO, 1, 0}};
    struct records records;
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        hb_options *options = logging(ROWS[i].level, "gzip");
        hb_options_set_log_bodies(options, ROWS[i].bodies);
        log_of(&records, options, PROMPT);
        check_number("the body of a request", with(&records, "\"event\":\"request_body\"", PROMPT), ROWS[i].told);
        check_number("the body of an answer", with(&records, "\"event\":\"response_body\"", "[DONE]"), ROWS[i].told);
        check_number("and nothing else of either", with(&records, PROMPT, NULL) + with(&records, "[DONE]", NULL),
                     ROWS[i].told * 2);
        records_free(&records);
    }
}

/* A long body is cut; the key on the edge of what is shown goes as a whole. */
static void long_bodies(void) {
    enum { SHOWN = 64 << 10, SIZE = 200 << 10 };
    const char *key = setting("HB_TEST_KEY");
    struct records records;
    char *text = (char *)memory(SIZE + 1), half[17];
    size_t at;
    memset(text, 'x', SIZE);
    /* Wherever the body begins before the text, a key lies across the edge. */
    for (at = SHOWN - 4096; at + strlen(key) < SHOWN + 4096; at += strlen(key)) memcpy(text + at, key, strlen(key));
    snprintf(half, sizeof half, "%s", key);
    hb_options *options = logging(HB_LOG_TRACE, NULL);
    hb_options_set_log_bodies(options, 1);
    log_of(&records, options, text);
    check_number("a long body is told", with(&records, "\"event\":\"request_body\"", "[key]"), 1);
    check_lacks("without half a key", records.json, half);
    size_t size = strlen(records.json);
    check(size < SHOWN + (32 << 10), "and not as a whole", "%lu bytes", (unsigned long)size);
    records_free(&records);
    free(text);
}

/* Servers echo what they were sent, in every place that a client reads. */
static void echoes(void) {
    static const struct {
        const char *script, *body;
    } ROWS[] = {
        {"status=401,header=x-request-id:%s,header=location:/%s", "{\"error\":{\"message\":\"%s\"}}"},
        {"status=422", "{\"detail\":[{\"loc\":[\"body\"],\"msg\":\"%s\",\"input\":\"" PROMPT " %s\"}]}"},
        {"status=500", "<html>" PROMPT "%s%s</html>"},
        {"status=307,header=x-request-id:%s,header=location:https://%s.example", ""},
        {"status=200", "{\"error\":{\"message\":\"" PROMPT " %s%s\"}}"},
        {"bytewise,content-type=text/event-stream", "data: {\"error\":\"" PROMPT "%s%s\"}\n\n"},
    };
    const char *key = setting("HB_TEST_KEY");
    size_t i;
    int32_t with_bodies;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        for (with_bodies = 0; with_bodies < 2; with_bodies++) {
            char script[2048], body[512];
            struct records records;
            hb_options *options = logging(HB_LOG_TRACE, NULL);
            hb_options_set_log_bodies(options, with_bodies);
            hb_options_set_max_retries(options, 1);
            snprintf(body, sizeof body, ROWS[i].body, key, key);
            char *value = encoded(body);
            int size = snprintf(script, sizeof script, ROWS[i].script, key, key);
            snprintf(script + size, sizeof script - (size_t)size, ",body=%s", value);
            free(value);
            hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
            log_of(&records, options, PROMPT);
            check(strstr(records.json, key) == NULL, "an echo of the key", "it is in the log of %lu", (unsigned long)i);
            check_lacks("the script, which is a header", records.json, "x-simulator");
            if (!with_bodies) check_lacks("an echo of the prompt", records.json, PROMPT);
            records_free(&records);
        }
    }
}

/* Addresses may hold passwords: of a proxy, or in the query of a server. */
static void addresses(void) {
    static const struct {
        const char *name, *server, *proxy;
    } ROWS[] = {
        {"a proxy that refuses", "https://host.invalid", "http://me:" PASSWORD "@127.0.0.1:1"},
        {"a proxy for plain http", "http://127.0.0.1:1", "http://me:" PASSWORD "@127.0.0.1:1"},
        {"a socks proxy", "https://host.invalid", "socks5://me:" PASSWORD "@127.0.0.1:1"},
        {"a proxy that is none", "https://host.invalid", "https://me:" PASSWORD "@127.0.0.1:1"},
        {"a server's query", "http://127.0.0.1:1/v1?key=" PASSWORD, ""},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct records records;
        hb_options *options = logging(HB_LOG_TRACE, NULL);
        hb_options_set_log_bodies(options, 1);
        hb_options_set_base_url(options, ROWS[i].server, HB_NUL);
        hb_options_set_proxy(options, ROWS[i].proxy, HB_NUL);
        hb_options_set_header(options, "x-tenant", PASSWORD, HB_NUL);
        log_of(&records, options, PROMPT);
        check_number(ROWS[i].name, with(&records, "\"event\":\"done\"", "\"status\":\"connect\""), 1);
        check_lacks("its password is not told", records.json, PASSWORD);
        records_free(&records);
    }
}

/* For a server that wants no key, people set anything: what is told stays as it is. */
static void odd_keys(void) {
    static const char *const KEYS[] = {"1", "0", "e", "\"", ":", "done", "null", "status"};
    size_t i;
    for (i = 0; i < sizeof KEYS / sizeof *KEYS; i++) {
        struct records records;
        hb_options *options = logging(HB_LOG_DEBUG, NULL);
        hb_options_set_api_key(options, KEYS[i], HB_NUL);
        log_of(&records, options, PROMPT);
        check(with(&records, "\"event\":\"attempt\"", "\"attempt\":1") == 1
                  && with(&records, "\"event\":\"done\"", "\"http_status\":401") == 1,
              "a key that is a usual word", "%s: %s", KEYS[i], records.json);
        records_free(&records);
    }
}

int main(void) {
    check_begin();
    bodies();
    long_bodies();
    echoes();
    addresses();
    odd_keys();
    return check_end();
}
