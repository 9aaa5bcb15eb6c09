// How requests end that do not end well.
#include "harness.hpp"

#include <thread>

using namespace hyperbolic;

TEST(partial_answer_on_cancel) {
    auto client = simulator_client("stall-after=5");
    control_only("POST", "/simulator/reset", "");
    auto stream = client.stream(chat_about("x"));
    std::string text;
    for (auto piece : stream) {
        text += piece;
        stream.cancel();
    }
    auto end = stream.result();
    EXPECT_EQUAL(end.status(), status::cancelled);
    EXPECT(!text.empty() && begins(end.error().partial().text(), text));
    EXPECT_EQUAL(wait_for_count("closes", 1), 1);

    // By a number, on another thread.
    auto other = client.stream(chat_about("x"));
    const auto first = other.next();
    EXPECT(first.has_value());
    text = first.value_or("");
    std::thread([op = other.op()] { op.cancel(); }).join();
    end = other.result();
    EXPECT_EQUAL(end.status(), status::cancelled);
    EXPECT(begins(end.error().partial().text(), text));

    // What had arrived can be talked on about.
    conversation talk;
    VALID(talk.add_user("x"));
    VALID(talk.add_response(end.error().partial()));
    EXPECT(talk[1].is_partial);
    EXPECT_EQUAL(talk[1].text, end.error().partial().text());
}

TEST(error_fields) {
    auto client = simulator_client();
    const auto unknown = client.chat(request("nobody/knows-it").user("x"));
    EXPECT_EQUAL(unknown.status(), status::bad_request);
    const error &failed = unknown.error();
    EXPECT_EQUAL(failed.http_status(), 400);
    EXPECT_EQUAL(failed.code(), "40301");
    EXPECT(!failed.message().empty() && failed.message().data()[failed.message().size()] == '\0');
    EXPECT(has(failed.body(), "40301"));
    EXPECT_EQUAL(failed.attempts(), 1U);
    EXPECT(!failed.is_retryable() && !failed.retry_after());
    EXPECT_EQUAL(failed.partial().text(), "");

    auto limited = simulator_client("status=429,header=retry-after:7,header=x-request-id:req-1,openai-errors");
    const auto later = limited.chat(chat_about("x"));
    EXPECT_EQUAL(later.status(), status::rate_limited);
    EXPECT_EQUAL(later.error().http_status(), 429);
    EXPECT(later.error().retry_after() == std::chrono::seconds(7));
    EXPECT(later.error().is_retryable() && !later.error().type().empty());
    EXPECT_EQUAL(later.error().request_id(), "req-1");

    // An error outlives all else, and its share it.
    error kept;
    {
        auto made = request(MODEL).user("x").temperature(3).check();
        EXPECT_EQUAL(made.status(), status::invalid_argument);
        kept = made.error().share();
    }
    EXPECT_EQUAL(kept.param(), "temperature");
    EXPECT(has(kept.message(), "temperature"));

    const auto wrong_key = VALID(client::make(simulator_options().api_key("wrong"))).chat(chat_about("x"));
    EXPECT_EQUAL(wrong_key.status(), status::authentication);
    EXPECT(!wrong_key.error().hint().empty());
    EXPECT_EQUAL(name(status::deadline), "HB_E_DEADLINE");
}

TEST(deadline) {
    auto client = simulator_client("stall-after=5");
    auto answer = client.chat(chat_about("x").total_timeout(milliseconds(500)));
    EXPECT_EQUAL(answer.status(), status::deadline);
    answer = client.chat(chat_about("x").idle_timeout(milliseconds(100)));
    EXPECT_EQUAL(answer.status(), status::deadline);
    EXPECT_EQUAL(answer.error().param(), "idle");
    EXPECT(!answer.error().partial().text().empty());

    auto silent = simulator_client("stall");
    EXPECT_EQUAL(silent.chat(chat_about("x").first_token_timeout(milliseconds(50))).status(), status::deadline);
    // A time that has passed is no limit that is switched off.
    EXPECT_EQUAL(silent.chat(chat_about("x").total_timeout(milliseconds(-1))).status(), status::deadline);
}

TEST(use_after_close_is_an_error) {
    auto client = simulator_client();
    queue loop;
    client.close();
    client.close();
    EXPECT_EQUAL(client.chat(chat_about("x")).status(), status::closed);
    EXPECT_EQUAL(client.models().status(), status::closed);
    auto stream = client.stream(chat_about("x"));
    EXPECT(!stream.next());
    EXPECT_EQUAL(stream.result().status(), status::closed);
    bool is_called = false;
    const auto on_event = [&](const event &) { is_called = true; };
    EXPECT_EQUAL(loop.start(client, chat_about("x"), on_event).status(), status::closed);

    auto open = simulator_client();
    loop.close();
    loop.close();
    EXPECT_EQUAL(loop.start(open, chat_about("x"), on_event).status(), status::closed);
    EXPECT_EQUAL(loop.dispatch().status, status::closed);
    EXPECT_EQUAL(loop.dispatch_one().status, status::closed);

    // What was moved away is not there, and says so.
    queue moved_loop(std::move(loop));
    class client moved(std::move(open));
    EXPECT_EQUAL(open.chat(chat_about("x")).status(), status::invalid_argument);                    // NOLINT
    EXPECT_EQUAL(loop.start(moved, chat_about("x"), on_event).status(), status::invalid_argument);  // NOLINT
    EXPECT_EQUAL(loop.dispatch().status, status::invalid_argument);                                 // NOLINT
    EXPECT_EQUAL(loop.set_wakeup([] {}).status(), status::invalid_argument);                        // NOLINT
    auto asked = chat_about("x");
    const auto moved_request = std::move(asked);
    EXPECT_EQUAL(moved.chat(asked).status(), status::invalid_argument);  // NOLINT
    VALID(moved.chat(moved_request));
    EXPECT(!is_called);
}

TEST(bad_values_are_named) {
    const auto refused = client::make(simulator_options().header("bad\nname", "x"));
    EXPECT_EQUAL(refused.status(), status::invalid_argument);
    // A NUL within a short name is refused, and does not cut it short.
    EXPECT_EQUAL(chat_about("x").json(std::string_view("user\0name", 9), "1").check().status(), status::invalid_argument);
    EXPECT_EQUAL(chat_about("x").json("top", "nonsense").check().error().param(), "top");
    EXPECT_EQUAL(chat_about("\xff").check().status(), status::invalid_argument);
    EXPECT_EQUAL(request("").user("x").check().status(), status::invalid_argument);
    VALID(chat_about("").check());
}

int main() { return run_tests(); }
