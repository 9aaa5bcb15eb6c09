// A callback that leaves by a C++ exception: it reaches the caller of the blocking call, what stood in between is
// destroyed, and the library is whole (rule C5).
#include "check.h"

#include <stdexcept>
#include <string>

namespace {

struct Left : std::runtime_error {
    explicit Left(const std::string &what) : std::runtime_error(what) {}
};

int destroyed = 0;

// Shows that the stack is unwound and not skipped.
struct Witness {
    ~Witness() { destroyed += 1; }
};

// When to throw, and what was seen.
struct Plan {
    uint32_t throw_on;
    hb_client *client;
    std::string text;
    int events;
};

int32_t throwing(const hb_event *event, void *context) {
    Witness witness;
    Plan *plan = static_cast<Plan *>(context);
    plan->events += 1;
    plan->text.append(event->text, event->text_len);
    if (event->kind == plan->throw_on) throw Left(plan->text);
    return HB_CONTINUE;
}

// Every function may be called from a callback, so a callback may be left from within another.
int32_t nested(const hb_event *event, void *context) {
    Plan *plan = static_cast<Plan *>(context);
    if (event->kind != HB_EVENT_TEXT) return HB_CONTINUE;
    hb_request *request = test_chat("from a callback");
    Plan inner = {HB_EVENT_TEXT, plan->client, "", 0};
    try {
        hb_chat_stream(plan->client, request, throwing, &inner, nullptr, nullptr);
    } catch (...) {
        hb_request_free(request);
        plan->events += 1;
        throw;
    }
    hb_request_free(request);
    return HB_CONTINUE;
}

typedef hb_status (*Call)(hb_client *, const hb_request *, hb_event_fn, void *, hb_response **, hb_error **);

// One call that is left; whether the exception came through with what it said.
bool is_left(Call call, hb_client *client, const hb_request *request, hb_event_fn callback, Plan *plan) {
    hb_response *response = nullptr;
    hb_error *error = nullptr;
    try {
        call(client, request, callback, plan, &response, &error);
    } catch (const Left &left) {
        return response == nullptr && error == nullptr && (plan->text.empty() || plan->text == left.what());
    }
    hb_response_free(response);
    hb_error_free(error);
    return false;
}

// Each call has a client of its own, because a client remembers what its server refused and then needs no RETRY.
void by_exception(const char *name, uint32_t kind, const char *script) {
    const int times = 10;
    hb_request *chat = test_chat("Leave me"), *completion = hb_request_new(BASE_MODEL, HB_NUL);
    hb_request_set_prompt(completion, "Leave me", HB_NUL);
    int left = 0, events = 0, works = 0;
    destroyed = 0;
    for (int i = 0; i < times; i++) {
        hb_client *client = test_client(script);
        Plan plan = {kind, client, "", 0};
        const bool even = i % 2 == 0;
        left += is_left(even ? hb_chat_stream : hb_complete_stream, client, even ? chat : completion, throwing, &plan);
        events += plan.events;
        works += chat_once(client) == HB_OK;
        hb_client_free(client);
    }
    check_number(name, left, times);
    check_number("what stood in the callback is destroyed, each time", destroyed, events);
    check_number("then the client works", works, times);
    hb_request_free(chat);
    hb_request_free(completion);
}

// The request of a call that was left goes on without a reader, until a later call of the same thread shows that the
// frame of the first is gone, or its client is closed.
void until_close() {
    hb_client *client = test_client("stall-after=5");
    hb_request *request = test_chat("Leave me");
    control_only("POST", "/simulator/reset", "");
    for (int i = 0; i < 3; i++) {
        Plan plan = {HB_EVENT_TEXT, client, "", 0};
        check(is_left(hb_chat_stream, client, request, throwing, &plan), "a call is left", "it is not");
    }
    check_number("the requests of the earlier ones have ended", wait_for_count("closes", 2), 2);
    check_number("that of the last goes on", wait_for_count("in_flight", 1), 1);
    hb_client_close(client);
    check_number("until hb_client_close", wait_for_count("closes", 3), 3);
    hb_request_free(request);
    hb_client_free(client);
}

void from_within() {
    hb_client *client = test_client(nullptr);
    hb_request *request = test_chat("Leave me");
    Plan plan = {HB_EVENT_TEXT, client, "", 0};
    check(is_left(hb_chat_stream, client, request, nested, &plan), "two calls are left at once", "they are not");
    check_number("one within the other", plan.events, 1);
    check_status("and the client works", chat_once(client), HB_OK);
    hb_request_free(request);
    hb_client_free(client);
}

// A thrown thing that is no std::exception, on a thread that is not the main one.
int32_t throw_number(const hb_event *event, void *) {
    if (event->kind == HB_EVENT_TEXT) throw 42;
    return HB_CONTINUE;
}

void *on_a_thread(void *context) {
    hb_request *request = test_chat("x");
    static int caught;
    try {
        hb_chat_stream(static_cast<hb_client *>(context), request, throw_number, nullptr, nullptr, nullptr);
    } catch (int number) {
        caught = number;
    }
    hb_request_free(request);
    return &caught;
}

void from_a_thread() {
    hb_client *client = test_client(nullptr);
    pthread_t thread;
    void *caught = nullptr;
    pthread_create(&thread, nullptr, on_a_thread, client);
    pthread_join(thread, &caught);
    check_number("a number is thrown on another thread", *static_cast<int *>(caught), 42);
    check_status("and the client works", chat_once(client), HB_OK);
    hb_client_free(client);
}

}  // namespace

int main() {
    check_begin();
    by_exception("a callback that throws at a piece", HB_EVENT_TEXT, nullptr);
    by_exception("a callback that throws at DONE", HB_EVENT_DONE, nullptr);
    by_exception("a callback that throws at RETRY", HB_EVENT_RETRY, "refuse-stream-options=400");
    until_close();
    from_within();
    from_a_thread();
    return check_end();
}
