/*
 * Connections that are kept, over plain HTTP/1.1, and a server that closes them after a while.
 */
#include "pools.h"
#include "simulator.h"

static struct simulator impatient;

static hb_options *impatient_options(void) {
    hb_options *options = test_options();
    hb_options_set_base_url(options, impatient.url, HB_NUL);
    return options;
}

/* The server closes what is idle, now before and now while the next request is sent. */
static void closed_when_idle(void) {
    static const char *const OPTIONS[] = {"--idle-ms", "40", NULL};
    enum { ROUNDS = 60 };
    simulator_start(&impatient, OPTIONS);
    const struct way way = {"a server that closes early", impatient.control, impatient_options, 0};
    hb_client *client = client_of(impatient_options());
    hb_request *request = test_chat("x");
    int i, good = 0;
    for (i = 0; i < ROUNDS; i++) {
        struct outcome outcome;
        memset(&outcome, 0, sizeof outcome);
        outcome_of(&outcome, client, request);
        if (outcome.status == HB_OK && outcome.retries <= 1) good += 1;
        else printf("# %s after %u retries\n", hb_error_message(outcome.error, NULL), (unsigned)outcome.retries);
        outcome_free(&outcome);
        wait_for_open(&way, 0, i % 3 == 0 ? PATIENCE_MS : 36 + i % 8);
    }
    check_number("requests to a server that closes early", good, ROUNDS);
    check_number("all are closed in the end", wait_for_open(&way, 0, PATIENCE_MS), 0);
    check(hb_client_count(client, HB_COUNT_REPLAYS) <= ROUNDS, "replays", "%lld",
          (long long)hb_client_count(client, HB_COUNT_REPLAYS));
    printf("# %lld replays\n", (long long)hb_client_count(client, HB_COUNT_REPLAYS));
    hb_request_free(request);
    hb_client_free(client);
    simulator_stop(&impatient);
}

/* A server that was restarted: the kept connections are dead, all of them. */
static void restarted(void) {
    enum { MANY = 5 };
    static const char *const ANYWHERE[] = {NULL};
    char port[16];
    const char *there[] = {"--port", port, NULL};
    simulator_start(&impatient, ANYWHERE);
    snprintf(port, sizeof port, "%d", port_of(impatient.url));
    const struct way way = {"a server that is restarted", impatient.control, impatient_options, 0};
    hb_client *client = client_of(impatient_options());
    side_by_side("before the restart", &way, client, MANY);
    simulator_stop(&impatient);
    simulator_start(&impatient, there);
    const struct way again = {"a server that was restarted", impatient.control, impatient_options, 0};
    side_by_side("after it", &again, client, MANY);
    check_status("and one by one", chat_once(client), HB_OK);
    check_number("no request was sent by a retry", (long long)hb_client_count(client, HB_COUNT_RETRIES),
                 (long long)hb_client_count(client, HB_COUNT_REPLAYS));
    hb_client_free(client);
    simulator_stop(&impatient);
}

int main(void) {
    const struct way plain = {"HTTP/1.1", setting("HB_TEST_CONTROL"), test_options, 0};
    check_begin();
    all_pools(&plain, 20, 20);
    closed_when_idle();
    restarted();
    return check_end();
}
