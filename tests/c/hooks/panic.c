/*
 * A panic inside the library comes back as a status with its text; the process lives, and nothing is printed.
 */
#include "../silence.h"

/* Of test builds only: 0 panics in this call, 1 in the task of the next request, 2 at its end. */
HB_API hb_status hb_test_panic(uint32_t place);

#define TEXT "the panic that a test asked for"

static void in_a_call(void) {
    int i;
    for (i = 0; i < 3; i++) check_status("a panic in a call", hb_test_panic(0), HB_E_PANIC);
}

static void check_panic(const char *name, hb_status status, const hb_response *response, const hb_error *error) {
    check_status(name, status, HB_E_PANIC);
    check_status("its error", hb_error_status(error), HB_E_PANIC);
    check_has("has the panic's text", hb_error_message(error, NULL), TEXT);
    check_number("is not to be retried", hb_error_is_retryable(error), 0);
    check(response != NULL && hb_response_status(response) == HB_E_PANIC, "its response says so too", "it does not");
}

static int32_t on_event(const hb_event *event, void *context) {
    *(hb_status *)context = event->status;
    return HB_CONTINUE;
}

static void in_a_task(uint32_t place) {
    hb_client *client = test_client(NULL);
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("x");
    hb_response *response = NULL;
    hb_error *error = NULL;
    hb_status at_done = HB_OK;
    hb_test_panic(place);
    hb_status status = hb_chat(client, request, &response, &error);
    check_panic("a panic in the task of hb_chat", status, response, error);
    hb_response_free(response);
    hb_error_free(error);
    check_status("the next call works", chat_once(client), HB_OK);

    hb_test_panic(place);
    status = hb_chat_stream(client, request, on_event, &at_done, &response, &error);
    check_panic("a panic in the task of hb_chat_stream", status, response, error);
    check_status("its DONE", at_done, HB_E_PANIC);
    hb_response_free(response);
    hb_error_free(error);

    hb_test_panic(place);
    check_status("hb_start", hb_start(client, request, queue, 0, NULL, NULL), HB_OK);
    const hb_event *done = next_event(queue);
    while (done != NULL && done->kind != HB_EVENT_DONE) {
        hb_event_free(done);
        done = next_event(queue);
    }
    check(done != NULL && done->kind == HB_EVENT_DONE, "its DONE comes", "another event came");
    if (done != NULL) check_panic("a panic in a task that was started", done->status, done->response, done->error);
    hb_event_free(done);

    hb_model_list *models = NULL;
    hb_test_panic(place);
    check_status("a panic in the task of hb_models", hb_models(client, &models, &error), HB_E_PANIC);
    check(models == NULL && strstr(hb_error_message(error, NULL), TEXT) != NULL, "says so",  "%s",
          hb_error_message(error, NULL));
    hb_error_free(error);
    check_status("and the client works on", chat_once(client), HB_OK);
    hb_request_free(request);
    hb_queue_free(queue);
    hb_client_free(client);
}

/* A panic in every kind of call; how many came back as one. */
static int every_panic(void) {
    hb_client *client = test_client(NULL);
    hb_model_list *models = NULL;
    hb_request *request = test_chat("x");
    hb_status at_done = HB_OK;
    int panics = 0;
    panics += hb_test_panic(0) == HB_E_PANIC;
    hb_test_panic(1);
    panics += chat_once(client) == HB_E_PANIC;
    hb_test_panic(1);
    panics += hb_chat_stream(client, request, on_event, &at_done, NULL, NULL) == HB_E_PANIC;
    hb_test_panic(1);
    panics += hb_models(client, &models, NULL) == HB_E_PANIC;
    hb_request_free(request);
    hb_client_free(client);
    return panics;
}

int main(void) {
    check_begin();
    in_a_call();
    in_a_task(1);
    in_a_task(2);
    IN_SILENCE("panics", 4, every_panic());
    in_a_call();
    return check_end();
}
