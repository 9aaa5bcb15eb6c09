/*
 * Settings from the environment, and proxies, which are where most of them come from.
 */
#include "check.h"

static const char *const NAMES[] = {"HYPERBOLIC_API_KEY", "HYPERBOLIC_BASE_URL", "HYPERBOLIC_ALLOW_HTTP", "https_proxy",
                                    "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy",
                                    "NO_PROXY"};

/* Nothing that the library reads. */
static void clear(void) {
    size_t i;
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++) unsetenv(NAMES[i]);
}

/* A proxy that takes one connection, keeps the head of its request, and answers 200 with a whole completion. */
struct proxy {
    pthread_t thread;
    int listener, port;
    char url[64];
    char head[8192];
};

static void *serve(void *context) {
    static const char ANSWER[] = "{\"id\":\"p\",\"object\":\"chat.completion\",\"created\":1,\"model\":\"m\",\"choices\":[{"
                                 "\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"by proxy\"},"
                                 "\"finish_reason\":\"stop\"}]}";
    struct proxy *proxy = (struct proxy *)context;
    char answer[1024];
    size_t size = 0;
    int client = accept(proxy->listener, NULL, NULL);
    while (client >= 0 && strstr(proxy->head, "\r\n\r\n") == NULL && size < sizeof proxy->head - 1) {
        ssize_t got = recv(client, proxy->head + size, sizeof proxy->head - 1 - size, 0);
        if (got <= 0) break;
        size += (size_t)got;
    }
    snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
             "Content-Length: %lu\r\n\r\n%s", (unsigned long)strlen(ANSWER), ANSWER);
    if (strncmp(proxy->head, "CONNECT", 7) == 0) {
        snprintf(answer, sizeof answer, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    }
    send_all(client, answer, strlen(answer));
    shutdown(client, SHUT_WR);
    free(read_all(client));
    close(client);
    return NULL;
}

static void start_proxy(struct proxy *proxy) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    memset(proxy, 0, sizeof *proxy);
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(proxy->listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(proxy->listener, 8) != 0
        || getsockname(proxy->listener, (struct sockaddr *)&address, &size) != 0) {
        give_up("no proxy");
    }
    proxy->port = ntohs(address.sin_port);
    snprintf(proxy->url, sizeof proxy->url, "http://127.0.0.1:%d", proxy->port);
    pthread_create(&proxy->thread, NULL, serve, proxy);
}

/* Ends a proxy that nobody may have asked: an accept on a socket that is shut down returns. */
static void stop_proxy(struct proxy *proxy) {
    shutdown(proxy->listener, SHUT_RDWR);
    pthread_join(proxy->thread, NULL);
    close(proxy->listener);
}

/* Sends a chat; its status, and its text or its error's message in `said`. Frees the settings. */
static hb_status ask(hb_options *options, char *said, size_t room) {
    hb_client *client = client_of(options);
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_status status = hb_chat(client, request, &response, &error);
    snprintf(said, room, "%s", status == HB_OK ? hb_response_text(response, 0, NULL) : hb_error_message(error, NULL));
    hb_response_free(response);
    hb_error_free(error);
    hb_request_free(request);
    hb_client_free(client);
    return status;
}

static hb_options *by_proxy(const char *url, const char *proxy) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, url, HB_NUL);
    hb_options_set_proxy(options, proxy, HB_NUL);
    return options;
}

static void proxies(void) {
    static const char *const BAD[] = {"::", "ftp://127.0.0.1", "gopher://127.0.0.1:3128", "http://"};
    struct proxy proxy;
    char said[256], url[128];
    size_t i;
    start_proxy(&proxy);
    check_status("an http server by proxy", ask(by_proxy("http://localhost:9/v1", proxy.url), said, sizeof said), HB_OK);
    stop_proxy(&proxy);
    check_text("which answered", said, "by proxy");
    check(strncmp(proxy.head, "POST http://localhost:9/v1/chat/completions ", 44) == 0, "which got the whole address",
          "%s", proxy.head);

    start_proxy(&proxy);
    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%d", proxy.port);
    check_status("a proxy with a password", ask(by_proxy("http://localhost:9/v1", url), said, sizeof said), HB_OK);
    stop_proxy(&proxy);
    check_has("which it gets", proxy.head, "Basic bWU6c2VjcmV0");

    start_proxy(&proxy);
    snprintf(url, sizeof url, "http://me:secret@127.0.0.1:%d", proxy.port);
    check_status("an https server by a proxy that refuses", ask(by_proxy("https://host.invalid", url), said, sizeof said),
                 HB_E_CONNECT);
    stop_proxy(&proxy);
    check(strncmp(proxy.head, "CONNECT host.invalid:443 ", 25) == 0, "which was asked for a tunnel", "%s", proxy.head);
    check_lacks("and did not see the key", proxy.head, setting("HB_TEST_KEY"));
    check_lacks("its password is in no error", said, "secret");

    for (i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        hb_options *options = test_options();
        hb_client *client = NULL;
        hb_error *error = NULL;
        check_status(BAD[i], hb_options_set_proxy(options, BAD[i], HB_NUL), HB_E_INVALID_ARGUMENT);
        check_status("a bad proxy", hb_client_new(options, &client, &error), HB_E_INVALID_ARGUMENT);
        check_text("names its field", hb_error_param(error), "proxy");
        hb_error_free(error);
        hb_options_free(options);
    }
}

static void from_env(void) {
    struct proxy proxy;
    char said[256];
    hb_client *client = NULL;
    hb_options *options;

    clear();
    setenv("HYPERBOLIC_API_KEY", setting("HB_TEST_KEY"), 1);
    setenv("HYPERBOLIC_BASE_URL", setting("HB_TEST_URL"), 1);
    check_status("key and address from the environment", ask(hb_options_from_env(), said, sizeof said), HB_OK);

    start_proxy(&proxy);
    setenv("http_proxy", proxy.url, 1);
    setenv("NO_PROXY", "", 1);
    check_status("http_proxy", ask(hb_options_from_env(), said, sizeof said), HB_OK);
    stop_proxy(&proxy);
    check_text("is used", said, "by proxy");
    setenv("no_proxy", "127.0.0.1", 1);
    check_status("no_proxy", ask(hb_options_from_env(), said, sizeof said), HB_OK);
    check_has("goes round it", said, "simulator");
    options = hb_options_from_env();
    unsetenv("no_proxy");
    check_status("what was read stays", ask(options, said, sizeof said), HB_OK);

    /* A CGI server makes HTTP_PROXY of a header that its client sends. */
    clear();
    setenv("HYPERBOLIC_API_KEY", setting("HB_TEST_KEY"), 1);
    setenv("HYPERBOLIC_BASE_URL", setting("HB_TEST_URL"), 1);
    setenv("HTTP_PROXY", "http://127.0.0.1:9", 1);
    check_status("HTTP_PROXY in capitals is not trusted", ask(hb_options_from_env(), said, sizeof said), HB_OK);
    setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    check_status("ALL_PROXY is", ask(hb_options_from_env(), said, sizeof said), HB_E_CONNECT);
    options = hb_options_from_env();
    hb_options_set_proxy(options, NULL, 0);
    check_status("the empty proxy means none", ask(options, said, sizeof said), HB_OK);
    options = test_options();
    check_status("hb_options_new does not look", ask(options, said, sizeof said), HB_OK);

    clear();
    setenv("HYPERBOLIC_API_KEY", "key", 1);
    setenv("HYPERBOLIC_BASE_URL", "http://192.0.2.1", 1);
    options = hb_options_from_env();
    check_status("a key over plain http", hb_client_new(options, &client, NULL), HB_E_INVALID_ARGUMENT);
    hb_options_free(options);
    setenv("HYPERBOLIC_ALLOW_HTTP", "1", 1);
    options = hb_options_from_env();
    check_status("HYPERBOLIC_ALLOW_HTTP=1", hb_client_new(options, &client, NULL), HB_OK);
    hb_client_free(client);
    hb_options_free(options);
}

/* A bad variable is reported by its name, as it was written. */
static void bad_variables(void) {
    static const struct {
        const char *name, *value;
    } ROWS[] = {
        {"HYPERBOLIC_API_KEY", "a\nb"},
        {"HYPERBOLIC_API_KEY", "not UTF-8 \xFF"},
        {"HYPERBOLIC_BASE_URL", "api.hyperbolic.xyz"},
        {"https_proxy", "gopher://127.0.0.1"},
        {"HTTPS_PROXY", "gopher://127.0.0.1"},
        {"http_proxy", "gopher://127.0.0.1"},
        {"ALL_PROXY", "gopher://127.0.0.1"},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        hb_client *client = NULL;
        hb_error *error = NULL;
        clear();
        setenv(ROWS[i].name, ROWS[i].value, 1);
        hb_options *options = hb_options_from_env();
        hb_status status = hb_client_new(options, &client, &error);
        check(status == HB_E_INVALID_ARGUMENT && strstr(hb_error_message(error, NULL), ROWS[i].name) != NULL,
              ROWS[i].name, "%s: \"%s\"", hb_status_name(status), hb_error_message(error, NULL));
        hb_error_free(error);
        hb_client_free(client);
        hb_options_free(options);
    }
    for (i = 0; i < sizeof NAMES / sizeof *NAMES; i++) setenv(NAMES[i], "", 1);
    hb_options *options = hb_options_from_env();
    hb_client *client = NULL;
    check_status("empty variables are unset ones", hb_client_new(options, &client, NULL), HB_OK);
    hb_client_free(client);
    hb_options_free(options);
    clear();
}

int main(void) {
    check_begin();
    clear();
    proxies();
    from_env();
    bad_variables();
    return check_end();
}
