/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * Whom a client trusts: certificates that are wrong in one way each, authorities that it was given, versions of TLS.
 */
#include "outcome.h"
#include "simulator.h"

/* The certificate of the authority of the simulator that was started last. */
static char authority[512];

static char *contents(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) give_up(path);
    char *text = read_all(fileno(file));
    fclose(file);
    return text;
}

/* A simulator with TLS and this option and its value; NULL is none. */
static void start(struct simulator *simulator, const char *option, const char *value) {
    const char *options[] = {"--tls", "--ca-out", authority, option, value, NULL};
    snprintf(authority, sizeof authority, "%s/trust.pem", setting("HB_OUT"));
    simulator_start(simulator, options);
}

/* Settings for it that trust the authorities of this text; NULL is none but the built-in ones. */
static hb_options *trusting(const struct simulator *simulator, const char *pem) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, simulator->url, HB_NUL);
    hb_options_set_max_retries(options, 2);
    if (pem != NULL) hb_options_add_ca_pem(options, pem, HB_NUL);
    return options;
}

/* One check that there is no trust: no request is sent, and none again. Frees the settings. */
static void check_refused(const char *name, const struct simulator *simulator, hb_options *options, const char *says) {
    struct outcome outcome;
    outcome_of_options(&outcome, options);
    check_outcome(name, &outcome, HB_E_CONNECT, 0, 1, says);
    check_number("it is not sent again", outcome.retries, 0);
    check_number("nor may it succeed later", hb_error_is_retryable(outcome.error), 0);
    check_has("there is advice", hb_error_hint(outcome.error), "hb_options_add_ca_pem");
    check_number("the server sees no request", count_at(simulator->control, "requests"), 0);
    outcome_free(&outcome);
}

static void check_trusted(const char *name, hb_options *options) {
    struct outcome outcome;
    outcome_of_options(&outcome, options);
    check_outcome(name, &outcome, HB_OK, 0, 1, "");
    outcome_free(&outcome);
}

static void certificates(void) {
    static const struct {
        const char *kind, *says;
    } ROWS[] = {
        {"expired", "certificate expired"},
        {"wrong-host", "certificate not valid for name"},
        {"self-signed", "certificate"},
    };
    size_t i;
    for (i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        struct simulator simulator;
        start(&simulator, "--certificate", ROWS[i].kind);
        char *pem = contents(authority);
        check_refused(ROWS[i].kind, &simulator, trusting(&simulator, pem), ROWS[i].says);
        /* To connect ahead does not make it better, and is silent about it. */
        hb_options *options = trusting(&simulator, pem);
        hb_client *client = client_of(options);
        check_status("warming up", hb_client_warm_up(client, NULL), HB_OK);
        check_status("does not help", chat_once(client), HB_E_CONNECT);
        check_number("no connection counts", hb_client_count(client, HB_COUNT_CONNECTIONS), 0);
        hb_client_free(client);
        free(pem);
        simulator_stop(&simulator);
    }
}

/* Authorities are added to each other, and come in any text that a file may have. */
static void authorities(void) {
    struct simulator simulator;
    start(&simulator, NULL, NULL);
    char *right = contents(authority), *other = contents(setting("HB_TEST_CA")), *both, *at, *to;
    check_refused("an authority that nobody knows", &simulator, trusting(&simulator, NULL), "certificate");
    check_refused("another authority", &simulator, trusting(&simulator, other), "certificate");
    setenv("SSL_CERT_FILE", authority, 1);
    setenv("SSL_CERT_DIR", setting("HB_OUT"), 1);
    check_refused("the environment says nothing", &simulator, trusting(&simulator, NULL), "certificate");
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
    check_trusted("the right one", trusting(&simulator, right));
    hb_options *options = trusting(&simulator, other);
    hb_options_add_ca_pem(options, right, HB_NUL);
    check_trusted("one after the other", options);
    options = trusting(&simulator, right);
    hb_options_add_ca_pem(options, right, HB_NUL);
    check_trusted("twice the same", options);

    both = (char *)memory(2 * (strlen(right) + strlen(other)) + 64);
    sprintf(both, "A bundle\n\n%s# the other:\n%s", other, right);
    check_trusted("both in one text", trusting(&simulator, both));
    for (at = right, to = both; *at != '\0'; at++) {
        if (*at == '\n') *to++ = '\r';
        *to++ = *at;
    }
    *to = '\0';
    check_trusted("with the line ends of Windows", trusting(&simulator, both));
    options = trusting(&simulator, NULL);
    hb_options_add_ca_pem(options, right, strlen(right));
    check_trusted("with its length", options);
    free(both);
    free(right);
    free(other);
    simulator_stop(&simulator);
}

/* Servers that speak one version only, over HTTP/2 as any other. */
static void versions(void) {
    static const char *const VERSIONS[] = {"--tls12", "--tls13"};
    size_t i;
    for (i = 0; i < sizeof VERSIONS / sizeof *VERSIONS; i++) {
        struct simulator simulator;
        start(&simulator, VERSIONS[i], NULL);
        char *pem = contents(authority);
        check_trusted(VERSIONS[i], trusting(&simulator, pem));
        char *last = control_at(simulator.control, "GET", "/simulator/last", "");
        check(json_has(last, "\"version\":\"HTTP/2.0\""), "over HTTP/2", "%s", last);
        free(last);
        free(pem);
        simulator_stop(&simulator);
        start(&simulator, VERSIONS[i], NULL);
        check_refused("without trust", &simulator, trusting(&simulator, NULL), "certificate");
        simulator_stop(&simulator);
    }
}

int main(void) {
    check_begin();
    certificates();
    authorities();
    versions();
    return check_end();
}
