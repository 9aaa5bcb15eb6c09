/*
 * What a client can be made with, as the server sees it: addresses, keys, headers, proxies, the environment.
 */
#include "check.h"

/* Sends a chat, answered or not, and gives the request as the server saw it; frees the client. */
static char *seen_of(hb_client *client) {
    control_only("POST", "/simulator/reset", "");
    chat_once(client);
    hb_client_free(client);
    return last_request();
}

/* One check: hb_client_new refuses these settings, and its error names `field` and says `says`. Frees them. */
static void check_refused(const char *name, hb_status set, hb_options *options, const char *field, const char *says) {
    hb_client *client = (hb_client *)options;
    hb_error *error = NULL;
    hb_status status = hb_client_new(options, &client, &error);
    check(status == HB_E_INVALID_ARGUMENT && client == NULL && strcmp(hb_error_param(error), field) == 0
              && strstr(hb_error_message(error, NULL), says) != NULL,
          name, "%s, param \"%s\", \"%s\"", hb_status_name(status), hb_error_param(error),
          hb_error_message(error, NULL));
    check_status(name, set, HB_E_INVALID_ARGUMENT);
    hb_error_free(error);
    hb_client_free(client);
    hb_options_free(options);
}

static hb_options *with_url(const char *base, const char *path) {
    char url[256];
    hb_options *options = test_options();
    snprintf(url, sizeof url, "%s%s", base, path);
    hb_options_set_base_url(options, url, HB_NUL);
    return options;
}

static void addresses(void) {
    static const struct {
        const char *path, *seen;
    } FORMS[] = {
        {"", "/v1/chat/completions"},
        {"/", "/v1/chat/completions"},
        {"/v1", "/v1/chat/completions"},
        {"/v1/", "/v1/chat/completions"},
        {"/v1/chat/completions", "/v1/chat/completions"},
        {"/v1/completions/", "/v1/chat/completions"},
        {"/v1/models", "/v1/chat/completions"},
        {"/api/v3", "/api/v3/chat/completions"},
        {"/proxy", "/proxy/v1/chat/completions"},
        {"/v1?version=2&x=%20", "/v1/chat/completions?version=2&x=%20"},
    };
    static const char *const BAD[] = {"", "api.hyperbolic.xyz", "ftp://127.0.0.1", "http://", "https://me:pw@127.0.0.1"};
    size_t i;
    for (i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
        char member[128];
        char *seen = seen_of(client_of(with_url(setting("HB_TEST_URL"), FORMS[i].path)));
        snprintf(member, sizeof member, "\"path\":\"%s\"", FORMS[i].seen);
        check(json_has(seen, member), "a base URL's form", "%s: %s is not in %s", FORMS[i].path, member, seen);
        free(seen);
    }
    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        hb_options *options = test_options();
        hb_status set = hb_options_set_base_url(options, BAD[i], HB_NUL);
        check_refused("a bad base URL", set, options, "base_url", "base_url");
    }
    hb_options *options = test_options();
    hb_status set = hb_options_set_base_url(options, "http://127.0.0.1/\xFF", HB_NUL);
    check_refused("a base URL in Latin-1", set, options, "base_url", "byte 17");
}

static void headers(void) {
    static const char *const OURS[] = {"Authorization", "content-type", "Content-Length", "HOST"};
    size_t i;
    hb_options *options = test_options();
    hb_options_set_header(options, "X-Tenant", "first", HB_NUL);
    hb_options_set_header(options, "x-tenant", "second and more", 6);
    hb_options_set_header(options, "X-Empty", NULL, 0);
    hb_options_set_user_agent(options, "game/1.0 (test)", HB_NUL);
    char *seen = seen_of(client_of(options));
    check(json_has(seen, "\"x-tenant\":\"second\""), "a header's last value wins", "%s", seen);
    check(json_has(seen, "\"x-empty\":\"\""), "a header may be empty", "%s", seen);
    check(json_has(seen, "\"user-agent\":\"game/1.0 (test)\""), "a user agent", "%s", seen);
    check(json_has(seen, "\"content-type\":\"application/json\""), "the content type is ours", "%s", seen);
    free(seen);
    char agent[64];
    snprintf(agent, sizeof agent, "\"user-agent\":\"libhyperbolic/%s\"", hb_library_version());
    seen = seen_of(test_client(NULL));
    check(json_has(seen, agent), "the default user agent", "%s", seen);
    free(seen);
    for (i = 0; i < sizeof OURS / sizeof *OURS; i++) {
        options = test_options();
        hb_status set = hb_options_set_header(options, OURS[i], "x", HB_NUL);
        check_refused("a header that is the library's", set, options, "header", OURS[i]);
    }
    options = test_options();
    hb_status set = hb_options_set_header(options, "x", "1\r\nEvil: 2", HB_NUL);
    check_refused("a line break in a header", set, options, "header", "control");
    options = test_options();
    set = hb_options_set_header(options, "a b", "1", HB_NUL);
    check_refused("no header name", set, options, "header", "a b");
    options = test_options();
    set = hb_options_set_user_agent(options, "a\nb", HB_NUL);
    check_refused("a line break in a user agent", set, options, "user_agent", "user_agent");
    options = test_options();
    set = hb_options_add_ca_pem(options, "no certificate", HB_NUL);
    check_refused("no certificate", set, options, "ca_pem", "CERTIFICATE");
    options = test_options();
    set = hb_options_add_ca_pem(options, "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", HB_NUL);
    check_refused("a broken certificate", set, options, "ca_pem", "ca_pem");
    options = test_options();
    set = hb_options_add_ca_pem(options, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", HB_NUL);
    check_refused("a certificate that is none", set, options, "ca_pem", "ca_pem");
}

static void keys(void) {
    static const struct {
        const char *key;
        size_t size;
    } BAD[] = {{"", 0}, {NULL, 0}, {"with a line\n", 12}, {"a\0b", 3}, {"\xC3(", 2}, {NULL, 5}};
    size_t i;
    char member[512];
    hb_error *error = NULL;
    snprintf(member, sizeof member, "\"authorization\":\"Bearer %s\"", setting("HB_TEST_KEY"));
    char *seen = seen_of(test_client(NULL));
    check(json_has(seen, member), "the key is a Bearer token", "it is not");
    free(seen);

    hb_options *options = hb_options_new();
    hb_options_set_base_url(options, setting("HB_TEST_URL"), HB_NUL);
    hb_client *client = client_of(options);
    check_status("without a key", chat_once(client), HB_E_AUTHENTICATION);
    seen = last_request();
    check_lacks("no Authorization header", seen, "authorization");
    free(seen);
    check_status("a key for a live client",
                 hb_client_set_api_key(client, setting("HB_TEST_KEY"), HB_NUL, &error), HB_OK);
    check(error == NULL, "without an error", "there is one");
    check_status("is used from then on", chat_once(client), HB_OK);
    hb_client_set_api_key(client, "another key", 7, NULL);
    check_status("and can be replaced", chat_once(client), HB_E_AUTHENTICATION);
    seen = last_request();
    check(json_has(seen, "\"authorization\":\"Bearer another\""), "by one with a length", "%s", seen);
    free(seen);
    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        check_status("a bad key for a live client", hb_client_set_api_key(client, BAD[i].key, BAD[i].size, &error),
                     HB_E_INVALID_ARGUMENT);
        check_text("names its field", hb_error_param(error), "api_key");
        hb_error_free(error);
        options = test_options();
        hb_status set = hb_options_set_api_key(options, BAD[i].key, BAD[i].size);
        check_refused("a bad key", set, options, "api_key", "api_key");
    }
    check_status("a bad key replaces none", chat_once(client), HB_E_AUTHENTICATION);
    hb_client_free(client);
}

/* Everybody on the way reads what travels over plain http. */
static void plain_http(void) {
    hb_client *client = NULL;
    hb_error *error = NULL;
    hb_options *options = with_url("http://192.0.2.1", "/v1");
    check_status("a key over plain http", hb_client_new(options, &client, &error), HB_E_INVALID_ARGUMENT);
    check_text("names the address", hb_error_param(error), "base_url");
    check_has("and says what to do", hb_error_hint(error), "https");
    hb_error_free(error);
    hb_options_set_allow_http(options, 1);
    check_status("allowed", hb_client_new(options, &client, NULL), HB_OK);
    hb_client_free(client);
    hb_options_free(options);
    options = hb_options_new();
    hb_options_set_base_url(options, "http://192.0.2.1", HB_NUL);
    check_status("without a key", hb_client_new(options, &client, NULL), HB_OK);
    check_status("and with one later", hb_client_set_api_key(client, "key", HB_NUL, &error), HB_E_INVALID_ARGUMENT);
    check_text("which names the address too", hb_error_param(error), "base_url");
    hb_error_free(error);
    hb_client_free(client);
    hb_options_free(options);
}

/* Setters of which each has a value that it does not take; `hb_client_new` names the field and says what is wrong. */
static void bad_values(void) {
    static const struct {
        const char *path;
        size_t size;
        const char *says;
    } PATHS[] = {{"", 0, "empty"}, {NULL, 0, "empty"}, {"a\xFF", 2, "byte 1"}, {NULL, 3, "NULL"}};
    hb_options *options;
    hb_status set;
    size_t i;
    for (i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        options = test_options();
        set = hb_options_set_record(options, PATHS[i].path, PATHS[i].size);
        check_refused("a bad path to record into", set, options, "path", PATHS[i].says);
        options = test_options();
        set = hb_options_set_replay(options, PATHS[i].path, PATHS[i].size, HB_REPLAY_AT_ONCE);
        check_refused("a bad path to replay from", set, options, "path", PATHS[i].says);
    }
    options = test_options();
    set = hb_options_set_replay(options, "x", HB_NUL, HB_REPLAY_TIMED + 1);
    check_refused("an unknown timing", set, options, "timing", "2 is no HB_REPLAY_");
    options = test_options();
    set = hb_options_set_tier(options, HB_TIER_PRO + 1);
    check_refused("an unknown tier", set, options, "tier", "3 is no HB_TIER_");
    options = test_options();
    set = hb_options_set_log_level(options, HB_LOG_TRACE + 1);
    check_refused("an unknown level", set, options, "level", "5 is no HB_LOG_");
    options = test_options();
    set = hb_options_set_spending_limit_nanousd(options, -1);
    check_refused("a negative limit", set, options, "spending_limit", "negative");
    options = test_options();
    set = hb_options_set_model_requests_per_minute(options, "", 0, 5);
    check_refused("no model", set, options, "model", "empty");
    options = test_options();
    set = hb_options_set_model_requests_per_minute(options, "m\xC3(", HB_NUL, 5);
    check_refused("a model in Latin-1", set, options, "model", "byte 1");
    options = test_options();
    set = hb_options_set_no_proxy(options, "127.0.0.1,\xFF", HB_NUL);
    check_refused("hosts in Latin-1", set, options, "no_proxy", "byte 10");
}

/* The largest values are good ones. */
static void extremes(void) {
    hb_options *options = test_options();
    int bad = 0;
    bad += hb_options_set_spending_limit_nanousd(options, INT64_MAX) != HB_OK;
    bad += hb_options_set_requests_per_minute(options, UINT32_MAX) != HB_OK;
    bad += hb_options_set_model_requests_per_minute(options, MODEL, HB_NUL, UINT32_MAX) != HB_OK;
    bad += hb_options_set_model_requests_per_minute(options, "m", HB_NUL, 0) != HB_OK;
    bad += hb_options_set_max_concurrent(options, UINT32_MAX) != HB_OK;
    bad += hb_options_set_max_retries(options, UINT32_MAX) != HB_OK;
    bad += hb_options_set_connect_timeout_ms(options, UINT32_MAX) != HB_OK;
    bad += hb_options_set_first_token_timeout_ms(options, UINT32_MAX) != HB_OK;
    bad += hb_options_set_idle_timeout_ms(options, UINT32_MAX) != HB_OK;
    bad += hb_options_set_total_timeout_ms(options, UINT32_MAX) != HB_OK;
    bad += hb_options_set_tier(options, HB_TIER_NONE) != HB_OK;
    bad += hb_options_set_log_level(options, HB_LOG_OFF) != HB_OK;
    check_number("the largest values; refused", bad, 0);
    hb_client *client = client_of(options);
    check_status("do what none at all would", chat_once(client), HB_OK);
    hb_client_free(client);
}

/* Rule A3, for settings. */
static void sticky(void) {
    hb_client *client = NULL;
    hb_error *error = NULL;
    hb_options *options = test_options();
    check_status("a bad value", hb_options_set_base_url(options, "nonsense", HB_NUL), HB_E_INVALID_ARGUMENT);
    check_status("a good one after it", hb_options_set_base_url(options, setting("HB_TEST_URL"), HB_NUL), HB_OK);
    check_status("another bad one", hb_options_set_user_agent(options, "\n", 1), HB_E_INVALID_ARGUMENT);
    check_status("the first stays", hb_client_new(options, &client, &error), HB_E_INVALID_ARGUMENT);
    check_text("with its field", hb_error_param(error), "base_url");
    hb_error_free(error);
    hb_options_free(options);
    options = with_url("http://127.0.0.1:9", "");
    hb_options_set_base_url(options, setting("HB_TEST_URL"), HB_NUL);
    check_status("the last good value wins", hb_client_new(options, &client, NULL), HB_OK);
    hb_options_set_base_url(options, "http://127.0.0.1:9", HB_NUL);
    hb_options_set_api_key(options, "changed", HB_NUL);
    check_status("a client keeps what it was made with", chat_once(client), HB_OK);
    hb_options_free(options);
    check_status("also when they are freed", chat_once(client), HB_OK);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    addresses();
    headers();
    keys();
    plain_http();
    bad_values();
    extremes();
    sticky();
    return check_end();
}
