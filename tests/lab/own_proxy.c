/*
 * The proxy of SECURITY.md, as it stands there: it has the key, the client has a player's token.
 *
 * From the environment: HB_LAB_PROXY its address, HB_LAB_TOKEN the token that the account service knows, and HB_TEST_KEY
 * the one key that the server takes, which no client here has.
 */
#include "lab.h"
#include "../c/same.h"

/* Settings of a game: no key but this token. */
static hb_options *game(const char *token) {
    char url[64];
    hb_options *options = hb_options_new();
    snprintf(url, sizeof url, "https://%s", setting("HB_LAB_PROXY"));
    hb_options_set_base_url(options, url, HB_NUL);
    hb_options_set_max_retries(options, 0);
    trust(options, "HB_LAB_CA");
    if (token != NULL) hb_options_set_api_key(options, token, HB_NUL);
    return options;
}

static void a_player(void) {
    hb_client *client = client_of(game(setting("HB_LAB_TOKEN")));
    check_answered("a player's token is answered", chat_with(client));
    char *request = last_request(), bearer[128];
    snprintf(bearer, sizeof bearer, "Bearer %s", setting("HB_TEST_KEY"));
    check(strstr(request, bearer) != NULL, "the server sees the key", "it does not");
    check_lacks("and not the token", request, setting("HB_LAB_TOKEN"));
    free(request);
    hb_client_free(client);
}

/* A piece comes while the server still writes, and a cancel gets through to it. */
static void it_streams(void) {
    hb_client *client = client_of(game(setting("HB_LAB_TOKEN")));
    hb_queue *queue = test_queue();
    control_only("POST", "/simulator/reset", "");
    faults("stall-after=5");
    hb_op op = start_chat(client, queue, 0);
    const hb_event *piece = next_of_kind(queue, HB_EVENT_TEXT);
    check(piece != NULL, "a piece of an answer that goes on", "none came");
    hb_event_free(piece);
    hb_cancel(op);
    check_number("the server sees a cancel", wait_for_count("closes", 1), 1);
    faults("");
    hb_queue_free(queue);
    hb_client_free(client);
}

/* What the server never hears of. */
static void others(void) {
    control_only("POST", "/simulator/reset", "");
    check_failed("no token", chat_by(game(NULL)), HB_E_AUTHENTICATION, "401");
    check_failed("a token that nobody knows", chat_by(game("stolen")), HB_E_AUTHENTICATION, "401");

    hb_client *client = client_of(game(setting("HB_LAB_TOKEN")));
    hb_model_list *models = NULL;
    hb_error *error = NULL;
    check_status("another route", hb_models(client, &models, &error), HB_E_BAD_REQUEST);
    check_number("is not there", hb_error_http_status(error), 404);
    hb_error_free(error);

    char *long_text = (char *)memory(300 * 1024 + 1);
    memset(long_text, 'x', 300 * 1024);
    hb_request *request = test_chat(long_text);
    check_status("a long request", hb_chat(client, request, NULL, &error), HB_E_BAD_REQUEST);
    check_number("is too long", hb_error_http_status(error), 413);
    hb_error_free(error);
    hb_request_free(request);
    free(long_text);
    hb_client_free(client);
    check_number("the server has heard of none", count_of("requests"), 0);
}

/* Ten a minute, and five more at once: whoever asks more has to wait, and nobody else does. */
static void too_often(void) {
    hb_client *client = client_of(game(setting("HB_LAB_TOKEN")));
    hb_status status = HB_OK;
    int asked = 0;
    for (; asked < 20 && status == HB_OK; asked++) status = chat_once(client);
    check_status("a player who asks too often", status, HB_E_RATE_LIMITED);
    hb_client_free(client);
    client = client_of(game(setting("HB_LAB_OTHER_TOKEN")));
    check_status("another player", chat_once(client), HB_OK);
    hb_client_free(client);
}

int main(void) {
    check_begin();
    others();
    a_player();
    it_streams();
    too_often();
    return check_end();
}
