// Requests whose lambdas are called where a program pumps: in a game's frame, in a turn of a loop.

#ifndef HYPERBOLIC_QUEUE_HPP
#define HYPERBOLIC_QUEUE_HPP

#include <hyperbolic/client.hpp>

#include <memory>
#include <mutex>
#include <unordered_map>

HYPERBOLIC_NAMESPACE_BEGIN

namespace detail {

/// What becomes of a request's events.
class handler {
public:
    handler() noexcept = default;
    handler(const handler &) = delete;
    handler &operator=(const handler &) = delete;
    virtual ~handler() = default;
    virtual void on(const event &happened) = 0;
};

template <class OnEvent>
class event_handler final : public handler {
public:
    explicit event_handler(OnEvent on_event) : on_event_(std::move(on_event)) {}
    void on(const event &happened) override {
        if (!goes_on(on_event_, happened)) happened.op().cancel();
    }

private:
    OnEvent on_event_;
};

template <class OnText, class OnDone>
class text_handler final : public handler {
public:
    text_handler(OnText on_text, OnDone on_done) : on_text_(std::move(on_text)), on_done_(std::move(on_done)) {}
    void on(const event &happened) override {
        if (happened.kind() == event_kind::done) {
            on_done_(happened.result());
        } else if (happened.kind() == event_kind::text && happened.choice() == 0) {
            if (!goes_on(on_text_, happened.text())) happened.op().cancel();
        }
    }

private:
    OnText on_text_;
    OnDone on_done_;
};

class wakeup {
public:
    wakeup() noexcept = default;
    wakeup(const wakeup &) = delete;
    wakeup &operator=(const wakeup &) = delete;
    virtual ~wakeup() = default;
    virtual void ring() = 0;
    static void HB_CALL call(void *context) noexcept { static_cast<wakeup *>(context)->ring(); }
};

template <class Function>
class wakeup_function final : public wakeup {
public:
    explicit wakeup_function(Function function) : function_(std::move(function)) {}
    void ring() override { function_(); }

private:
    Function function_;
};

/// A queue of the library's with the handlers of its requests, by tag. Shared, because a lambda may end the queue that
/// calls it. Nothing of a caller's runs while the lock is held: what is taken out of the map is called, and destroyed,
/// after it.
class queue_state {
public:
    queue_state() noexcept { hb_queue_new(&raw_, nullptr); }
    queue_state(const queue_state &) = delete;
    queue_state &operator=(const queue_state &) = delete;
    ~queue_state() { end(); }

    [[nodiscard]] hb_queue *get() const noexcept { return raw_; }

    /// Begins a request by `send(queue, tag, op, error)`; its handler is there before its first event can be.
    template <class Send>
    result<operation> begin(std::shared_ptr<handler> handles, Send send, std::uint64_t *tag_used = nullptr) {
        const std::uint64_t tag = add(std::move(handles));
        if (tag_used != nullptr) *tag_used = tag;
        operation begun;
        hb_error *failed = nullptr;
        const auto answer = send(raw_, tag, &begun.id, &failed);
        if (answer == HB_OK) return begun;
        take(tag);
        return error(static_cast<status>(answer), failed);
    }

    result<operation> start(hb_client *client, const hb_request *asked, std::shared_ptr<handler> handles,
                            std::uint64_t *tag_used = nullptr) {
        const auto send = [&](hb_queue *queue, std::uint64_t tag, hb_op *op, hb_error **failed) {
            return hb_start(client, asked, queue, tag, op, failed);
        };
        return begin(std::move(handles), send, tag_used);
    }

    void deliver(const hb_event &raw) {
        const auto handles = raw.kind == HB_EVENT_DONE ? take(raw.tag) : find(raw.tag);
        if (handles) handles->on(event(raw));
    }

    /// Takes a handler out, to be destroyed by the caller.
    std::shared_ptr<handler> take(std::uint64_t tag) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto at = handlers_.find(tag);
        if (at == handlers_.end()) return nullptr;
        auto handles = std::move(at->second);
        handlers_.erase(at);
        return handles;
    }

    template <class Function>
    result<void> set_wakeup(Function function) {
        auto next = std::make_unique<wakeup_function<Function>>(std::move(function));
        const auto answer = hb_queue_set_wakeup(raw_, wakeup::call, static_cast<wakeup *>(next.get()));
        if (answer != HB_OK) return error(static_cast<status>(answer));
        wakeup_ = std::move(next);
        return {};
    }
    void clear_wakeup() noexcept {
        hb_queue_set_wakeup(raw_, nullptr, nullptr);
        wakeup_ = nullptr;
    }

    /// Frees the queue, and the handlers of what had not ended.
    void end() {
        hb_queue_free(std::exchange(raw_, nullptr));
        wakeup_ = nullptr;
        std::unordered_map<std::uint64_t, std::shared_ptr<handler>> left;
        const std::lock_guard<std::mutex> lock(mutex_);
        left.swap(handlers_);
    }

private:
    std::uint64_t add(std::shared_ptr<handler> handles) {
        const std::lock_guard<std::mutex> lock(mutex_);
        handlers_.emplace(++last_tag_, std::move(handles));
        return last_tag_;
    }

    std::shared_ptr<handler> find(std::uint64_t tag) {
        const std::lock_guard<std::mutex> lock(mutex_);
        const auto at = handlers_.find(tag);
        return at == handlers_.end() ? nullptr : at->second;
    }

    hb_queue *raw_ = nullptr;
    std::unique_ptr<wakeup> wakeup_;
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::shared_ptr<handler>> handlers_;
    std::uint64_t last_tag_ = 0;
};

}  // namespace detail

/// What a dispatch did.
struct dispatched {
    /// ok; timeout, if nothing came; woken; closed, once nothing waits any more; busy.
    hyperbolic::status status = status::ok;
    /// How many events were handled.
    std::uint32_t handled = 0;
};

/// Requests of any clients, each with its lambdas, which are called inside dispatch() or dispatch_one(), on the thread
/// that calls it, and nowhere else. They may start, cancel and dispatch, and may destroy clients, lambdas and the very
/// queue: nothing is locked or half changed while they run. An exception of theirs comes out of the dispatch; the
/// queue is whole, and the request goes on.
///
/// Starting, waking and closing may be done on any thread; one thread at a time dispatches. The end of the queue
/// cancels what is going on: lambdas are destroyed, and not called any more.
class queue {
public:
    queue() : state_(std::make_shared<detail::queue_state>()) {}
    queue(queue &&) noexcept = default;
    queue &operator=(queue &&other) noexcept {
        auto next = std::move(other.state_);
        const queue ended(std::move(*this));
        state_ = std::move(next);
        return *this;
    }
    queue(const queue &) = delete;
    queue &operator=(const queue &) = delete;
    ~queue() {
        const auto state = std::move(state_);
        if (state) state->end();
    }

    /// Starts a request; `on_event(const event &)` is called for all that happens, last for event_kind::done, whose
    /// event::result() is the answer. It answers nothing, or a flow; flow::stop cancels the request. If this fails, it
    /// is not called.
    template <class OnEvent>
    result<operation> start(client &from, const request &asked, OnEvent on_event) {
        return begin(from, asked, std::make_shared<detail::event_handler<OnEvent>>(std::move(on_event)));
    }
    /// Starts a request; `on_text(std::string_view)` gets the text of its first choice piece by piece, and
    /// `on_done(result<response>)` is called once, last.
    template <class OnText, class OnDone>
    result<operation> start(client &from, const request &asked, OnText on_text, OnDone on_done) {
        using both = detail::text_handler<OnText, OnDone>;
        return begin(from, asked, std::make_shared<both>(std::move(on_text), std::move(on_done)));
    }

    /// Starts to ask the server for its models; `on_done(result<response>)` is called once: response::models().
    template <class OnDone>
    result<operation> models(client &from, OnDone on_done) {
        if (!state_) return error(status::invalid_argument);
        const auto none = [](std::string_view) {};
        using last = detail::text_handler<decltype(none), OnDone>;
        const auto send = [&](hb_queue *queue, std::uint64_t tag, hb_op *op, hb_error **failed) {
            return hb_start_models(from.get(), queue, tag, op, failed);
        };
        return state_->begin(std::make_shared<last>(none, std::move(on_done)), send);
    }

    /// Calls the lambdas for what waits, one event at least if there is one, and stops early once `budget` has passed or
    /// `max_events` are handled; 0 is no limit. Never waits.
    dispatched dispatch(std::chrono::microseconds budget = {}, std::uint32_t max_events = 0) {
        const auto state = state_;  // a lambda may end this queue
        pump running(state.get());
        dispatched done;
        done.status = static_cast<status>(hb_queue_dispatch(get(), pump::on_event, &running, max_events,
                                                            detail::limit_us(budget), &done.handled));
        running.finish();
        return done;
    }
    /// Waits for one event, and calls its lambda: for programs that have no loop of their own.
    dispatched dispatch_one(milliseconds timeout = for_ever) {
        const auto state = state_;
        const hb_event *taken = nullptr;
        dispatched done;
        done.status = static_cast<status>(hb_queue_next(get(), detail::wait_ms(timeout), &taken));
        const detail::handle<const hb_event, hb_event_free> held(taken);
        if (taken != nullptr) {
            done.handled = 1;
            state->deliver(*taken);
        }
        return done;
    }

    /// Gets one dispatch to answer status::woken. Any thread.
    void wake() noexcept { hb_queue_wake(get()); }
    /// Cancels every request and refuses new ones; their ends can still be dispatched. Any thread; twice does nothing.
    void close() noexcept { hb_queue_close(get()); }
    /// Readable while there is something to dispatch: for epoll, kqueue, poll. -1 if there is none. It is the library's.
    [[nodiscard]] std::intptr_t native_handle() noexcept { return hb_queue_native_handle(get()); }
    /// Sets what is called when there is something to dispatch, in place of what was set. It may run on a thread of the
    /// library, and may only signal: call nothing of the library, throw nothing, and take no lock that is held around
    /// calls of it. One thread at a time.
    template <class Function>
    result<void> set_wakeup(Function function) {
        if (!state_) return error(status::invalid_argument);
        return state_->set_wakeup(std::move(function));
    }
    void clear_wakeup() noexcept {
        if (state_) state_->clear_wakeup();
    }

    /// The C handle, for functions of hyperbolic.h. Events of requests that are started with it are dropped by a dispatch.
    [[nodiscard]] hb_queue *get() const noexcept { return state_ ? state_->get() : nullptr; }
    /// For awaitables.
    [[nodiscard]] const std::shared_ptr<detail::queue_state> &state() const noexcept { return state_; }

private:
    // No exception leaves through the library: it is caught, and goes on when the dispatch has returned.
    class pump {
    public:
        explicit pump(detail::queue_state *state) noexcept : state_(state) {}
        static std::int32_t HB_CALL on_event(const hb_event *happened, void *context) noexcept {
            auto *self = static_cast<pump *>(context);
#if HYPERBOLIC_EXCEPTIONS
            try {
                self->state_->deliver(*happened);
            } catch (...) {
                self->thrown_ = std::current_exception();
                return HB_RETURN;
            }
#else
            self->state_->deliver(*happened);
#endif
            return HB_CONTINUE;
        }
        void finish() const {
#if HYPERBOLIC_EXCEPTIONS
            if (thrown_) std::rethrow_exception(thrown_);
#endif
        }

    private:
        detail::queue_state *state_;
#if HYPERBOLIC_EXCEPTIONS
        std::exception_ptr thrown_;
#endif
    };

    result<operation> begin(client &from, const request &asked, std::shared_ptr<detail::handler> handles) {
        if (!state_) return error(status::invalid_argument);
        return state_->start(from.get(), asked.get(), std::move(handles));
    }

    std::shared_ptr<detail::queue_state> state_;
};

HYPERBOLIC_NAMESPACE_END

#endif
