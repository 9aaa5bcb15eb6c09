// Several turns, kept short enough for the model, saved and loaded again. With exceptions: whatever fails, main says.
#include <hyperbolic.hpp>

#include "model_name.hpp"

#include <exception>
#include <iostream>

namespace {

// What the prompt may have, by estimate; the rest of the model's context is for the answer.
constexpr std::int64_t MOST_TOKENS = 4000;

// The server remembers nothing: each request carries the whole conversation.
void turn(hyperbolic::client &client, hyperbolic::conversation &talk, std::string_view question) {
    talk.add_user(question).value();
    (void)talk.trim(MOST_TOKENS).value();
    hyperbolic::request request(model_name());
    request.messages_of(talk).max_tokens(256);
    talk.add_response(client.chat(request).value()).value();
    std::cout << "> " << question << '\n' << talk[talk.size() - 1].text << "\n\n";
}

}  // namespace

int main() {
    try {
        hyperbolic::client client(hyperbolic::options::from_env());
        hyperbolic::conversation talk;
        talk.set_system("You answer in one sentence.").value();
        turn(client, talk, "What is the capital of France?");
        turn(client, talk, "What is its population?");

        // JSON, the same bytes for the same conversation: a file, a field of a saved game.
        const std::string saved = talk.save().value().str();
        auto again = hyperbolic::conversation::load(saved).value();
        turn(client, again, "And what should I see there first?");
        return std::cout.flush() ? 0 : 1;
    } catch (const std::exception &failed) {
        std::cerr << failed.what() << '\n';
        return 1;
    }
}
