// An answer that appears while the model writes it: as a range, and as lambdas over a queue, as a game would have it.
#include <hyperbolic.hpp>

#include "model_name.hpp"

#include <iostream>

namespace {

// Waits for each piece. Leaving the loop cancels, so that the server need not write for nobody.
bool by_range(hyperbolic::client &client, const hyperbolic::request &request) {
    auto stream = client.stream(request);
    while (const auto piece = stream.next()) {
        if (!(std::cout << *piece << std::flush)) return false;
    }
    const auto answer = stream.result();
    if (!answer) std::cerr << answer.error().message() << '\n';
    std::cout << "\n\n";
    return answer.has_value();
}

// Waits for nothing: what came is handled once a frame, within a budget. A program without frames would sleep in
// dispatch_one instead, and does so here in between.
bool by_frames(hyperbolic::client &client, const hyperbolic::request &request) {
    hyperbolic::queue queue;
    bool is_over = false;
    bool is_good = false;
    const auto started = queue.start(
        client, request, [](std::string_view piece) { std::cout << piece << std::flush; },
        [&](const hyperbolic::result<hyperbolic::response> &answer) {
            is_over = true;
            is_good = answer.has_value();
            if (!answer) std::cerr << answer.error().message() << '\n';
        });
    if (!started) {
        std::cerr << started.error().message() << '\n';
        return false;
    }
    while (!is_over) {
        queue.dispatch(std::chrono::microseconds(500));
        queue.dispatch_one(std::chrono::milliseconds(16));
    }
    std::cout << '\n';
    return is_good;
}

}  // namespace

int main() {
    auto client = hyperbolic::client::from_env();
    if (!client) {
        std::cerr << client.error().message() << '\n';
        return 1;
    }
    const auto request = hyperbolic::request(model_name()).user("Write a short story about a robot.").max_tokens(200);
    return by_range(*client, request) && by_frames(*client, request) && std::cout.flush() ? 0 : 1;
}
