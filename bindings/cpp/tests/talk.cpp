// Conversations, tools, and what a client knows.
#include "harness.hpp"

using namespace hyperbolic;

namespace {

constexpr std::string_view ADD = R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}}})";

// One turn: sends the conversation, and adds the answer to it.
response turn(client &with, const conversation &talk, request asked, conversation &into) {
    auto answer = VALID(with.chat(asked.messages_of(talk)));
    VALID(into.add_response(answer));
    return answer;
}

}  // namespace

TEST(tool_round_trip) {
    auto client = simulator_client();
    conversation talk;
    VALID(talk.add_user("please add 2 and 3, and say what time it is now"));
    const auto asked = request(MODEL).tool("add", "Adds two numbers.", ADD).tool("now", "").parallel_tool_calls(true);

    std::vector<tool_call> called;
    auto events = client.events(asked.clone().messages_of(talk));
    for (auto event : events) {
        if (event.kind() != event_kind::tool_call) continue;
        EXPECT_EQUAL(event.call_index(), called.size());
        called.push_back(event.call());
    }
    const auto first = VALID(events.result());
    VALID(talk.add_response(first));
    EXPECT_EQUAL(first.finish_reason(), "tool_calls");
    EXPECT_EQUAL(called.size(), 2U);
    EXPECT_EQUAL(first.tool_calls().size(), called.size());

    // Results may be added while the calls are gone through, also from the end.
    auto open = talk.open_tool_calls();
    EXPECT_EQUAL(open.size(), 2U);
    EXPECT_EQUAL(asked.clone().messages_of(talk).check().status(), status::invalid_argument);
    for (auto call = open.rbegin(); call != open.rend(); ++call) {
        EXPECT(call->is_whole);
        VALID(talk.add_tool_result(call->id, call->name == "add" ? "5" : "noon"));
    }
    EXPECT_EQUAL(open[0].name, called[0].name);
    EXPECT_EQUAL(open[0].arguments, called[0].arguments);
    EXPECT_EQUAL(open[1].id, called[1].id);
    EXPECT_EQUAL(talk.tool_calls(1).size(), 2U);
    EXPECT(talk.open_tool_calls().empty());
    EXPECT_EQUAL(talk.add_tool_result(open[0].id, "6").status(), status::invalid_argument);
    EXPECT_EQUAL(talk[2].tool_result_id, called[1].id);

    const auto last = turn(client, talk, asked.clone(), talk);
    EXPECT_EQUAL(last.tool_call_count(), 0U);
    EXPECT(!last.text().empty());
    EXPECT(has(last_body(), "\"content\":\"noon\",\"role\":\"tool\""));
    EXPECT(has(last_body(), "\"content\":\"5\",\"role\":\"tool\""));
}

TEST(save_and_load) {
    auto client = simulator_client();
    conversation talk;
    VALID(talk.set_system("You are a guard. 🛡"));
    VALID(talk.set_summary("They met."));
    VALID(talk.add_user("日本語?"));
    VALID(talk.set_metadata(0, "who", "player"));
    EXPECT(has(turn(client, talk, request(MODEL), talk).text(), "日本語?"));
    EXPECT_EQUAL(talk[0].text, "日本語?");
    EXPECT(has(talk[1].text, "日本語?"));

    const auto saved = VALID(talk.save());
    auto again = VALID(conversation::load(saved.view()));
    EXPECT_EQUAL(VALID(again.save()).view(), saved.view());
    EXPECT_EQUAL(again.system(), talk.system());
    EXPECT_EQUAL(again.summary(), "They met.");
    EXPECT_EQUAL(again.size(), 2U);
    EXPECT_EQUAL(again[1].text, talk[1].text);
    EXPECT_EQUAL(again.metadata(0, "who"), "player");
    EXPECT_EQUAL(again.metadata_keys(0).size(), 1U);
    EXPECT(!has(VALID(talk.save(save_without::system | save_without::images)).view(), "guard"));

    // A copy goes its own way; what was loaded can be talked on.
    auto copy = again.clone();
    VALID(copy.truncate(1));
    EXPECT_EQUAL(again.size(), 2U);
    VALID(again.add_user("And now?"));
    (void)turn(client, again, request(MODEL), again);
    std::string roles;
    for (auto message : again) roles += message.role[0];
    EXPECT_EQUAL(roles, "uaua");
    EXPECT_EQUAL(VALID(again.trim(again.tokens())), 0U);

    const auto broken = conversation::load(saved.view().substr(0, saved.view().size() / 2));
    EXPECT_EQUAL(broken.status(), status::bad_data);
    EXPECT(!broken.error().message().empty());
    EXPECT_EQUAL(talk.add_message("wizard", "x").status(), status::invalid_argument);
    EXPECT_EQUAL(talk.size(), 2U);
}

TEST(what_a_client_knows) {
    auto client = simulator_client();
    const auto answer = VALID(client.chat(chat_about("x").max_tokens(10).seed(7)));
    EXPECT(answer.prompt_tokens() && answer.completion_tokens() && answer.cost_nanousd() && answer.created());
    EXPECT_EQUAL(answer.finish_reason(), "length");
    EXPECT_EQUAL(answer.role(), "assistant");
    EXPECT(answer.total() >= answer.first_token() && has(answer.json(), "\"choices\""));
    EXPECT_EQUAL(client.count(counter::requests), 1);
    EXPECT_EQUAL(client.count(counter::spent_nanousd), *answer.cost_nanousd());
    for (auto row : VALID(client.usage())) {
        EXPECT_EQUAL(row.model, std::string_view(MODEL));
        EXPECT_EQUAL(row.completion_tokens, *answer.completion_tokens());
    }
    EXPECT(VALID(client.estimate(chat_about("x").max_tokens(10))).cost_nanousd > 0);
    int listed = 0;
    for (auto model : VALID(client.models())) listed += static_cast<int>(!model.id.empty());
    EXPECT(listed > 0);
    EXPECT(VALID(client.model_list()).find(MODEL)->context > 0);
    queue loop;
    std::uint32_t started = 0;
    VALID(loop.models(client, [&](result<response> end) { started = end->models().size(); }));
    while (started == 0 && loop.dispatch_one(milliseconds(PATIENCE_MS)).status == status::ok) {
    }
    EXPECT_EQUAL(started, static_cast<std::uint32_t>(listed));
    const auto known = catalog();
    EXPECT(known.find(MODEL) && known.find(MODEL)->is_chat == true && !known.find("nobody/knows-it"));
    EXPECT_EQUAL(known.date().size(), 10U);
    VALID(client.warm_up());
    VALID(client.set_api_key("wrong"));
    EXPECT_EQUAL(client.chat(chat_about("x")).status(), status::authentication);
    EXPECT(is_library_compatible() && !library_version().empty());
    EXPECT_EQUAL(VALID(json_close(R"({"a":"b)")).view(), R"({"a":"b"})");
}

TEST(a_log_is_taken) {
    auto client = VALID(client::make(simulator_options("status=500").log(log_level::debug)));
    EXPECT_EQUAL(client.chat(chat_about("x")).status(), status::server);
    int errors = 0;
    while (const auto record = client.take_log()) {
        if (record->level() != log_level::error) continue;
        ++errors;
        EXPECT(has(record->json(), "\"level\"") && !record->message().empty());
        EXPECT(record->time().time_since_epoch() > std::chrono::hours(24) && record->op() != 0);
    }
    EXPECT_EQUAL(errors, 1);
}

int main() { return run_tests(); }
