/*
 * Proxies that people use, which want a user and a password: what goes through them, and what their refusals look like.
 */
#include "lab.h"

struct kind {
    const char *scheme, *address, *password, *log;
};

static const struct kind KINDS[] = {
    {"http", "HB_LAB_HTTP_PROXY", "HB_LAB_PASSWORD", "HB_LAB_HTTP_LOG"},
    {"https", "HB_LAB_TLS_PROXY", "HB_LAB_PASSWORD", "HB_LAB_HTTP_LOG"},
    {"socks5", "HB_LAB_SOCKS_PROXY", "HB_LAB_SOCKS_PASSWORD", "HB_LAB_SOCKS_LOG"},
    {"socks5h", "HB_LAB_SOCKS_PROXY", "HB_LAB_SOCKS_PASSWORD", "HB_LAB_SOCKS_LOG"},
};
#define KIND_COUNT (sizeof KINDS / sizeof *KINDS)

static const char *const SERVERS[] = {"HB_TEST_URL", "HB_TEST_TLS_URL"};

/* The address of a proxy, with user and password written so that any byte may be in them. To be freed. */
static char *proxy_url(const char *scheme, const char *address, const char *user, const char *password) {
    char *url = (char *)memory(512), *safe_user = encoded(user), *safe_password = encoded(password);
    snprintf(url, 512, "%s://%s:%s@%s", scheme, safe_user, safe_password, address);
    free(safe_user);
    free(safe_password);
    return url;
}

/* Settings for a server (the name of its variable) by a proxy. */
static hb_options *by_proxy(const char *server, const char *proxy, const char *script) {
    hb_options *options = lab_options(setting(server), script);
    trust(options, "HB_LAB_CA");
    hb_options_set_proxy(options, proxy, HB_NUL);
    return options;
}

/* How often a proxy's log names a server. */
static int logged(const char *log, const char *server) {
    return lines_with(setting(log), strstr(setting(server), "127.0.0.1:"), NULL);
}

static void with_password(const struct kind *kind, const char *server) {
    char name[128];
    char *proxy = proxy_url(kind->scheme, setting(kind->address), setting("HB_LAB_USER"), setting(kind->password));
    int before = logged(kind->log, server);
    snprintf(name, sizeof name, "by %s to %.5s", kind->scheme, setting(server));
    check_answered(name, chat_by(by_proxy(server, proxy, NULL)));
    WAIT_UNTIL(logged(kind->log, server) > before);
    check(logged(kind->log, server) > before, name, "the proxy has logged nothing of it");
    free(proxy);
}

/* It streams, and a cancel goes all the way. */
static void streams(const struct kind *kind) {
    char name[128];
    char *proxy = proxy_url(kind->scheme, setting(kind->address), setting("HB_LAB_USER"), setting(kind->password));
    hb_client *client = client_of(by_proxy("HB_TEST_URL", proxy, "stall-after=5"));
    hb_queue *queue = test_queue();
    control_only("POST", "/simulator/reset", "");
    hb_op op = start_chat(client, queue, 0);
    const hb_event *piece = next_of_kind(queue, HB_EVENT_TEXT);
    snprintf(name, sizeof name, "by %s: a piece of an answer that goes on", kind->scheme);
    check(piece != NULL, name, "none came");
    hb_event_free(piece);
    hb_cancel(op);
    snprintf(name, sizeof name, "by %s: the server sees a cancel", kind->scheme);
    check_number(name, wait_for_count("closes", 1), 1);
    hb_queue_free(queue);
    hb_client_free(client);
    free(proxy);
}

/* Whatever is said of a failure, the password is not in it, as it is or as an address has it. */
static void check_secret(const struct outcome *outcome, const char *password) {
    const char *said[3];
    char *safe = encoded(password);
    size_t i;
    said[0] = message_of(outcome);
    said[1] = hb_error_hint(outcome->error);
    said[2] = hb_error_body(outcome->error, NULL);
    for (i = 0; i < 3; i++) {
        check_lacks("no password in what is said of a failure", said[i], password);
        check_lacks("nor as it is in an address", said[i], safe);
    }
    free(safe);
}

/* One check of a proxy's refusal, which must not look like one of the server. */
static void check_refused(const char *name, struct outcome outcome) {
    const char *message = message_of(&outcome);
    check(strstr(message, "proxy") != NULL || strstr(message, "Proxy") != NULL, name, "\"%s\" names no proxy", message);
    check_failed(name, outcome, HB_E_CONNECT, "");
}

static void wrong_password(const struct kind *kind, const char *server) {
    static const char WRONG[] = "not-the-n33dle";
    char name[128];
    char *proxy = proxy_url(kind->scheme, setting(kind->address), setting("HB_LAB_USER"), WRONG);
    struct outcome outcome = chat_by(by_proxy(server, proxy, NULL));
    snprintf(name, sizeof name, "a wrong password for %s to %.5s", kind->scheme, setting(server));
    check_secret(&outcome, WRONG);
    /* tinyproxy answers 401 where 407 belongs. In an answer to plain http nobody can tell it from the server's own. */
    if (strncmp(kind->scheme, "http", 4) == 0 && strncmp(setting(server), "http:", 5) == 0) {
        check_failed(name, outcome, HB_E_AUTHENTICATION, "401");
    } else {
        check_refused(name, outcome);
    }
    free(proxy);
}

static void no_password(const struct kind *kind, const char *server) {
    char name[128], proxy[128];
    snprintf(proxy, sizeof proxy, "%s://%s", kind->scheme, setting(kind->address));
    snprintf(name, sizeof name, "no password for %s to %.5s", kind->scheme, setting(server));
    check_refused(name, chat_by(by_proxy(server, proxy, NULL)));
}

static void nobody_there(const struct kind *kind, const char *server) {
    char name[128];
    char *proxy = proxy_url(kind->scheme, setting("HB_LAB_NOBODY"), setting("HB_LAB_USER"), setting(kind->password));
    struct outcome outcome = chat_by(by_proxy(server, proxy, NULL));
    snprintf(name, sizeof name, "no proxy at the address, %s to %.5s", kind->scheme, setting(server));
    check_secret(&outcome, setting(kind->password));
    check(*message_of(&outcome) != '\0', name, "there is no message");
    check_failed(name, outcome, HB_E_CONNECT, "");
    free(proxy);
}

/* A proxy that says it is one of ours, and cannot prove it. */
static void not_trusted(void) {
    const struct kind *kind = &KINDS[1];
    char *proxy = proxy_url(kind->scheme, setting(kind->address), setting("HB_LAB_USER"), setting(kind->password));
    hb_options *options = lab_options(setting("HB_TEST_URL"), NULL);
    hb_options_set_proxy(options, proxy, HB_NUL);
    struct outcome outcome = chat_by(options);
    check_secret(&outcome, setting(kind->password));
    check_failed("an https proxy of an authority that nobody knows", outcome, HB_E_CONNECT, "certificate");
    free(proxy);
}

/* A server that the proxy cannot reach. */
static void nobody_behind(const struct kind *kind) {
    char name[128], url[64];
    char *proxy = proxy_url(kind->scheme, setting(kind->address), setting("HB_LAB_USER"), setting(kind->password));
    snprintf(url, sizeof url, "https://%s", setting("HB_LAB_NOBODY"));
    hb_options *options = lab_options(url, NULL);
    trust(options, "HB_LAB_CA");
    hb_options_set_proxy(options, proxy, HB_NUL);
    struct outcome outcome = chat_by(options);
    snprintf(name, sizeof name, "no server behind %s", kind->scheme);
    check_secret(&outcome, setting(kind->password));
    check_refused(name, outcome);
    free(proxy);
}

/* ---- From the environment ---- */

static void clear(void) {
    static const char *const NAMES[] = {"HYPERBOLIC_ALLOW_HTTP", "https_proxy", "HTTPS_PROXY", "http_proxy",
                                        "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};
    size_t i;
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++) unsetenv(NAMES[i]);
}

/* A chat with a server by what the environment says; one check that it was answered, and came by the proxy or not. */
static void check_way(const char *name, const char *server, const char *log, int by) {
    hb_options *options;
    int before = logged(log, server);
    setenv("HYPERBOLIC_API_KEY", setting("HB_TEST_KEY"), 1);
    setenv("HYPERBOLIC_BASE_URL", setting(server), 1);
    options = hb_options_from_env();
    trust(options, "HB_TEST_CA");
    hb_options_set_max_retries(options, 0);
    check_answered(name, chat_by(options));
    if (by) WAIT_UNTIL(logged(log, server) > before);
    check((logged(log, server) > before) == by, name, by ? "it went directly" : "it went by the proxy");
}

static void from_the_environment(void) {
    const struct kind *http = &KINDS[0], *socks = &KINDS[2];
    const char *user = setting("HB_LAB_USER");
    char *by_http = proxy_url(http->scheme, setting(http->address), user, setting(http->password));
    char *by_socks = proxy_url(socks->scheme, setting(socks->address), user, setting(socks->password));
    static const char *const EXCEPT[] = {"127.0.0.1", "example.org,127.0.0.1", "*", "127.0.0.0/8"};
    size_t i;
    clear();
    setenv("http_proxy", by_http, 1);
    setenv("https_proxy", by_http, 1);
    check_way("http_proxy", "HB_TEST_URL", http->log, 1);
    check_way("https_proxy", "HB_TEST_TLS_URL", http->log, 1);
    setenv("no_proxy", "example.org", 1);
    check_way("no_proxy of another host", "HB_TEST_URL", http->log, 1);
    for (i = 0; i < sizeof EXCEPT / sizeof *EXCEPT; i++) {
        char name[64];
        snprintf(name, sizeof name, "no_proxy=%s", EXCEPT[i]);
        setenv("no_proxy", EXCEPT[i], 1);
        check_way(name, "HB_TEST_URL", http->log, 0);
        check_way(name, "HB_TEST_TLS_URL", http->log, 0);
    }
    unsetenv("no_proxy");
    setenv("NO_PROXY", "127.0.0.1", 1);
    check_way("NO_PROXY", "HB_TEST_URL", http->log, 0);
    clear();
    setenv("all_proxy", by_socks, 1);
    check_way("all_proxy", "HB_TEST_URL", socks->log, 1);
    check_way("all_proxy, TLS", "HB_TEST_TLS_URL", socks->log, 1);
    clear();
    check_way("no variable", "HB_TEST_URL", http->log, 0);
    free(by_http);
    free(by_socks);
}

int main(void) {
    size_t kind, server;
    check_begin();
    for (kind = 0; kind < KIND_COUNT; kind++) {
        for (server = 0; server < 2; server++) {
            with_password(&KINDS[kind], SERVERS[server]);
            wrong_password(&KINDS[kind], SERVERS[server]);
            no_password(&KINDS[kind], SERVERS[server]);
            nobody_there(&KINDS[kind], SERVERS[server]);
        }
        streams(&KINDS[kind]);
        nobody_behind(&KINDS[kind]);
    }
    not_trusted();
    from_the_environment();
    return check_end();
}
