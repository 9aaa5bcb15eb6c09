/* not-under: valgrind asan tsan (they keep memory that was freed) */
// A thousand exceptions in a row: what each left is let go of by the next call, so that memory does not grow.
#include "self.h"

#include <string>

enum { TIMES = 1000, BYTES = 100000 };

static int32_t throw_at_done(const hb_event *event, void *) {
    if (event->kind != HB_EVENT_DONE) return HB_CONTINUE;
    size_t size = 0;
    hb_response_text(event->response, 0, &size);
    throw size;
}

// The sizes of the answers that were in the hand of a callback when it threw.
static long long throw_often(hb_client *client, hb_queue *queue, int times) {
    hb_request *request = test_chat("hello");
    long long sum = 0;
    for (int i = 0; i < times; i++) {
        hb_start(client, request, queue, 0, nullptr, nullptr);
        for (bool is_over = false; !is_over;) {
            struct pollfd signal = {static_cast<int>(hb_queue_native_handle(queue)), POLLIN, 0};
            if (poll(&signal, 1, PATIENCE_MS) != 1) give_up("no event");
            try {
                hb_queue_dispatch(queue, throw_at_done, nullptr, 0, 0, nullptr);
            } catch (size_t size) {
                sum += static_cast<long long>(size);
                is_over = true;
            }
        }
    }
    hb_request_free(request);
    return sum;
}

int main() {
    check_begin();
    std::string text(BYTES, 'x');
    control_only("PUT", "/simulator/body/large",
                 ("{\"choices\":[{\"index\":0,\"message\":{\"content\":\"" + text
                  + "\"},\"finish_reason\":\"stop\"}]}").c_str());
    hb_client *client = test_client("raw=large,content-type=application/json");
    hb_queue *queue = test_queue();
    throw_often(client, queue, TIMES / 10);
    long before = resident();
    check_number("each is thrown with its answer", throw_often(client, queue, TIMES), 1LL * TIMES * BYTES);
    long grown = resident() - before;
    printf("# %ld bytes more after %d exceptions with %d bytes each\n", grown, TIMES, BYTES);
    check(grown < 1L * TIMES * BYTES / 4, "memory does not grow", "by %ld bytes", grown);
    hb_queue_free(queue);
    hb_client_free(client);
    return check_end();
}
