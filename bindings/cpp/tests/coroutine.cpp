// Coroutines that wait for answers, and go on where the queue is pumped.
#include "harness.hpp"

#include <memory>
#include <thread>

#if HYPERBOLIC_COROUTINES

using namespace hyperbolic;

namespace {

task read_all(queue &loop, client &from, std::string question, std::string &text, status &end, std::thread::id &where) {
    async_stream answer(loop, from, chat_about(question));
    while (const auto piece = co_await answer.next()) {
        text += *piece;
        where = std::this_thread::get_id();
    }
    const auto whole = co_await answer.result();
    end = whole.status();
    EXPECT(whole ? whole->text() == text : begins(whole.error().partial().text(), text));
}

task ask(queue &loop, client &from, std::string &text) {
    const auto whole = co_await async_stream(loop, from, chat_about("x")).result();
    text = whole ? whole->text() : whole.error().message();
}

task ask_for_end(const async_stream &answer, std::string &text) {
    text = (co_await answer.result())->text();
}

task read_late(const async_stream &answer, int &pieces, std::string &text) {
    while (const auto piece = co_await answer.next()) {
        ++pieces;
        text += *piece;
    }
}

}  // namespace

TEST(a_coroutine_goes_on_where_it_is_pumped) {
    constexpr std::size_t COUNT = 50;
    auto client = simulator_client();
    queue loop;
    struct talk {
        std::string text;
        status end = status::timeout;
        std::thread::id where;
    };
    std::vector<talk> talks(COUNT);
    std::vector<task> tasks;
    for (auto &each : talks) {
        tasks.push_back(read_all(loop, client, "🦙 " + std::to_string(tasks.size()), each.text, each.end, each.where));
    }
    std::thread pump([&] {
        for (bool is_over = false; !is_over;) {
            if (loop.dispatch_one(milliseconds(PATIENCE_MS)).status != status::ok) return;
            is_over = true;
            for (const auto &each : tasks) is_over = is_over && each.is_done();
        }
    });
    const auto pumped = pump.get_id();
    pump.join();
    for (std::size_t at = 0; at < COUNT; ++at) {
        EXPECT_EQUAL(talks[at].end, status::ok);
        EXPECT(has(talks[at].text, "🦙 " + std::to_string(at)));
        EXPECT(talks[at].where == pumped);
        tasks[at].check();
    }
}

TEST(a_whole_answer_is_awaited) {
    auto client = simulator_client();
    queue loop;
    std::string text;
    const auto asked = ask(loop, client, text);
    while (!asked.is_done() && loop.dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
    }
    EXPECT(has(text, "\"x\""));

    // What cannot start ends at once, without a pump.
    client.close();
    EXPECT(ask(loop, client, text).is_done());
    EXPECT(has(text, "closed"));
    queue moved(std::move(loop));
    EXPECT(ask(loop, client, text).is_done());  // NOLINT(*-use-after-move)
    EXPECT_EQUAL(text, describe(status::invalid_argument));
}

TEST(what_nobody_waits_for_is_kept) {
    auto client = simulator_client("event-delay=1,words=40");
    queue loop;
    const async_stream answer(loop, client, chat_about("🦙"));
    while (client.count(counter::succeeded) == 0 && loop.dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
    }
    while (loop.dispatch_one(milliseconds(0)).status == status::ok) {
    }
    int pieces = 0;
    std::string text, whole;
    EXPECT(read_late(answer, pieces, text).is_done());
    EXPECT(ask_for_end(answer, whole).is_done());
    EXPECT_EQUAL(pieces, 1);
    EXPECT(!text.empty());
    EXPECT_EQUAL(text, whole);
}

TEST(who_is_behind_holds_the_answer_and_lets_it_go) {
    for (const bool is_read : {true, false}) {
        auto client = simulator_client("words=40000");
        queue loop;
        async_stream answer(loop, client, chat_about("x"));
        while (client.count(counter::succeeded) == 0) (void)loop.dispatch_one(milliseconds(5));
        while (loop.dispatch().handled > 0) {
        }
        int pieces = 0;
        std::string text, whole;
        // Somebody who waits for the end wants no more pieces.
        const auto asked = is_read ? read_late(answer, pieces, text) : ask_for_end(answer, whole);
        EXPECT(!asked.is_done());
        while (!asked.is_done() && loop.dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
        }
        const auto end = ask_for_end(answer, whole);
        EXPECT(end.is_done() && whole.size() > 128U * 1024U);
        EXPECT(!is_read || (text == whole && pieces > 1));
    }
}

TEST(the_end_of_a_coroutine_cancels) {
    auto client = simulator_client("stall-after=5");
    control_only("POST", "/simulator/reset", "");
    queue loop;
    std::string text, other;
    status end = status::timeout, other_end = status::timeout;
    std::thread::id where;
    {
        const auto left = read_all(loop, client, "x", text, end, where);
        const auto more = read_all(loop, client, "y", other, other_end, where);
        while ((text.empty() || other.empty()) && loop.dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
        }
        EXPECT(!left.is_done() && !more.is_done());
    }
    EXPECT_EQUAL(wait_for_count("closes", 2), 2);
    EXPECT(loop.dispatch().handled > 0);
    EXPECT_EQUAL(end, status::timeout);

    // A queue that is closed brings who waits to an end.
    text.clear();
    const auto closed = read_all(loop, client, "x", text, end, where);
    while (text.empty() && loop.dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
    }
    loop.close();
    (void)loop.dispatch();
    EXPECT(closed.is_done());
    EXPECT_EQUAL(end, status::cancelled);
    EXPECT(!text.empty());
}

namespace {

task end_everything(std::unique_ptr<queue> &loop, client &from, int &reached) {
    async_stream answer(*loop, from, chat_about("x"));
    (void)co_await answer.next();
    loop.reset();
    ++reached;
    answer.cancel();
    (void)co_await answer.next();
    ++reached;
}

}  // namespace

TEST(a_coroutine_may_end_its_queue) {
    auto client = simulator_client("stall-after=5");
    auto loop = std::make_unique<queue>();
    int reached = 0;
    const auto ends = end_everything(loop, client, reached);
    while (loop && loop->dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
    }
    EXPECT_EQUAL(reached, 1);
    EXPECT(!ends.is_done());
}

#if HYPERBOLIC_EXCEPTIONS
namespace {
task fail(queue &loop, client &from) {
    // Not in one expression: gcc 12 destroys what is thrown if it has to wait for it.
    const auto whole = co_await async_stream(loop, from, chat_about("x")).result();
    throw std::string(whole.value().text());
}
}  // namespace

TEST(an_exception_of_a_coroutine_is_kept) {
    auto client = simulator_client();
    queue loop;
    const auto failed = fail(loop, client);
    while (!failed.is_done() && loop.dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
    }
    std::string thrown;
    try {
        failed.check();
    } catch (const std::string &text) {
        thrown = text;
    }
    EXPECT(has(thrown, "\"x\""));
}
#endif

#else
#error "this compiler has no coroutines"
#endif

int main() { return run_tests(); }
