/* not-under: valgrind (it takes what the ciphers' assembler computes for uninitialised) */
/*
 * The bound of the headers, over both versions of HTTP.
 */
#include "check.h"

static void headers(const char *version, hb_options *options, uint64_t limit, hb_status expected) {
    char script[9000] = "header=x-long:";
    size_t begin = strlen(script);
    hb_request *request = test_chat("hello");
    hb_response *response = NULL;
    hb_error *error = NULL;
    memset(script + begin, 'x', 8000);
    script[begin + 8000] = '\0';
    hb_options_set_header(options, "x-simulator-fault", script, HB_NUL);
    hb_options_set_limit(options, HB_LIMIT_HEADERS, limit);
    hb_client *client = client_of(options);
    check_status(version, hb_chat(client, request, &response, &error), expected);
    if (expected != HB_OK) check_has("for its headers", hb_error_message(error, NULL), "of 5000: bytes of the headers");
    hb_error_free(error);
    hb_response_free(response);
    hb_client_free(client);
    hb_request_free(request);
}

int main(void) {
    check_begin();
    headers("a long head over HTTP/1.1", test_options(), 5000, HB_E_BAD_RESPONSE);
    headers("with room, over HTTP/1.1", test_options(), 10000, HB_OK);
    headers("a long head over HTTP/2", tls_options(), 5000, HB_E_BAD_RESPONSE);
    headers("with room, over HTTP/2", tls_options(), 10000, HB_OK);
    return check_end();
}
