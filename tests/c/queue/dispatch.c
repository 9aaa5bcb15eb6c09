/*
 * The pump: what a dispatch handles and when it returns, whom it is fair to, and what a callback may do.
 */
#include "outcome.h"

/* What a callback does at its nth event, and what it has seen. */
struct script {
    hb_queue *queue;
    hb_client *client;
    int32_t answer;
    void (*at_first)(struct script *script, const hb_event *event);
    uint32_t events, dones, texts;
    uint64_t tags[64];
    pthread_t thread;
    hb_status inner;
    hb_op op;
};

static int32_t HB_CALL follow(const hb_event *event, void *context) {
    struct script *script = (struct script *)context;
    if (script->events < 64) script->tags[script->events] = event->tag;
    script->events += 1;
    script->dones += event->kind == HB_EVENT_DONE;
    script->texts += event->kind == HB_EVENT_TEXT;
    check(event->struct_size >= 96, "an event", "of %u bytes", event->struct_size);
    if (!pthread_equal(script->thread, pthread_self())) check(0, "the thread", "is another one");
    if (script->events == 1 && script->at_first != NULL) script->at_first(script, event);
    return script->answer;
}

static struct script script_of(hb_queue *queue) {
    struct script script;
    memset(&script, 0, sizeof script);
    script.queue = queue;
    script.thread = pthread_self();
    return script;
}

/*
 * A queue with everything of so many requests, of so many choices each: a piece a choice, and the end. Their tags
 * count from 1.
 */
static hb_queue *queue_with(int many, int choices) {
    hb_client *client = test_client("words=30");
    hb_queue *queue = test_queue();
    hb_request *request = test_chat("Dispatch me");
    int i;
    hb_request_set_n(request, choices);
    for (i = 0; i < many; i++) {
        if (hb_start(client, request, queue, (uint64_t)i + 1, NULL, NULL) != HB_OK) give_up("nothing starts");
    }
    hb_request_free(request);
    while (hb_client_count(client, HB_COUNT_SUCCEEDED) < many) poll(NULL, 0, 1);
    /* What is counted may be about to end; what is closed has ended. */
    hb_client_free(client);
    return queue;
}

static void handles(void) {
    hb_queue *queue = queue_with(3, 4);
    struct script script = script_of(queue);
    uint32_t handled = 77, i, turns = 0;
    check_status("one event", hb_queue_dispatch(queue, follow, &script, 1, 0, &handled), HB_OK);
    check_number("is handled", handled, 1);
    check_status("the rest", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_OK);
    check_number("of what waits", handled, 14);
    check_number("a piece for each choice", script.texts, 12);
    check_number("an end for each request", script.dones, 3);
    for (i = 3; i < script.events && i < 64; i++) turns += script.tags[i] == script.tags[i - 3];
    check_number("they take turns", turns, 12);
    check(script.tags[0] != script.tags[1] && script.tags[0] != script.tags[2], "from the first", "one comes twice");
    check_status("nothing is left", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_OK);
    check_number("and nothing handled", handled, 0);
    check_status("handled may be NULL", hb_queue_dispatch(queue, follow, &script, 0, 0, NULL), HB_OK);
    hb_queue_close(queue);
    handled = 77;
    check_status("closed", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_E_CLOSED);
    check_number("closed: none", handled, 0);
    hb_queue_free(queue);
}

static void busy_wait(struct script *script, const hb_event *event) {
    int64_t begun = clock_ms();
    (void)script;
    (void)event;
    while (clock_ms() < begun + 3) continue;
}

/* When it returns; a budget is looked at after each event. */
static void returns(void) {
    static const struct {
        const char *name;
        int32_t answer;
        void (*at_first)(struct script *script, const hb_event *event);
        uint32_t budget_us, handled;
    } CASES[] = {
        {"HB_CONTINUE handles all", HB_CONTINUE, NULL, 0, 6},
        {"HB_RETURN returns", HB_RETURN, NULL, 0, 1},
        {"with a budget of an hour all", HB_CONTINUE, NULL, 3600000000u, 6},
        {"a budget is over after the event that used it up", HB_CONTINUE, busy_wait, 2000, 1},
    };
    size_t i;
    for (i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        hb_queue *queue = queue_with(3, 1);
        struct script script = script_of(queue);
        uint32_t handled = 0;
        script.answer = CASES[i].answer;
        script.at_first = CASES[i].at_first;
        check_status(CASES[i].name, hb_queue_dispatch(queue, follow, &script, 0, CASES[i].budget_us, &handled), HB_OK);
        check_number(CASES[i].name, handled, CASES[i].handled);
        check_number("as many as were called", script.events, handled);
        hb_queue_free(queue);
    }
}

/* A stop cancels the request of the event, whose end then comes. */
static void stops(void) {
    static const int32_t ANSWERS[] = {HB_STOP, -1, 77};
    size_t i;
    for (i = 0; i < sizeof ANSWERS / sizeof *ANSWERS; i++) {
        hb_client *client = test_client("stall-after=5");
        hb_queue *queue = test_queue();
        hb_request *request = test_chat("Stop me");
        hb_op op = 0;
        struct script script = script_of(queue);
        const hb_event *done = NULL;
        hb_start(client, request, queue, 1, &op, NULL);
        script.answer = ANSWERS[i];
        while (script.texts == 0) {
            hb_queue_dispatch(queue, follow, &script, 1, 0, NULL);
            poll(NULL, 0, 1);
        }
        check_number("one piece", script.texts, 1);
        done = next_event(queue);
        if (done != NULL && check(done->kind == HB_EVENT_DONE, "then the end", "not %u", done->kind)) {
            check_status("cancelled", done->status, HB_E_CANCELLED);
            check(hb_response_text(done->response, 0, NULL)[0] != '\0', "with its text", "it has none");
        }
        hb_event_free(done);
        hb_request_free(request);
        hb_queue_free(queue);
        hb_client_free(client);
    }
}

/* From a callback: every function, also another dispatch and a blocking call. */
static void inner_dispatch(struct script *script, const hb_event *event) {
    uint32_t handled = 0;
    (void)event;
    script->inner = hb_queue_dispatch(script->queue, follow, script, 1, 0, &handled);
    check_number("a dispatch within", handled, 1);
    check_status("a blocking call within", chat_once(script->client), HB_OK);
}

static void within_a_callback(void) {
    hb_queue *queue = queue_with(2, 1);
    struct script script = script_of(queue);
    uint32_t handled = 0;
    script.client = test_client(NULL);
    script.at_first = inner_dispatch;
    check_status("a dispatch around", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_OK);
    check_status("and in it", script.inner, HB_OK);
    check_number("handles the rest", handled, 3);
    check_number("each event once", script.events, 4);
    hb_queue_free(queue);
    hb_client_free(script.client);
}

static void free_queue(struct script *script, const hb_event *event) {
    hb_queue_free(script->queue);
    check(event->tag > 0, "the event lives on in its callback", "tag %d", (int)event->tag);
}

static void wake_and_free_queue(struct script *script, const hb_event *event) {
    hb_queue_wake(script->queue);
    free_queue(script, event);
}

static void close_queue(struct script *script, const hb_event *event) {
    (void)event;
    hb_queue_close(script->queue);
}

static void ends_within(void) {
    hb_queue *queue = queue_with(2, 1);
    struct script script = script_of(queue);
    uint32_t handled = 0;
    script.at_first = free_queue;
    check_status("freed in a callback", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_E_CLOSED);
    check_number("the dispatch returns after it", handled, 1);

    queue = queue_with(2, 1);
    script = script_of(queue);
    script.at_first = wake_and_free_queue;
    check_status("freed with a wake", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_E_CLOSED);

    queue = queue_with(2, 1);
    script = script_of(queue);
    script.at_first = close_queue;
    check_status("closed in a callback", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_OK);
    check_number("what had ended is handled", handled, 4);
    check_status("and then it is closed", hb_queue_dispatch(queue, follow, &script, 0, 0, &handled), HB_E_CLOSED);
    hb_queue_free(queue);
}

struct consumer {
    hb_queue *queue;
    hb_status status;
};

static void *wait_for_event(void *context) {
    struct consumer *consumer = (struct consumer *)context;
    const hb_event *event = NULL;
    consumer->status = hb_queue_next(consumer->queue, -1, &event);
    hb_event_free(event);
    return NULL;
}

/* Who waits is the consumer. */
static void busy(void) {
    struct consumer other;
    pthread_t thread;
    struct script script = script_of(NULL);
    hb_status status = HB_OK;
    other.queue = test_queue();
    pthread_create(&thread, NULL, wait_for_event, &other);
    while (status == HB_OK) status = hb_queue_dispatch(other.queue, follow, &script, 0, 0, NULL);
    check_status("a second consumer", status, HB_E_BUSY);
    hb_queue_wake(other.queue);
    pthread_join(thread, NULL);
    check_status("the first is woken", other.status, HB_WOKEN);
    hb_queue_free(other.queue);
}

int main(void) {
    check_begin();
    handles();
    returns();
    stops();
    within_a_callback();
    ends_within();
    busy();
    return check_end();
}
