// Answers piece by piece: as a range, by a function, and how either ends.
#include "harness.hpp"

using namespace hyperbolic;

namespace {

constexpr std::string_view MIXED = "Grüße an 日本語, 한국어 und 🦙: 👩‍👩‍👧‍👦 🇩🇪 é\u0301 \U0001F999.";

// A stream whose events are cut in UTF-16, so that each surrogate pair comes in two.
std::string cut_in_units(std::string_view text) {
    std::string body;
    char unit[8];
    const auto put = [&](unsigned value) {
        snprintf(unit, sizeof unit, "\\u%04x", value);
        body += std::string("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"") + unit + "\"}}]}\n\n";
    };
    for (std::size_t at = 0; at < text.size();) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        unsigned point = size == 1 ? lead : lead & (0xffU >> (size + 1));
        for (std::size_t next = 1; next < size; ++next) {
            point = point << 6 | (static_cast<unsigned char>(text[at + next]) & 0x3fU);
        }
        if (point >= 0x10000) {
            put(0xd800 + ((point - 0x10000) >> 10));
            put(0xdc00 + ((point - 0x10000) & 0x3ff));
        } else {
            put(point);
        }
        at += size;
    }
    return body + "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
}

std::string whole_event(std::string_view text) {
    return "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + std::string(text)
           + "\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
}

bool is_whole_characters(std::string_view text) {
    return !text.empty() && (static_cast<unsigned char>(text[0]) & 0xc0U) != 0x80U;
}

}  // namespace

TEST(text_is_equal_byte_for_byte) {
    control_only("PUT", "/simulator/body/units", cut_in_units(MIXED).c_str());
    control_only("PUT", "/simulator/body/bytes", whole_event(MIXED).c_str());
    for (const char *script : {"raw=units,content-type=text/event-stream", "raw=units,bytewise,content-type=text/event-stream",
                               "raw=bytes,bytewise,content-type=text/event-stream"}) {
        auto client = simulator_client(script);
        std::string in_range;
        auto stream = client.stream(chat_about("x"));
        for (auto piece : stream) {
            EXPECT(is_whole_characters(piece));
            in_range += piece;
        }
        EXPECT_EQUAL(in_range, MIXED);
        EXPECT_EQUAL(VALID(stream.result()).text(), MIXED);
        std::string called;
        const auto answer = VALID(client.stream(chat_about("x"), [&](std::string_view piece) { called += piece; }));
        EXPECT_EQUAL(called, MIXED);
        EXPECT_EQUAL(answer.text(), MIXED);
        EXPECT_EQUAL(VALID(client.chat(chat_about("x"))).text(), MIXED);
    }
}

TEST(what_is_asked_arrives) {
    auto client = simulator_client();
    std::string question = "🦙 日本";
    question += '\0';
    question += "end";
    EXPECT(has(VALID(client.chat(chat_about(question))).text(), question));
}

TEST(a_range_that_is_left_cancels) {
    auto client = simulator_client("stall-after=5");
    control_only("POST", "/simulator/reset", "");
    for (auto piece : client.stream(chat_about("x"))) {
        EXPECT(!piece.empty());
        break;
    }
    EXPECT_EQUAL(wait_for_count("closes", 1), 1);
    EXPECT_EQUAL(client.count(counter::cancelled), 1);
}

TEST(a_range_that_breaks_off_says_so) {
    auto client = simulator_client("cut-after=4");
    std::string text;
    auto stream = client.stream(chat_about("x"));
#if HYPERBOLIC_EXCEPTIONS
    bool is_thrown = false;
    try {
        for (auto piece : stream) text += piece;
    } catch (const exception &thrown) {
        const exception copy(thrown);
        is_thrown = true;
        EXPECT_EQUAL(copy.error().status(), status::truncated);
        EXPECT_EQUAL(std::string_view(copy.what()), thrown.error().message());
        EXPECT_EQUAL(copy.error().partial().text(), text);
    }
    EXPECT(is_thrown);
#else
    for (auto piece : stream) text += piece;
#endif
    EXPECT(!text.empty());
    const auto end = stream.result();
    EXPECT_EQUAL(end.status(), status::truncated);
    EXPECT_EQUAL(end.error().partial().text(), text);
}

TEST(a_range_without_a_client_is_empty) {
    client none;
    auto stream = none.stream(chat_about("x"));
    EXPECT(!stream.next());
    EXPECT_EQUAL(stream.result().status(), status::invalid_argument);
}

TEST(a_function_may_stop) {
    auto client = simulator_client("stall-after=5");
    control_only("POST", "/simulator/reset", "");
    std::string text;
    const auto end = client.stream(chat_about("x"), [&](std::string_view piece) {
        text += piece;
        return flow::stop;
    });
    EXPECT_EQUAL(end.status(), status::cancelled);
    EXPECT(!text.empty() && begins(end.error().partial().text(), text));
    EXPECT_EQUAL(wait_for_count("closes", 1), 1);
}

#if HYPERBOLIC_EXCEPTIONS
TEST(a_function_may_throw) {
    auto client = simulator_client("stall-after=5");
    control_only("POST", "/simulator/reset", "");
    std::string thrown;
    try {
        (void)client.stream(chat_about("x"), [](std::string_view piece) { throw std::string(piece); });
    } catch (const std::string &piece) {
        thrown = piece;
    }
    EXPECT(!thrown.empty());
    EXPECT_EQUAL(wait_for_count("closes", 1), 1);
}

TEST(a_value_that_is_not_there_throws) {
    auto client = simulator_client("status=500");
    status seen = status::ok;
    try {
        (void)client.chat(chat_about("x")).value();
    } catch (const std::exception &thrown) {
        seen = static_cast<const exception &>(thrown).error().status();
    }
    EXPECT_EQUAL(seen, status::server);
    bool is_thrown = false;
    try {
        class client refused(options().base_url("no url"));
    } catch (const exception &thrown) {
        is_thrown = thrown.error().status() == status::invalid_argument;
    }
    EXPECT(is_thrown);
}
#endif

TEST(events_tell_everything) {
    auto client = VALID(client::make(simulator_options("status=503,header=retry-after-ms:1,times=1;think=reasoning_content")
                                         .max_retries(1)));
    control_only("POST", "/simulator/reset", "");
    std::string text, thought;
    int retries = 0;
    auto stream = client.events(chat_about("x"));
    for (auto event : stream) {
        if (event.kind() == event_kind::text) text += event.text();
        if (event.kind() == event_kind::reasoning) thought += event.text();
        if (event.kind() == event_kind::retry) {
            ++retries;
            EXPECT_EQUAL(event.attempt(), 2U);
            EXPECT_EQUAL(event.next_model(), std::string_view(MODEL));
            EXPECT_EQUAL(event.why().status(), status::server);
            EXPECT_EQUAL(event.why().http_status(), 503);
        }
    }
    const auto answer = VALID(stream.result());
    EXPECT_EQUAL(retries, 1);
    EXPECT(!text.empty() && !thought.empty());
    EXPECT_EQUAL(answer.text(), text);
    EXPECT_EQUAL(answer.reasoning(), thought);
    EXPECT_EQUAL(answer.attempts(), 2U);
}

TEST(text_completions_stream_too) {
    auto client = simulator_client();
    const auto asked = request(BASE_MODEL).prompt("Once upon a time").max_tokens(20);
    std::string text;
    auto stream = client.stream(asked);
    for (auto piece : stream) text += piece;
    EXPECT_EQUAL(VALID(stream.result()).object(), "text_completion");
    EXPECT_EQUAL(VALID(client.complete(asked)).text(), text);
}

#if __cplusplus > 201703L && defined(__cpp_lib_ranges)
#include <ranges>
static_assert(std::ranges::input_range<text_stream> && std::ranges::input_range<event_stream>);
static_assert(std::ranges::input_range<const model_list> && std::ranges::input_range<const conversation>);
#endif
static_assert(!std::is_copy_constructible_v<client> && !std::is_copy_constructible_v<request>);
static_assert(!std::is_copy_constructible_v<response> && !std::is_copy_constructible_v<error>);
static_assert(std::is_nothrow_move_constructible_v<client> && std::is_nothrow_move_assignable_v<conversation>);
static_assert(std::is_nothrow_move_constructible_v<queue> && std::is_nothrow_move_assignable_v<queue>);
static_assert(std::is_move_constructible_v<result<response>>);

int main() { return run_tests(); }
