/*
 * The system's authorities, in a system whose file of them is ours: HB_LAB_ROOTS.
 */
#include "lab.h"

/* The certificate of the simulator's authority. */
static char *authority;

static void set_roots(const char *before, const char *pem, const char *after) {
    FILE *file = fopen(setting("HB_LAB_ROOTS"), "wb");
    if (file == NULL || fprintf(file, "%s%s%s", before, pem, after) < 0 || fclose(file) != 0) give_up("HB_LAB_ROOTS");
}

static hb_options *with_roots(int32_t system_roots) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, setting("HB_TEST_TLS_URL"), HB_NUL);
    hb_options_set_system_roots(options, system_roots);
    return options;
}

/* One check that no client can be made: the system trusts nobody. */
static void check_none(const char *name) {
    hb_options *options = with_roots(1);
    hb_client *client = (hb_client *)options;
    hb_error *error = NULL;
    hb_status status = hb_client_new(options, &client, &error);
    check(status == HB_E_INVALID_ARGUMENT && client == NULL && strcmp(hb_error_param(error), "system_roots") == 0
              && *hb_error_hint(error) != '\0',
          name, "%s, param \"%s\", \"%s\"", hb_status_name(status), hb_error_param(error), hb_error_message(error, NULL));
    hb_error_free(error);
    hb_client_free(client);
    hb_options_free(options);
}

int main(void) {
    static const char BROKEN[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    check_begin();
    FILE *file = fopen(setting("HB_TEST_CA"), "rb");
    if (file == NULL) give_up("HB_TEST_CA");
    authority = read_all(fileno(file));
    fclose(file);

    set_roots("", authority, "");
    check_failed("the built-in authorities are the default", chat_by(with_roots(0)), HB_E_CONNECT, "certificate");
    check_answered("an authority of the system", chat_by(with_roots(1)));
    hb_options *options = with_roots(1);
    hb_options_set_system_roots(options, 0);
    check_failed("the last word counts", chat_by(options), HB_E_CONNECT, "certificate");
    set_roots(BROKEN, authority, BROKEN);
    check_answered("beside certificates that cannot be read", chat_by(with_roots(1)));
    hb_client *client = client_of(with_roots(1));
    set_roots("", BROKEN, "");
    check_answered("what hb_client_new read stays", chat_with(client));
    hb_client_free(client);

    check_none("certificates that cannot be read");
    set_roots("nothing", " to be", " found\n");
    check_none("no certificates");
    set_roots("", "", "");
    check_none("an empty file");

    set_roots("", setting("HB_LAB_OTHER"), "");
    check_failed("another authority of the system", chat_by(with_roots(1)), HB_E_CONNECT, "certificate");
    setenv("SSL_CERT_FILE", setting("HB_TEST_CA"), 1);
    check_failed("the environment says nothing", chat_by(with_roots(1)), HB_E_CONNECT, "certificate");
    options = with_roots(1);
    trust(options, "HB_TEST_CA");
    check_answered("one that was added is trusted too", chat_by(options));
    free(authority);
    return check_end();
}
