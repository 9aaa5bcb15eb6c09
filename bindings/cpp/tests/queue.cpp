// Lambdas over a queue, and what they may do; what is left behind.
#include "harness.hpp"

#include <condition_variable>
#include <memory>
#include <thread>

using namespace hyperbolic;

namespace {

// Pumps until `is_over` says so; a queue that has nothing more to say ends the test.
template <class Condition>
void pump_until(queue &loop, Condition is_over) {
    while (!is_over()) {
        const auto done = loop.dispatch_one(milliseconds(PATIENCE_MS));
        if (done.status != status::ok) return harness::fail(__LINE__, "nothing came: " + std::string(name(done.status)));
    }
}

}  // namespace

TEST(parallel_streams) {
    constexpr int COUNT = 200;
    auto client = simulator_client();
    queue loop;
    std::vector<std::string> texts(COUNT);
    int ended = 0;
    for (int at = 0; at < COUNT; ++at) {
        const auto asked = chat_about("number " + std::to_string(at) + " 🦙");
        VALID(loop.start(
            client, asked, [&texts, at](std::string_view piece) { texts[static_cast<std::size_t>(at)] += piece; },
            [&texts, &ended, at](result<response> end) {
                ++ended;
                const auto &text = texts[static_cast<std::size_t>(at)];
                EXPECT(end.has_value());
                if (!end) return;
                EXPECT_EQUAL(end->text(), text);
                EXPECT(has(text, "number " + std::to_string(at) + " 🦙"));
            }));
    }
    pump_until(loop, [&] { return ended == COUNT; });
    EXPECT_EQUAL(ended, COUNT);
    EXPECT_EQUAL(loop.dispatch().handled, 0U);
    EXPECT_EQUAL(client.count(counter::succeeded), COUNT);
}

// Each in every order with the others, also while answers are on their way, also from inside of what they call.
TEST(any_order_of_release) {
    control_only("POST", "/simulator/reset", "");
    const auto asked = chat_about("x");
    {
        auto client = std::make_unique<hyperbolic::client>(simulator_client("stall-after=5"));
        auto stream = std::make_unique<text_stream>(client->stream(asked));
        EXPECT(stream->next().has_value());
        client.reset();
        const auto end = stream->result();
        stream.reset();
        EXPECT_EQUAL(end.status(), status::cancelled);
        EXPECT(!end.error().partial().text().empty());
    }
    std::optional<response> kept;
    {
        // The queue ends inside of its own lambda, and with it the lambda of the other request.
        auto client = simulator_client("stall-after=5");
        auto loop = std::make_unique<queue>();
        const auto witness = std::make_shared<int>(0);
        for (int at = 0; at < 2; ++at) {
            VALID(loop->start(client, asked, [&loop, witness](const event &happened) {
                const std::string before(happened.text());
                loop.reset();
                EXPECT_EQUAL(witness.use_count(), 2);  // the other lambda is gone already
                ++*witness;
                EXPECT_EQUAL(happened.text(), before);
            }));
        }
        EXPECT_EQUAL(witness.use_count(), 3);
        while (loop) (void)loop->dispatch_one(milliseconds(PATIENCE_MS));
        EXPECT_EQUAL(*witness, 1);
        EXPECT_EQUAL(witness.use_count(), 1);
    }
    {
        // The same in a dispatch, by a move over it.
        auto client = simulator_client("stall-after=5");
        queue loop, other;
        bool is_over = false;
        VALID(loop.start(client, asked, [&](const event &) {
            loop = std::move(other);
            is_over = true;
        }));
        while (!is_over && has_more(loop)) (void)loop.dispatch(std::chrono::seconds(1));
        EXPECT_EQUAL(loop.dispatch().status, status::ok);
    }
    {
        auto client = simulator_client();
        queue loop;
        VALID(loop.start(client, asked, [](std::string_view) {}, [&](result<response> end) {
            kept = VALID(std::move(end));
            client = hyperbolic::client();
        }));
        pump_until(loop, [&] { return kept.has_value(); });
    }
    EXPECT(kept && !kept->text().empty());
    auto share = kept->share();
    kept.reset();
    EXPECT(!share.text().empty());
    EXPECT_EQUAL(wait_for_count("closes", 4), 4);
}

TEST(a_lambda_may_start_cancel_and_dispatch) {
    auto client = simulator_client();
    auto stalled = simulator_client("stall-after=5");
    queue loop;
    status other = status::ok;
    int nested = 0, ends = 0;
    const auto waits = VALID(loop.start(
        stalled, chat_about("x"), [](std::string_view) {},
        [&](result<response> end) {
            other = end.status();
            ++ends;
        }));
    VALID(loop.start(client, chat_about("x"), [&](const event &happened) {
        if (happened.kind() != event_kind::done) return;
        VALID(loop.start(client, chat_about("y"), [](std::string_view) {}, [&](const result<response> &end) {
            EXPECT(end.has_value());
            ++ends;
        }));
        waits.cancel();
        while (ends < 2) nested += static_cast<int>(loop.dispatch_one(milliseconds(PATIENCE_MS)).handled);
    }));
    pump_until(loop, [&] { return ends == 2; });
    EXPECT_EQUAL(other, status::cancelled);
    EXPECT(nested >= 2);
}

TEST(a_request_is_held) {
    auto client = simulator_client("words=50,event-delay=1");
    queue loop;
    std::string text, other, whole;
    operation held;
    const auto keep = [&](const event &happened) {
        if (text.empty() && happened.kind() == event_kind::text) happened.op().hold();
        if (happened.kind() == event_kind::text) text += happened.text();
        if (happened.kind() == event_kind::done) whole = happened.result()->text();
    };
    held = VALID(loop.start(client, chat_about("one"), keep));
    pump_until(loop, [&] { return !text.empty(); });
    VALID(loop.start(client, chat_about("two").omit_pieces(), [](std::string_view) { EXPECT(false); },
                     [&](result<response> end) { other = end->text(); }));
    pump_until(loop, [&] { return !other.empty(); });
    while (client.count(counter::succeeded) < 2) (void)loop.dispatch_one(milliseconds(5));
    EXPECT_EQUAL(loop.dispatch().handled, 0U);
    EXPECT(whole.empty());
    held.hold(false);
    pump_until(loop, [&] { return !whole.empty(); });
    EXPECT_EQUAL(text, whole);
}

TEST(a_lambda_may_stop_its_request) {
    auto client = simulator_client("stall-after=5");
    queue loop;
    int pieces = 0;
    status end = status::ok;
    VALID(loop.start(
        client, chat_about("x"),
        [&](std::string_view) {
            ++pieces;
            return flow::stop;
        },
        [&](const result<response> &ended) { end = ended.status(); }));
    pump_until(loop, [&] { return end != status::ok; });
    EXPECT_EQUAL(end, status::cancelled);
    EXPECT_EQUAL(pieces, 1);
}

#if HYPERBOLIC_EXCEPTIONS
TEST(an_exception_comes_out_of_the_dispatch) {
    auto client = simulator_client();
    queue loop;
    bool is_thrown = false, is_over = false;
    VALID(loop.start(
        client, chat_about("x"),
        [&](std::string_view piece) {
            if (!is_thrown) throw std::string(piece);
        },
        [&](const result<response> &end) {
            EXPECT(end.has_value());
            is_over = true;
        }));
    while (!is_over && harness::failure().empty()) {
        try {
            EXPECT(has_more(loop));
            (void)loop.dispatch();
        } catch (const std::string &piece) {
            EXPECT(!piece.empty());
            is_thrown = true;
        }
    }
    EXPECT(is_thrown && is_over);
}
#endif

namespace {

// What a loop sleeps on that is woken by a function.
class bell {
public:
    void ring() {
        const std::lock_guard<std::mutex> lock(mutex_);
        is_rung_ = true;
        changed_.notify_one();
    }
    bool wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        const bool came = changed_.wait_for(lock, milliseconds(PATIENCE_MS), [&] { return is_rung_; });
        is_rung_ = false;
        return came;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_rung_ = false;
};

}  // namespace

TEST(a_loop_is_woken) {
    auto client = simulator_client();
    const auto sleeps_on = std::make_shared<bell>();
    for (const bool by_function : {true, false}) {
        queue loop;
        bool is_over = false;
        if (by_function) VALID(loop.set_wakeup([sleeps_on] { sleeps_on->ring(); }));
        VALID(loop.start(client, chat_about("x"), [](std::string_view) {}, [&](const result<response> &) { is_over = true; }));
        while (!is_over && harness::failure().empty()) {
            EXPECT(by_function ? sleeps_on->wait() : has_more(loop));
            (void)loop.dispatch(std::chrono::microseconds(500), 1);
        }
        EXPECT_EQUAL(sleeps_on.use_count(), by_function ? 2 : 1);
        loop.clear_wakeup();
        EXPECT_EQUAL(sleeps_on.use_count(), 1);
        loop.wake();
        EXPECT_EQUAL(loop.dispatch().status, status::woken);
        EXPECT_EQUAL(loop.dispatch_one(milliseconds(0)).status, status::timeout);
    }
}

namespace {

// Streams that are left in every way.
void leave_many(int rounds) {
    auto client = simulator_client("stall-after=5");
    const auto asked = chat_about("x");
    queue loop;
    for (int at = 0; at < rounds; ++at) {
        for (auto piece : client.stream(asked)) {
            EXPECT(!piece.empty());
            break;
        }
        status end = status::ok;
        VALID(loop.start(client, asked, [](std::string_view) { return flow::stop; },
                         [&](const result<response> &ended) { end = ended.status(); }));
        pump_until(loop, [&] { return end != status::ok; });
        VALID(loop.start(client, asked, [](const event &) {}));
        if (at % 10 == 0) loop = queue();
    }
    std::thread([&] { (void)loop.dispatch(); }).join();
}

}  // namespace

TEST(nothing_is_left_behind) {
#if defined(__SANITIZE_ADDRESS__)
    constexpr bool KEEPS_WHAT_IS_FREED = true;
#else
    const bool KEEPS_WHAT_IS_FREED = getenv("HB_KEEPS_MEMORY") != nullptr;
#endif
    leave_many(50);
    EXPECT_EQUAL(shutdown(), status::ok);
    const int threads_before = threads(), descriptors_before = descriptors();
    const long memory_before = resident();
    for (int at = 0; at < 4; ++at) {
        leave_many(100);
        EXPECT_EQUAL(shutdown(), status::ok);
    }
    EXPECT_EQUAL(threads(), threads_before);
    EXPECT_EQUAL(descriptors(), descriptors_before);
    const long grown = resident() - memory_before;
    printf("# %ld bytes more after 1,200 requests\n", grown);
    EXPECT(KEEPS_WHAT_IS_FREED || grown < 4L * 1024 * 1024);
}

int main() { return run_tests(); }
