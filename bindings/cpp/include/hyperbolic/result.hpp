// What can fail answers a result: its value, or an error that has what had arrived.

#ifndef HYPERBOLIC_RESULT_HPP
#define HYPERBOLIC_RESULT_HPP

#include <hyperbolic/response.hpp>

#include <exception>
#include <type_traits>
#include <variant>

#if defined(__has_include) && __cplusplus > 202002L
#if __has_include(<expected>)
#include <expected>
#endif
#endif

HYPERBOLIC_NAMESPACE_BEGIN

/// What went wrong. Immutable; any thread may read it. Views that it answers are valid as long as it, or any share of
/// it, lives.
class [[nodiscard]] error : public detail::handle<hb_error, hb_error_free> {
public:
    error() noexcept = default;
    /// Takes both over; either may be NULL. `status` stands where there is no `raw`.
    explicit error(hyperbolic::status status, hb_error *raw = nullptr, hb_response *partial = nullptr) noexcept
        : handle(raw), status_(status), partial_(partial) {}

    /// The same error once more, without a copy.
    [[nodiscard]] error share() const noexcept {
        return error(status_, hb_error_retain(get()), partial_.share().release());
    }

    [[nodiscard]] hyperbolic::status status() const noexcept { return status_; }
    /// What happened, in the server's own words where it sent any; never the key, never the prompt. NUL-terminated.
    [[nodiscard]] std::string_view message() const noexcept HYPERBOLIC_BORROWED {
        if (is_empty()) return describe(status_);
        return detail::view([&](std::size_t *len) { return hb_error_message(get(), len); });
    }
    /// Advice on what to do, or "".
    [[nodiscard]] std::string_view hint() const noexcept HYPERBOLIC_BORROWED { return hb_error_hint(get()); }
    /// 0 if there was no HTTP answer.
    [[nodiscard]] std::int32_t http_status() const noexcept { return hb_error_http_status(get()); }
    /// The server's code as text, such as "40301", or "".
    [[nodiscard]] std::string_view code() const noexcept HYPERBOLIC_BORROWED { return hb_error_code(get()); }
    /// The server's type, such as "invalid_request_error", or "".
    [[nodiscard]] std::string_view type() const noexcept HYPERBOLIC_BORROWED { return hb_error_type(get()); }
    /// The field that is bad, the deadline that passed ("connect", "first_token", "idle" or "total"), or "".
    [[nodiscard]] std::string_view param() const noexcept HYPERBOLIC_BORROWED { return hb_error_param(get()); }
    /// The id that the server gave the request, or "".
    [[nodiscard]] std::string_view request_id() const noexcept HYPERBOLIC_BORROWED {
        return hb_error_request_id(get());
    }
    /// How long the server asks to wait.
    [[nodiscard]] std::optional<milliseconds> retry_after() const noexcept {
        return detail::known_time(hb_error_retry_after_ms(get()));
    }
    /// Whether the same request may succeed later.
    [[nodiscard]] bool is_retryable() const noexcept { return hb_error_is_retryable(get()) != 0; }
    /// How many HTTP requests were sent.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return hb_error_attempts(get()); }
    /// The server's answer as it was, but for the key. Some servers repeat the prompt in it: think before you log it.
    [[nodiscard]] std::string_view body() const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_error_body(get(), len); });
    }
    /// What had arrived before a cut, a cancel, a deadline; empty if nothing was sent.
    [[nodiscard]] const response &partial() const noexcept HYPERBOLIC_BORROWED { return partial_; }

private:
    hyperbolic::status status_ = hyperbolic::status::ok;
    response partial_;
};

#if HYPERBOLIC_EXCEPTIONS
/// Thrown where a result is read that has none, and by a range that breaks off.
class exception : public std::exception {
public:
    explicit exception(hyperbolic::error error) noexcept : error_(std::move(error)) {}
    exception(const exception &other) noexcept : std::exception(other), error_(other.error_.share()) {}
    exception(exception &&) noexcept = default;
    exception &operator=(const exception &other) noexcept {
        error_ = other.error_.share();
        return *this;
    }
    exception &operator=(exception &&) noexcept = default;
    ~exception() override = default;

    [[nodiscard]] const char *what() const noexcept override { return error_.message().data(); }
    [[nodiscard]] const hyperbolic::error &error() const noexcept { return error_; }

private:
    hyperbolic::error error_;
};
#endif

namespace detail {

/// Throws, or, without exceptions, terminates.
[[noreturn]] inline void raise(error &&failed) {
#if HYPERBOLIC_EXCEPTIONS
    throw exception(std::move(failed));
#else
    (void)failed;
    std::terminate();
#endif
}

}  // namespace detail

/// A value, or the error that is there instead. Reading a value that is not there throws hyperbolic::exception; in
/// files compiled without exceptions it terminates. Nothing else here throws.
template <class T>
class [[nodiscard]] result {
public:
    result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(*-explicit-*): as std::expected
    result(hyperbolic::error failed) noexcept : state_(std::in_place_index<1>, std::move(failed)) {}  // NOLINT

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] hyperbolic::status status() const noexcept {
        const auto *failed = std::get_if<1>(&state_);
        return failed == nullptr ? hyperbolic::status::ok : failed->status();
    }

    T &value() & HYPERBOLIC_BORROWED { return *std::get_if<0>(&(checked(), state_)); }
    const T &value() const & HYPERBOLIC_BORROWED { return *std::get_if<0>(&(checked(), state_)); }
    // By value, so that a loop over what a temporary result holds keeps it.
    T value() && { return std::move(*std::get_if<0>(&(checked(), state_))); }
    T &operator*() & HYPERBOLIC_BORROWED { return value(); }
    const T &operator*() const & HYPERBOLIC_BORROWED { return value(); }
    T operator*() && { return std::move(*this).value(); }
    T *operator->() HYPERBOLIC_BORROWED { return &value(); }
    const T *operator->() const HYPERBOLIC_BORROWED { return &value(); }

    /// What went wrong; of a result that has a value an error whose status is ok.
    [[nodiscard]] const hyperbolic::error &error() const & noexcept HYPERBOLIC_BORROWED {
        static const hyperbolic::error none;
        const auto *failed = std::get_if<1>(&state_);
        return failed == nullptr ? none : *failed;
    }
    [[nodiscard]] hyperbolic::error error() && noexcept {
        auto *failed = std::get_if<1>(&state_);
        return failed == nullptr ? hyperbolic::error() : std::move(*failed);
    }

#if defined(__cpp_lib_expected)
    [[nodiscard]] std::expected<T, hyperbolic::error> to_expected() && {
        if (has_value()) return std::move(*std::get_if<0>(&state_));
        return std::unexpected(std::move(*std::get_if<1>(&state_)));
    }
#endif

private:
    void checked() const {
        if (const auto *failed = std::get_if<1>(&state_)) detail::raise(failed->share());
    }

    std::variant<T, hyperbolic::error> state_;
};

/// Whether it went well, and if not, why.
template <>
class [[nodiscard]] result<void> {
public:
    result() noexcept = default;
    result(hyperbolic::error failed) noexcept : failed_(std::move(failed)) {}  // NOLINT(*-explicit-*): as std::expected

    [[nodiscard]] bool has_value() const noexcept { return is_good(failed_.status()); }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] hyperbolic::status status() const noexcept { return failed_.status(); }
    void value() const {
        if (!has_value()) detail::raise(failed_.share());
    }
    [[nodiscard]] const hyperbolic::error &error() const & noexcept HYPERBOLIC_BORROWED { return failed_; }
    [[nodiscard]] hyperbolic::error error() && noexcept { return std::move(failed_); }

#if defined(__cpp_lib_expected)
    [[nodiscard]] std::expected<void, hyperbolic::error> to_expected() && {
        if (has_value()) return {};
        return std::unexpected(std::move(failed_));
    }
#endif

private:
    hyperbolic::error failed_;
};

namespace detail {

/// Calls a function of the library that takes `hb_error **` last and makes nothing else.
template <class Call>
result<void> attempt(Call call) {
    hb_error *failed = nullptr;
    const auto answer = static_cast<status>(call(&failed));
    if (is_good(answer)) return {};
    return error(answer, failed);
}

/// Calls one that makes a `Raw`, which a `T` takes over.
template <class T, class Raw, class Call>
result<T> make(Call call) {
    Raw *made = nullptr;
    hb_error *failed = nullptr;
    const auto answer = static_cast<status>(call(&made, &failed));
    if (is_good(answer)) return T(made);
    return error(answer, failed);
}

/// The end of a request: the answer, or an error that has what had come of it.
inline result<response> finished(status answer, hb_response *arrived, hb_error *failed) {
    if (is_good(answer)) return response(arrived);
    return error(answer, failed, arrived);
}

}  // namespace detail

HYPERBOLIC_NAMESPACE_END

#endif
