// Answers piece by piece: events, and ranges over them.

#ifndef HYPERBOLIC_STREAM_HPP
#define HYPERBOLIC_STREAM_HPP

#include <hyperbolic/request.hpp>

#include <iterator>

HYPERBOLIC_NAMESPACE_BEGIN

enum class event_kind : std::uint32_t {
    text = HB_EVENT_TEXT,
    reasoning = HB_EVENT_REASONING,
    tool_call = HB_EVENT_TOOL_CALL,
    retry = HB_EVENT_RETRY,
    done = HB_EVENT_DONE
};

/// What a callback answers that may end its request; one that answers nothing never does.
enum class flow : std::uint8_t { go_on, stop };

/// A request in flight. A number: it may be copied and kept, and outlives what it names.
struct operation {
    hb_op id = 0;
    /// Ends it: pieces that wait are dropped, its end is status::cancelled with what had arrived, and the server sees the
    /// connection close. Does nothing to one that has ended. Any thread; never blocks.
    void cancel() const noexcept { hb_cancel(id); }
    /// Keeps its events in the library, or lets them go: for a reader that is behind, a game that pauses. Beyond
    /// limit::queue the server has to wait too. A cancel lets go. Any thread; never blocks.
    void hold(bool on = true) const noexcept { hb_hold(id, static_cast<std::int32_t>(on)); }
    friend bool operator==(operation a, operation b) noexcept { return a.id == b.id; }
    friend bool operator!=(operation a, operation b) noexcept { return a.id != b.id; }
};

/// One thing that happened to one request: a view, valid until the callback returns, or until the next one is taken.
/// Skip kinds that you do not know. What its kind does not use is 0 or "".
class event {
public:
    explicit event(const hb_event &raw) noexcept : raw_(&raw) {}

    [[nodiscard]] const hb_event &get() const noexcept { return *raw_; }
    [[nodiscard]] event_kind kind() const noexcept { return static_cast<event_kind>(raw_->kind); }
    [[nodiscard]] operation op() const noexcept { return {raw_->op}; }
    /// Of text and reasoning the next piece: whole code points, never empty. Of a tool call its arguments.
    [[nodiscard]] std::string_view text() const noexcept { return {raw_->text, raw_->text_len}; }
    [[nodiscard]] std::uint32_t choice() const noexcept { return raw_->choice; }
    /// Of a tool call: the call, copied.
    [[nodiscard]] tool_call call() const {
        return {raw_->id, raw_->name, std::string(text()), raw_->status == HB_OK};
    }
    /// Of a tool call: which of its choice.
    [[nodiscard]] std::uint32_t call_index() const noexcept { return raw_->tool_call; }
    /// Of a retry: which attempt follows, after what wait, with which model, and why.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return raw_->attempt; }
    [[nodiscard]] milliseconds delay() const noexcept { return milliseconds(raw_->delay_ms); }
    [[nodiscard]] std::string_view next_model() const noexcept { return raw_->name; }
    [[nodiscard]] error why() const noexcept {
        return error(static_cast<status>(hb_error_status(raw_->error)), hb_error_retain(raw_->error));
    }
    /// Of done: how it ended. The answer is a share: it may be kept.
    [[nodiscard]] hyperbolic::result<response> result() const {
        return detail::finished(static_cast<status>(raw_->status), hb_response_retain(raw_->response),
                                hb_error_retain(raw_->error));
    }

private:
    const hb_event *raw_;
};

/// An answer as a range of its pieces: of `std::string_view`, the text of its first choice, or of `event`, everything
/// that happens but the end. Made by client::stream and client::events. It waits in its ++, and leaving it cancels the
/// request. One thread at a time; a range that was begun is not to be moved. A piece is valid until the next one.
///
/// A request that fails ends the range; with exceptions on, the loop then throws. result() says how it ended.
template <class Piece>
class answer_stream {
public:
    answer_stream(hb_client *client, const request &asked) {
        hb_error *failed = nullptr;
        hb_queue *queue = nullptr;
        auto answer = hb_queue_new(&queue, &failed);
        queue_ = queue_handle(queue);
        if (answer == HB_OK) answer = hb_start(client, asked.get(), queue, 0, &op_.id, &failed);
        if (answer != HB_OK) finish(error(static_cast<status>(answer), failed));
    }

    /// The next piece, waited for; nullopt at the end, whatever it is. Never throws.
    [[nodiscard]] std::optional<Piece> next() {
        while (take()) {
            const event taken(*held_.get());
            if constexpr (std::is_same_v<Piece, event>) {
                return taken;
            } else if (taken.kind() == event_kind::text && taken.choice() == 0) {
                return taken.text();
            }
        }
        return std::nullopt;
    }

    /// How it ended, waited for; pieces that were not taken are passed over.
    [[nodiscard]] hyperbolic::result<response> result() {
        while (take()) {
        }
        if (end_) return end_->share();
        return end_.error().share();
    }

    /// Ends the request; what had arrived is in result().error().partial(). A loop over the range then ends, and does
    /// not throw for it.
    void cancel() noexcept {
        is_cancelled_ = true;
        op_.cancel();
    }
    /// The request, for whoever cancels it on another thread.
    [[nodiscard]] operation op() const noexcept { return op_; }

    struct end_mark {};
    class iterator {
    public:
        using value_type = Piece;
        using reference = Piece;
        using pointer = void;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::input_iterator_tag;

        explicit iterator(answer_stream *stream) : stream_(stream) { ++*this; }
        Piece operator*() const { return *piece_; }
        iterator &operator++() {
            piece_ = stream_->next();
            if (!piece_) stream_->check();
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator &at, end_mark) noexcept { return !at.piece_; }
        friend bool operator!=(const iterator &at, end_mark) noexcept { return at.piece_.has_value(); }
        friend bool operator==(end_mark, const iterator &at) noexcept { return !at.piece_; }
        friend bool operator!=(end_mark, const iterator &at) noexcept { return at.piece_.has_value(); }

    private:
        answer_stream *stream_;
        std::optional<Piece> piece_;
    };
    /// Waits for the first piece.
    [[nodiscard]] iterator begin() { return iterator(this); }
    [[nodiscard]] end_mark end() const noexcept { return {}; }

private:
    using queue_handle = detail::handle<hb_queue, hb_queue_free>;
    using event_handle = detail::handle<const hb_event, hb_event_free>;

    // Whether an event is in hand that is not the end.
    bool take() {
        held_ = event_handle();
        if (is_over_) return false;
        const hb_event *taken = nullptr;
        const auto answer = hb_queue_next(queue_.get(), -1, &taken);
        held_ = event_handle(taken);
        if (answer != HB_OK) {
            finish(error(static_cast<status>(answer)));
        } else if (taken->kind == HB_EVENT_DONE) {
            finish(event(*taken).result());
        }
        if (is_over_) held_ = event_handle();
        return !is_over_;
    }

    void finish(hyperbolic::result<response> end) {
        end_ = std::move(end);
        is_over_ = true;
    }

    void check() {
#if HYPERBOLIC_EXCEPTIONS
        if (!(is_cancelled_ && end_.status() == status::cancelled)) (void)end_.value();
#endif
    }

    queue_handle queue_;
    event_handle held_;
    operation op_;
    hyperbolic::result<response> end_ = error(status::invalid_argument);
    bool is_over_ = false;
    bool is_cancelled_ = false;
};

using text_stream = answer_stream<std::string_view>;
using event_stream = answer_stream<event>;

namespace detail {

/// Calls a function with a piece; whether it wants more.
template <class Function, class Piece>
bool goes_on(Function &function, const Piece &piece) {
    using answer = std::invoke_result_t<Function &, const Piece &>;
    static_assert(std::is_void_v<answer> || std::is_same_v<answer, flow>, "a callback answers nothing, or a flow");
    if constexpr (std::is_void_v<answer>) {
        function(piece);
        return true;
    } else {
        return function(piece) == flow::go_on;
    }
}

/// A range, given to a function piece by piece. An exception of the function's leaves the range, which cancels.
template <class Piece, class Function>
result<response> each(answer_stream<Piece> pieces, Function &function) {
    while (const auto piece = pieces.next()) {
        if (!goes_on(function, *piece)) {
            pieces.cancel();
            break;
        }
    }
    return pieces.result();
}

}  // namespace detail

HYPERBOLIC_NAMESPACE_END

#endif
