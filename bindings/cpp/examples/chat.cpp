// A question and its answer.
#include <hyperbolic.hpp>

#include "model_name.hpp"

#include <iostream>

int main() {
    auto client = hyperbolic::client::from_env();
    if (!client) {
        std::cerr << client.error().message() << '\n';
        return 1;
    }
    const auto answer = client->chat(hyperbolic::request(model_name()).user("Why is the sky blue?").max_tokens(256));
    if (!answer) {
        // What had arrived before it broke off is not lost.
        std::cout << answer.error().partial().text() << '\n';
        std::cerr << name(answer.status()) << ": " << answer.error().message() << '\n' << answer.error().hint() << '\n';
        return 1;
    }
    std::cout << answer->text() << '\n';
    std::cerr << "[" << answer->model() << ", " << answer->completion_tokens().value_or(0) << " tokens]\n";
    return std::cout.flush() ? 0 : 1;
}
