// What the rest of hyperbolic.hpp stands on: what the compiler can do, handles, and text in and out.

#ifndef HYPERBOLIC_CONFIG_HPP
#define HYPERBOLIC_CONFIG_HPP

#include <hyperbolic.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#if defined(__cpp_exceptions) || defined(_CPPUNWIND)
#define HYPERBOLIC_EXCEPTIONS 1
#else
#define HYPERBOLIC_EXCEPTIONS 0
#endif

#if defined(__cpp_impl_coroutine) && __cpp_impl_coroutine >= 201902L
#if __has_include(<coroutine>)
#define HYPERBOLIC_COROUTINES 1
#endif
#endif
#ifndef HYPERBOLIC_COROUTINES
#define HYPERBOLIC_COROUTINES 0
#endif

// Marks what is borrowed from an object, so that clang and MSVC warn where it outlives a temporary one.
#if defined(__clang__)
#define HYPERBOLIC_BORROWED [[clang::lifetimebound]]
#elif defined(_MSC_VER) && _MSC_VER >= 1937
#define HYPERBOLIC_BORROWED [[msvc::lifetimebound]]
#else
#define HYPERBOLIC_BORROWED
#endif

// What fails throws in files compiled with exceptions and terminates in others. Both may be linked into one program:
// this keeps their inline functions apart.
#if HYPERBOLIC_EXCEPTIONS
#define HYPERBOLIC_NAMESPACE_BEGIN namespace hyperbolic { inline namespace throwing {
#else
#define HYPERBOLIC_NAMESPACE_BEGIN namespace hyperbolic { inline namespace terminating {
#endif
#define HYPERBOLIC_NAMESPACE_END } }

HYPERBOLIC_NAMESPACE_BEGIN

/// What a call answers: one value for each decision that its caller can take. hyperbolic.h describes each (HB_OK,
/// HB_E_CLOSED, ...). Later versions of the library may answer values that have no name here.
enum class status : std::int32_t {
    ok = HB_OK,
    timeout = HB_TIMEOUT,
    woken = HB_WOKEN,
    invalid_argument = HB_E_INVALID_ARGUMENT,
    closed = HB_E_CLOSED,
    busy = HB_E_BUSY,
    forked = HB_E_FORKED,
    system = HB_E_SYSTEM,
    panic = HB_E_PANIC,
    bad_data = HB_E_BAD_DATA,
    cancelled = HB_E_CANCELLED,
    deadline = HB_E_DEADLINE,
    connect = HB_E_CONNECT,
    truncated = HB_E_TRUNCATED,
    bad_response = HB_E_BAD_RESPONSE,
    authentication = HB_E_AUTHENTICATION,
    bad_request = HB_E_BAD_REQUEST,
    rate_limited = HB_E_RATE_LIMITED,
    quota = HB_E_QUOTA,
    server = HB_E_SERVER,
    budget = HB_E_BUDGET
};

/// The name of a status as hyperbolic.h writes it: "HB_E_CLOSED". Static text; any value has one.
inline std::string_view name(status value) noexcept { return hb_status_name(static_cast<hb_status>(value)); }
/// A status in a few words: "the client or the queue is closed". NUL-terminated.
inline std::string_view describe(status value) noexcept { return hb_status_message(static_cast<hb_status>(value)); }

/// Whether nothing failed: a timeout and a wake are no failures.
constexpr bool is_good(status value) noexcept { return static_cast<std::int32_t>(value) >= 0; }

using milliseconds = std::chrono::milliseconds;

/// Wait as long as it takes.
inline constexpr milliseconds for_ever{-1};

namespace detail {

/// A pointer of the library's that one object owns: move-only, freed once. After a move it is empty; an empty one
/// answers neutral values where it is read, and invalid_argument where it is used.
template <class T, void (*Free)(T *)>
class handle {
public:
    handle() noexcept = default;
    explicit handle(T *pointer) noexcept : pointer_(pointer) {}
    handle(handle &&other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
    handle &operator=(handle &&other) noexcept {
        T *old = std::exchange(pointer_, std::exchange(other.pointer_, nullptr));
        Free(old);
        return *this;
    }
    handle(const handle &) = delete;
    handle &operator=(const handle &) = delete;
    ~handle() { Free(pointer_); }

    /// The C handle, still owned by this object: for functions of hyperbolic.h.
    [[nodiscard]] T *get() const noexcept { return pointer_; }
    /// The C handle, no longer owned by this object.
    [[nodiscard]] T *release() noexcept { return std::exchange(pointer_, nullptr); }
    /// Whether there is one: not after a move or a release.
    [[nodiscard]] bool is_empty() const noexcept { return pointer_ == nullptr; }

private:
    T *pointer_ = nullptr;
};

/// Short identifiers end at a NUL in C. One within would cut them short; the library refuses \x01 there instead.
inline std::string terminated(std::string_view text) {
    std::string copy(text);
    for (char &byte : copy) {
        if (byte == '\0') byte = '\x01';
    }
    return copy;
}

/// A getter with a length, as a view.
template <class Get>
std::string_view view(Get get) noexcept {
    std::size_t size = 0;
    const char *data = get(&size);
    return {data, size};
}

/// -1 is "not known" in C.
template <class Number>
std::optional<Number> known(Number number) noexcept {
    if (number < 0) return std::nullopt;
    return number;
}

inline std::optional<milliseconds> known_time(std::int64_t ms) noexcept {
    if (ms < 0) return std::nullopt;
    return milliseconds(ms);
}

inline std::optional<bool> known_flag(std::int32_t flag) noexcept {
    if (flag < 0) return std::nullopt;
    return flag != 0;
}

/// A limit in C: 0 is none. A negative one has passed already, which must not become none.
template <class Count>
std::uint32_t limit(Count count) noexcept {
    if (count < 0) return 1;
    return count > UINT32_MAX ? UINT32_MAX : static_cast<std::uint32_t>(count);
}
inline std::uint32_t limit_ms(milliseconds time) noexcept { return limit(time.count()); }
inline std::uint32_t limit_us(std::chrono::microseconds time) noexcept { return limit(time.count()); }

/// A wait in C: -1 is for ever.
inline std::int32_t wait_ms(milliseconds time) noexcept {
    if (time.count() < 0) return -1;
    return time.count() > INT32_MAX ? INT32_MAX : static_cast<std::int32_t>(time.count());
}

/// Goes through what has size() and operator[].
template <class List>
class index_iterator {
public:
    using value_type = decltype(std::declval<const List &>()[0]);
    using reference = value_type;
    using pointer = void;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;

    index_iterator() noexcept = default;
    index_iterator(const List *list, std::uint32_t index) noexcept : list_(list), index_(index) {}
    value_type operator*() const { return (*list_)[index_]; }
    index_iterator &operator++() noexcept {
        ++index_;
        return *this;
    }
    index_iterator operator++(int) noexcept { return index_iterator(list_, index_++); }
    friend bool operator==(const index_iterator &a, const index_iterator &b) noexcept { return a.index_ == b.index_; }
    friend bool operator!=(const index_iterator &a, const index_iterator &b) noexcept { return a.index_ != b.index_; }

private:
    const List *list_ = nullptr;
    std::uint32_t index_ = 0;
};

}  // namespace detail

HYPERBOLIC_NAMESPACE_END

#endif
