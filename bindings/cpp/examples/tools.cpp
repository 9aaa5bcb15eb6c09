// A tool, in two rounds: the model asks for a sum, the program adds, the model says what came out.
#include <hyperbolic.hpp>

#include "model_name.hpp"

#include <cstdlib>
#include <iostream>
#include <string>

namespace {

constexpr std::string_view PARAMETERS = R"({
    "type": "object",
    "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"]
})";

// The integer behind a key. A program with more tools has a JSON reader of its own; this one gets two numbers.
long number_in(const std::string &json, const std::string &key) {
    const auto at = json.find('"' + key + '"');
    const auto number = at == std::string::npos ? at : json.find_first_of("-0123456789", at);
    return number == std::string::npos ? 0 : std::strtol(json.c_str() + number, nullptr, 10);
}

// The calls could also run one a frame, or on threads: each result is added when it is there, in any order.
hyperbolic::result<void> run_tools(hyperbolic::conversation &talk) {
    for (const auto &call : talk.open_tool_calls()) {
        const auto sum = std::to_string(number_in(call.arguments, "a") + number_in(call.arguments, "b"));
        std::cout << call.name << '(' << call.arguments << ") = " << sum << '\n';
        auto added = talk.add_tool_result(call.id, sum);
        if (!added) return added;
    }
    return {};
}

// Sends the conversation and adds the answer to it, until the model has words and no more calls.
hyperbolic::result<void> run(hyperbolic::client &client) {
    hyperbolic::conversation talk;
    auto done = talk.add_user("Please add 2 and 3");
    hyperbolic::request request(model_name());
    request.tool("add", "Adds two integers.", PARAMETERS).temperature(0).max_tokens(256);
    for (int round = 0; done && round < 5; ++round) {
        auto answer = client.chat(request.messages_of(talk));
        if (!answer) return std::move(answer).error();
        done = talk.add_response(*answer);
        if (answer->tool_call_count() == 0) {
            std::cout << answer->text() << '\n';
            break;
        }
        if (done) done = run_tools(talk);
    }
    return done;
}

}  // namespace

int main() {
    auto client = hyperbolic::client::from_env();
    const auto done = client ? run(*client) : hyperbolic::result<void>(client.error().share());
    if (!done) std::cerr << name(done.status()) << ": " << done.error().message() << '\n';
    return done && std::cout.flush() ? 0 : 1;
}
