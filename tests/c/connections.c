/*
 * Connections: used again by the next request, and gone with their client.
 */
#include "check.h"

/* Waits until at most `most` connections are open. */
static long wait_for_open(long most) {
    char path[128];
    snprintf(path, sizeof path, "/simulator/wait?open-at-most=%ld&timeout-ms=%d", most, PATIENCE_MS);
    char *stats = control("GET", path, "");
    long open = counted(stats, "open");
    free(stats);
    return open;
}

static int32_t go_on(const hb_event *event, void *context) {
    (void)event;
    (void)context;
    return HB_CONTINUE;
}

/*
 * One request after the other, of every kind. An answer is told when it is complete, and read to its end after that:
 * the next request may come before, so that two connections take turns. A third would mean that one was lost.
 */
static void used_again(void) {
    hb_client *client = test_client(NULL);
    hb_request *chat = test_chat("x"), *completion = hb_request_new(BASE_MODEL, HB_NUL);
    hb_model_list *models = NULL;
    hb_queue *queue = test_queue();
    int i, good = 0;
    hb_request_set_prompt(completion, "x", HB_NUL);
    control_only("POST", "/simulator/reset", "");
    for (i = 0; i < 3; i++) {
        good += hb_chat(client, chat, NULL, NULL) == HB_OK;
        good += hb_chat_stream(client, chat, go_on, NULL, NULL, NULL) == HB_OK;
        good += hb_complete(client, completion, NULL, NULL) == HB_OK;
        good += hb_models(client, &models, NULL) == HB_OK;
        hb_model_list_free(models);
        good += hb_start(client, chat, queue, 0, NULL, NULL) == HB_OK;
        hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
        faults("status=429,times=1");
        good += hb_chat(client, chat, NULL, NULL) == HB_E_RATE_LIMITED;
    }
    check_number("requests that went well", good, 18);
    check(count_of("connections") <= 2, "connections are used again", "%ld were opened", count_of("connections"));
    hb_queue_free(queue);
    hb_request_free(chat);
    hb_request_free(completion);
    hb_client_free(client);
}

/* What is idle closes too. */
static void gone_with_their_client(void) {
    hb_client *client = test_client(NULL);
    wait_for_open(0);
    check_status("a request", chat_once(client), HB_OK);
    check_number("its connection stays open", count_of("open"), 1);
    hb_client_close(client);
    check_number("until hb_client_close", wait_for_open(0), 0);
    hb_client_free(client);
    client = test_client(NULL);
    check_status("another client's request", chat_once(client), HB_OK);
    check_number("has one too", count_of("open"), 1);
    hb_client_free(client);
    check_number("until hb_client_free", wait_for_open(0), 0);
}

int main(void) {
    check_begin();
    used_again();
    gone_with_their_client();
    return check_end();
}
