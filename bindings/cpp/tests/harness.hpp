// What the tests of this binding share: `TEST(name) { EXPECT(...); }` prints `ok name` or `not ok name: why`, as the
// runner counts it, after all of a file's tests were gone through by `int main() { return run_tests(); }`.

#ifndef HARNESS_HPP
#define HARNESS_HPP

#include "check.h"
#include "self.h"

#include <hyperbolic.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace harness {

struct test {
    const char *name;
    void (*run)();
};

inline std::vector<test> &tests() {
    static std::vector<test> all;
    return all;
}

struct registered {
    registered(const char *name, void (*run)()) { tests().push_back({name, run}); }
};

// Why the test that runs has failed; "" as long as it has not.
inline std::string &failure() {
    static std::string text;
    return text;
}

inline void fail(int line, const std::string &why) {
    if (failure().empty()) failure() = "line " + std::to_string(line) + ": " + why;
}

inline std::string shown(std::string_view text) { return "\"" + std::string(text) + "\""; }
inline std::string shown(const char *text) { return shown(std::string_view(text)); }
inline std::string shown(bool value) { return value ? "true" : "false"; }
inline std::string shown(hyperbolic::status value) { return std::string(name(value)); }
template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>>
std::string shown(Number value) {
    return std::to_string(value);
}

template <class Got, class Want>
void equal(int line, const Got &got, const Want &want) {
    if (!(got == want)) fail(line, "got " + shown(got) + ", not " + shown(want));
}

template <class T>
T valid(int line, hyperbolic::result<T> made) {
    if (made) return std::move(made).value();
    fail(line, std::string(made.error().message()));
    printf("not ok surroundings: line %d: %s\n", line, made.error().message().data());
    exit(EXIT_FAILURE);
}
inline void valid(int line, const hyperbolic::result<void> &done) {
    if (!done) fail(line, std::string(done.error().message()));
}

}  // namespace harness

#define TEST(name)                                                   \
    static void name();                                              \
    static const harness::registered name##_registered(#name, name); \
    static void name()
#define EXPECT(condition) \
    if (!(condition)) harness::fail(__LINE__, #condition)
#define EXPECT_EQUAL(got, want) harness::equal(__LINE__, got, want)
// The value of a result, which must have one.
#define VALID(result) harness::valid(__LINE__, result)

// Whether a queue has something to dispatch, or soon has.
inline bool has_more(hyperbolic::queue &loop) {
    struct pollfd signal = {static_cast<int>(loop.native_handle()), POLLIN, 0};
    return poll(&signal, 1, PATIENCE_MS) == 1;
}

inline int run_tests() {
    check_begin();
    for (const auto &each : harness::tests()) {
        harness::failure().clear();
        each.run();
        check(harness::failure().empty(), each.name, "%s", harness::failure().c_str());
    }
    return check_end();
}

// A client of the simulator, whose requests carry a script of faults. What fails is not sent again.
inline hyperbolic::options simulator_options(std::string_view script = {}) {
    auto made = hyperbolic::options().base_url(setting("HB_TEST_URL")).api_key(setting("HB_TEST_KEY")).max_retries(0);
    if (!script.empty()) made.header("x-simulator-fault", script);
    return made;
}
inline hyperbolic::client simulator_client(std::string_view script = {}) {
    return VALID(hyperbolic::client::make(simulator_options(script)));
}

inline hyperbolic::request chat_about(std::string_view text) { return hyperbolic::request(MODEL).user(text); }

inline std::string last_body() {
    char *json = last_request();
    std::string copy(json);
    free(json);
    return copy;
}

inline bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }
inline bool begins(std::string_view text, std::string_view start) { return text.substr(0, start.size()) == start; }

#endif
