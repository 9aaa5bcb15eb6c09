/*
 * A name server that hangs. A lookup cannot be ended, so that what waits for it must be, and what does not must go on.
 * Its names: good.lab is the simulator; hangN.lab are not answered until released; it writes down what it is asked.
 */
#include "lab.h"

/* Ends a wait for the server that nobody ends otherwise, long after any check has. */
#define LONG_MS 25000
#define SHORT_MS 1000
/* Rule R1: two workers and four that look names up. */
#define MOST_THREADS 6

/* How many threads the library has, by their names. */
static int library_threads(void) {
    DIR *folder = opendir("/proc/self/task");
    struct dirent *entry;
    int count = 0;
    if (folder == NULL) give_up("no list of threads");
    while ((entry = readdir(folder)) != NULL) {
        char path[512];
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        count += lines_with(path, "hyperbolic-", NULL);
    }
    closedir(folder);
    return count;
}

/* How often the name server was asked for exactly this name. */
static int asked_for(const char *name) {
    char line[128];
    snprintf(line, sizeof line, "%s\n", name);
    return lines_with(setting("HB_LAB_QUERIES"), line, NULL);
}

static hb_client *client_to(const char *host, uint32_t connect_ms) {
    char url[128];
    snprintf(url, sizeof url, "http://%s:%d", host, port_of(setting("HB_TEST_URL")));
    hb_options *options = lab_options(url, NULL);
    hb_options_set_connect_timeout_ms(options, connect_ms);
    return client_of(options);
}

/* A request that waits for a name that hangs: the name server has been asked when this returns. */
struct waiter {
    hb_client *client;
    hb_op op;
};

static struct waiter wait_for_name(hb_queue *queue, int number) {
    char host[32];
    struct waiter waiter;
    snprintf(host, sizeof host, "hang%d.lab", number);
    int asked = asked_for(host);
    waiter.client = client_to(host, LONG_MS);
    waiter.op = start_chat(waiter.client, queue, (uint64_t)number);
    WAIT_UNTIL(asked_for(host) > asked);
    check(asked_for(host) > asked, "a name is asked for", "%s is not", host);
    return waiter;
}

/* Every name that waits gets its answer: there is no such name. */
static void release(void) {
    lab("release");
}

/* Takes as many ends as there are requests; how many of them have `status`. */
static int take_ends(hb_queue *queue, int requests, hb_status status) {
    int i, good = 0;
    for (i = 0; i < requests; i++) {
        const hb_event *done = next_of_kind(queue, HB_EVENT_DONE);
        if (done == NULL) break;
        good += done->status == status;
        if (done->status != status) {
            printf("# %s: %s\n", hb_status_name(done->status), hb_error_message(done->error, NULL));
        }
        hb_event_free(done);
    }
    return good;
}

static void check_reachable(const char *name, const char *host) {
    hb_client *client = client_to(host, LONG_MS);
    check_answered(name, chat_with(client));
    hb_client_free(client);
}

static void one_that_hangs(void) {
    hb_client *client = client_to("hang0.lab", SHORT_MS);
    int64_t began = clock_ms();
    check_failed("a lookup that hangs ends with the connect deadline", chat_with(client), HB_E_DEADLINE, "connect");
    check(clock_ms() - began >= SHORT_MS, "not before its time", "after %lld ms", (long long)(clock_ms() - began));
    hb_client_free(client);
    release();

    /* Another name: the lookup that was released may not have ended yet, and would be joined. */
    hb_queue *queue = test_queue();
    struct waiter waiter = wait_for_name(queue, 5);
    hb_cancel(waiter.op);
    check_cancelled_at_once("a cancel does not wait for a lookup", queue);
    waiter.op = start_chat(waiter.client, queue, 5);
    hb_client_free(waiter.client);
    check_cancelled_at_once("nor does hb_client_free", queue);
    hb_queue_free(queue);
    release();
}

/* A name is looked up once at a time, whoever asks. */
static void the_same_name(void) {
    enum { MANY = 20 };
    hb_queue *queue = test_queue();
    int i, before = asked_for("hang9.lab");
    struct waiter waiter = wait_for_name(queue, 9);
    for (i = 1; i < MANY; i++) start_chat(waiter.client, queue, 9);
    /* Whatever else would be asked for it is asked before this. */
    check_reachable("a good name beside a hanging one with 20 requests", "good.lab");
    check_number("20 requests to one name: lookups", asked_for("hang9.lab") - before, 1);
    hb_client *other = client_to("hang9.lab", LONG_MS);
    for (i = 0; i < MANY; i++) start_chat(other, queue, 9);
    check_reachable("beside one with 40 requests of two clients", "good.lab");
    check_number("20 more by another client: lookups", asked_for("hang9.lab") - before, 1);
    release();
    check_number("the one answer is for all of them", take_ends(queue, 2 * MANY, HB_E_CONNECT), 2 * MANY);
    check_number("and nobody has asked again", asked_for("hang9.lab") - before, 1);
    hb_client_free(waiter.client);
    hb_client_free(other);
    hb_queue_free(queue);
}

/* Four at a time: three that hang leave room for one, four do not. */
static void many_that_hang(void) {
    enum { ROOM = 4 };
    struct waiter waiters[ROOM];
    hb_queue *queue = test_queue();
    int i;
    for (i = 0; i < ROOM - 1; i++) waiters[i] = wait_for_name(queue, i + 1);
    check_reachable("a good name beside three that hang", "good.lab");
    waiters[i] = wait_for_name(queue, i + 1);

    int before = asked_for("good.lab");
    hb_client *good = client_to("good.lab", SHORT_MS);
    int64_t began = clock_ms();
    check_failed("a good name beside four that hang waits, within its connect deadline", chat_with(good), HB_E_DEADLINE,
                 "connect");
    check(clock_ms() - began >= SHORT_MS, "and does not end before", "after %lld ms", (long long)(clock_ms() - began));
    check_number("it was not even asked for", asked_for("good.lab") - before, 0);
    check_reachable("an address needs no name server", "10.77.0.2");
    check(library_threads() <= MOST_THREADS, "no more threads than promised", "%d", library_threads());

    /* The one that waits for room gets it, in the end. */
    hb_queue *late = test_queue();
    hb_client *patient = client_to("good.lab", LONG_MS);
    start_chat(patient, late, 0);
    /* Nobody waits for these names any more, and nevertheless they hold their places. */
    for (i = 0; i < ROOM; i++) hb_cancel(waiters[i].op);
    check_number("a cancel of all that hang", take_ends(queue, ROOM, HB_E_CANCELLED), ROOM);
    check_failed("leaves their lookups", chat_with(good), HB_E_DEADLINE, "connect");
    release();
    check_number("a request that waited for room is answered", take_ends(late, 1, HB_OK), 1);
    check_answered("the same client finds the name then", chat_with(good));
    check_reachable("so does a new one", "good.lab");
    check_reachable("and an address is found as before", "10.77.0.2");
    for (i = 0; i < ROOM; i++) hb_client_free(waiters[i].client);
    hb_client_free(good);
    hb_client_free(patient);
    hb_queue_free(queue);
    hb_queue_free(late);
}

static void not_there(void) {
    hb_client *client = client_to("nothing.lab", LONG_MS);
    check_failed("a name that does not exist", chat_with(client), HB_E_CONNECT, "");
    hb_client_free(client);
}

int main(void) {
    check_begin();
    check_reachable("a good name", "good.lab");
    check_reachable("an address", "10.77.0.2");
    not_there();
    one_that_hangs();
    many_that_hang();
    the_same_name();
    return check_end();
}
