// Answers that a coroutine waits for (C++20). It goes on inside queue::dispatch, on the thread that pumps.

#ifndef HYPERBOLIC_COROUTINE_HPP
#define HYPERBOLIC_COROUTINE_HPP

#include <hyperbolic/queue.hpp>

#if HYPERBOLIC_COROUTINES

#include <coroutine>

HYPERBOLIC_NAMESPACE_BEGIN

namespace detail {

/// What has come and was not taken, and who waits for it. A coroutine may start on another thread than the one that
/// pumps, so there is a lock; nobody goes on while it is held.
class mailbox final : public handler {
public:
    void on(const event &happened) override {
        if (const auto ready = put(happened)) ready.resume();  // last: this may end everything but this handler
    }

    bool has_piece_or_end() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return !pieces_.empty() || end_.has_value();
    }
    bool has_end() {
        const std::lock_guard<std::mutex> lock(mutex_);
        return end_.has_value();
    }

    /// Whether the coroutine has to wait: it goes on when a piece is there, or the end.
    bool wait(std::coroutine_handle<> who, bool for_end) {
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (end_.has_value() || (!for_end && !pieces_.empty())) return false;
            waiter_ = who;
            is_for_end_ = for_end;
        }
        if (for_end) let_go();
        return true;
    }
    void leave() {
        const std::lock_guard<std::mutex> lock(mutex_);
        waiter_ = nullptr;
    }

    std::optional<std::string> take_pieces() {
        std::string taken;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            if (pieces_.empty()) return std::nullopt;
            pieces_.swap(taken);
        }
        let_go();
        return taken;
    }
    result<response> end() {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!end_.has_value()) return error(status::closed);
        if (end_->has_value()) return (*end_)->share();
        return end_->error().share();
    }
    void finish(result<response> end) {
        const std::lock_guard<std::mutex> lock(mutex_);
        end_.emplace(std::move(end));
    }

private:
    // Outside of the lock, because it may call the queue's wakeup. A piece that comes in between holds again.
    void let_go() {
        operation held;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            held = std::exchange(held_, {});
        }
        if (held != operation{}) held.hold(false);
    }

    std::coroutine_handle<> put(const event &happened) {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (happened.kind() == event_kind::text && happened.choice() == 0) {
            pieces_ += happened.text();
            if (pieces_.size() >= BEHIND && !is_for_end_) {
                held_ = happened.op();
                held_.hold();
            }
        } else if (happened.kind() == event_kind::done) {
            end_.emplace(happened.result());
        }
        const bool is_ready = end_.has_value() || (!is_for_end_ && !pieces_.empty());
        return is_ready ? std::exchange(waiter_, nullptr) : nullptr;
    }

    // So many bytes are kept for a coroutine that is elsewhere; the library holds what comes then.
    static constexpr std::size_t BEHIND = std::size_t{64} * 1024;

    std::mutex mutex_;
    std::string pieces_;
    operation held_;
    std::optional<result<response>> end_;
    std::coroutine_handle<> waiter_;
    bool is_for_end_ = false;
};

/// What co_await takes. It holds the mailbox, because the coroutine may be over before await_suspend returns.
class mailbox_awaiter {
public:
    mailbox_awaiter(std::shared_ptr<mailbox> box, bool for_end) noexcept : box_(std::move(box)), is_for_end_(for_end) {}
    [[nodiscard]] bool await_ready() const { return is_for_end_ ? box_->has_end() : box_->has_piece_or_end(); }
    [[nodiscard]] bool await_suspend(std::coroutine_handle<> who) const {
        const auto box = box_;
        return box->wait(who, is_for_end_);
    }

protected:
    std::shared_ptr<mailbox> box_;

private:
    bool is_for_end_;
};

class piece_awaiter : public mailbox_awaiter {
public:
    using mailbox_awaiter::mailbox_awaiter;
    [[nodiscard]] std::optional<std::string> await_resume() const { return box_->take_pieces(); }
};

class end_awaiter : public mailbox_awaiter {
public:
    using mailbox_awaiter::mailbox_awaiter;
    [[nodiscard]] result<response> await_resume() const { return box_->end(); }
};

}  // namespace detail

/// An answer that a coroutine waits for: starts at once; its end cancels. One coroutine at a time may wait. Who waits
/// goes on inside a dispatch of the queue. If the queue ends first, who waits is left waiting, to be destroyed by its
/// owner: close the queue and dispatch what waits, where coroutines should come to their end.
class async_stream {
public:
    async_stream(queue &through, client &from, const request &asked)
        : state_(through.state()), box_(std::make_shared<detail::mailbox>()) {
        if (!through.state()) {
            box_->finish(error(status::invalid_argument));
            return;
        }
        auto begun = through.state()->start(from.get(), asked.get(), box_, &tag_);
        if (begun) {
            op_ = *begun;
        } else {
            box_->finish(std::move(begun).error());
        }
    }
    async_stream(async_stream &&) noexcept = default;
    async_stream(const async_stream &) = delete;
    async_stream &operator=(async_stream &&) = delete;
    async_stream &operator=(const async_stream &) = delete;
    ~async_stream() {
        if (!box_) return;
        box_->leave();
        op_.cancel();
        if (const auto state = state_.lock()) state->take(tag_);
    }

    /// `co_await answer.next()`: the text that has come since, of the first choice; nullopt at the end, whatever it is.
    /// Of text that is not waited for some 64 KiB are kept here, and the rest is held (operation::hold).
    [[nodiscard]] detail::piece_awaiter next() const { return {box_, false}; }
    /// `co_await answer.result()`: how it ended.
    [[nodiscard]] detail::end_awaiter result() const { return {box_, true}; }
    void cancel() const noexcept { op_.cancel(); }
    [[nodiscard]] operation op() const noexcept { return op_; }

private:
    std::weak_ptr<detail::queue_state> state_;
    std::shared_ptr<detail::mailbox> box_;
    std::uint64_t tag_ = 0;
    operation op_;
};

/// The simplest coroutine: runs until it first waits, and then wherever it goes on. Its owner's end destroys it where it
/// waits, and with it its requests. One thread at a time. What is awaited here works in any other coroutine as well.
class [[nodiscard]] task {
public:
    class promise_type {
    public:
        task get_return_object() noexcept { return task(std::coroutine_handle<promise_type>::from_promise(*this)); }
        [[nodiscard]] std::suspend_never initial_suspend() const noexcept { return {}; }
        [[nodiscard]] std::suspend_always final_suspend() const noexcept { return {}; }
        void return_void() const noexcept {}
#if HYPERBOLIC_EXCEPTIONS
        void unhandled_exception() noexcept { thrown_ = std::current_exception(); }
        void rethrow() {
            if (thrown_) std::rethrow_exception(std::exchange(thrown_, nullptr));
        }

    private:
        std::exception_ptr thrown_;
#else
        void unhandled_exception() noexcept { std::terminate(); }
        void rethrow() noexcept {}
#endif
    };

    task(task &&other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
    task &operator=(task &&other) noexcept {
        const task ended(std::move(*this));
        coroutine_ = std::exchange(other.coroutine_, nullptr);
        return *this;
    }
    task(const task &) = delete;
    task &operator=(const task &) = delete;
    ~task() {
        if (coroutine_) coroutine_.destroy();
    }

    [[nodiscard]] bool is_done() const noexcept { return !coroutine_ || coroutine_.done(); }
    /// Throws what the coroutine did not catch, once.
    void check() const {
        if (coroutine_ && coroutine_.done()) coroutine_.promise().rethrow();
    }

private:
    explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}

    std::coroutine_handle<promise_type> coroutine_;
};

HYPERBOLIC_NAMESPACE_END

#endif

#endif
