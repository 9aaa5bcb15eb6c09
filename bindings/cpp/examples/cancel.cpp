// Three ways to end an answer early: leave the loop, answer stop, or call cancel from anywhere. The server sees each and
// stops to write, and what had arrived stays.
#include <hyperbolic.hpp>

#include "model_name.hpp"

#include <iostream>
#include <thread>

int main() {
    auto made = hyperbolic::client::from_env();
    if (!made) {
        std::cerr << made.error().message() << '\n';
        return 1;
    }
    auto &client = *made;
    const auto request = hyperbolic::request(model_name()).user("Count from one to a thousand, in words.").max_tokens(2000);

    // A range is cancelled when it is left.
    std::size_t size = 0;
    auto stream = client.stream(request);
    while (const auto piece = stream.next()) {
        size += piece->size();
        if (size >= 20) break;
    }
    stream.cancel();  // as its end would
    auto answer = stream.result();
    std::cout << "left after: " << (answer ? answer->text() : answer.error().partial().text()) << '\n';

    // A function says so.
    answer = client.stream(request, [](std::string_view) { return hyperbolic::flow::stop; });
    std::cout << "stopped after: " << (answer ? answer->text() : answer.error().partial().text()) << '\n';

    // Whoever has the operation, on any thread.
    auto other = client.stream(request);
    std::thread([operation = other.op()] { operation.cancel(); }).join();
    answer = other.result();
    std::cout << "cancelled: " << name(answer.status()) << '\n';
    return std::cout.flush() ? 0 : 1;
}
