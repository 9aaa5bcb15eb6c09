/* not-under: valgrind (it does not follow the processes that this starts) */
/*
 * Processes that exit in the middle of streams, from everywhere; that load and unload the library, and load it twice:
 * none crashes, hangs or says anything. Each is this program again, with its part as an argument. HB_TEST_EXITS is how
 * often each exit, HB_TEST_LOADS how often the library is loaded.
 */
#include "exits.h"

enum { STREAMS = 4, EXITS = 10, LOADS = 100 };

/* Where the sanitizer for leaks finds what an exit leaves. */
static hb_client *client;
static hb_queue *queue;
static hb_request *request;

static void *wait_in_call(void *context) {
    hb_chat(client, request, NULL, NULL);
    return context;
}

static void *wait_in_queue(void *context) {
    const hb_event *event = NULL;
    while (hb_queue_next(queue, -1, &event) == HB_OK) hb_event_free(event);
    return context;
}

/* Nobody joins it: the process ends first. */
static void begin_thread(void *(*run)(void *)) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, NULL) != 0 || pthread_detach(thread) != 0) give_up("no thread");
}

/* Streams on all of which a piece has come, and two threads that wait. */
static void stream(void *(*waits)(void *)) {
    int i;
    client = test_client("words=2000,event-delay=2");
    queue = test_queue();
    request = test_chat("Tell me a long story");
    for (i = 0; i < STREAMS; i++) {
        if (hb_start(client, request, queue, 0, NULL, NULL) != HB_OK) give_up("hb_start");
    }
    wait_for_count("streams_started", STREAMS);
    hb_event_free(next_of_kind(queue, HB_EVENT_TEXT));
    begin_thread(wait_in_call);
    if (waits != NULL) begin_thread(waits);
    wait_for_count("streams_started", STREAMS + 1);
}

/* ---- Ways to exit ---- */

static void from_main(void) {
    stream(wait_in_queue);
}

static void *exit_here(void *context) {
    (void)context;
    wait_for_count("streams_started", STREAMS + 1);
    exit(EXIT_SUCCESS);
}

static void from_thread(void) {
    stream(exit_here);
    wait_in_queue(NULL);
    pause();
}

static int32_t exit_in_callback(const hb_event *event, void *context) {
    (void)event, (void)context;
    exit(EXIT_SUCCESS);
}

static void from_callback(void) {
    stream(NULL);
    for (;;) hb_queue_dispatch(queue, exit_in_callback, NULL, 0, 0, NULL);
}

/* What a program's own end does, when the library's threads are at work still. */
static void use_and_free(void) {
    hb_op op = 0;
    hb_start(client, request, queue, 0, &op, NULL);
    hb_cancel(op);
    hb_event_free(next_of_kind(queue, HB_EVENT_DONE));
    hb_queue_free(queue);
    hb_client_free(client);
    hb_request_free(request);
    queue = NULL, client = NULL, request = NULL;
}

static void from_atexit(void) {
    if (atexit(use_and_free) != 0) give_up("atexit");
    stream(NULL);
}

static void shut_down(void) {
    if (hb_shutdown(-1) != HB_OK) _exit(EXIT_FAILURE);
}

static void from_atexit_with_shutdown(void) {
    if (atexit(shut_down) != 0) give_up("atexit");
    stream(wait_in_queue);
}

/* Loaded, and never used. */
static void unused(void) {
    struct library library;
    memset(&library, 0, sizeof library);
    library_load(&library, 0);
}

/* ---- Loading ---- */

/* Every second time it is unloaded in the middle of a stream, without a word; the next time ends that. */
static void load_and_unload(void) {
    struct library library;
    memset(&library, 0, sizeof library);
    int i, times = (int)number_in("HB_TEST_LOADS", LOADS) / 2 * 2, good = 0, threads_before = 0, descriptors_before = 0;
    for (i = 0; i < times; i++) {
        library_load(&library, 0);
        good += library_answers(&library);
        if (i % 2 == 0) library_streams(&library);
        else good -= !library_end(&library);
        library_unload(&library);
        if (i == 1) threads_before = threads(), descriptors_before = descriptors();
    }
    check_number("loaded, used, unloaded", good, times);
    check_number("no thread is left", threads(), threads_before);
    check_number("and no descriptor", descriptors(), descriptors_before);
}

/* With this program's own that makes three. */
static void two_copies(void) {
    static struct library library[2];
    int i;
    for (i = 0; i < 2; i++) library_load(&library[i], i);
    check(library[0].handle != library[1].handle, "two copies", "it is one");
    for (i = 0; i < 2; i++) library_streams(&library[i]);
    stream(wait_in_queue);
    for (i = 0; i < 2; i++) check_number("each answers", library_answers(&library[i]), 1);
    check_number("the end of one", library_end(&library[0]), 1);
    check_number("does not touch the other", library_answers(&library[1]), 1);
    check_number("it begins anew", library_answers(&library[0]), 1);
    library_streams(&library[0]);
}

static const struct part {
    const char *name;
    void (*run)(void);
    /* How often it runs; 0 is HB_TEST_EXITS. */
    int times;
    /* What the simulator sees broken off. */
    int closes;
} parts[] = {
    {"main returns", from_main, 0, STREAMS + 1},
    {"another thread exits", from_thread, 0, STREAMS + 1},
    {"a callback exits", from_callback, 0, STREAMS + 1},
    {"atexit uses and frees", from_atexit, 0, STREAMS + 1},
    {"atexit shuts down", from_atexit_with_shutdown, 0, STREAMS + 1},
    {"loaded and never used", unused, 0, 0},
    {"loaded again and again", load_and_unload, 1, 0},
    {"two copies in one process", two_copies, 1, STREAMS + 1},
};

enum { PARTS = sizeof parts / sizeof *parts };

int main(int count, char **arguments) {
    char number[16];
    int i, time;
    check_begin();
    program = arguments[0];
    if (count > 1) {
        parts[atoi(arguments[1])].run();
        /* Not exit: that is a matter of the part. */
        return check_end();
    }
    printf("# %ld exits of each kind, %ld loads\n", number_in("HB_TEST_EXITS", EXITS),
           number_in("HB_TEST_LOADS", LOADS));
    copy_library(0);
    copy_library(1);
    for (i = 0; i < PARTS; i++) {
        int times = parts[i].times > 0 ? parts[i].times : (int)number_in("HB_TEST_EXITS", EXITS), good = 0;
        snprintf(number, sizeof number, "%d", i);
        for (time = 0; time < times; time++) {
            control_only("POST", "/simulator/reset", "");
            good += runs_well(number);
            if (parts[i].closes > 0) good -= wait_for_count("closes", parts[i].closes) < parts[i].closes;
        }
        check_number(parts[i].name, good, times);
    }
    return check_end();
}
