// A client of one server.

#ifndef HYPERBOLIC_CLIENT_HPP
#define HYPERBOLIC_CLIENT_HPP

#include <hyperbolic/models.hpp>
#include <hyperbolic/stream.hpp>

HYPERBOLIC_NAMESPACE_BEGIN

/// What a client counts; see HB_COUNT_REQUESTS and its like.
enum class counter : std::uint32_t {
    requests = HB_COUNT_REQUESTS,
    attempts = HB_COUNT_ATTEMPTS,
    retries = HB_COUNT_RETRIES,
    replays = HB_COUNT_REPLAYS,
    connections = HB_COUNT_CONNECTIONS,
    rate_limited = HB_COUNT_RATE_LIMITED,
    succeeded = HB_COUNT_SUCCEEDED,
    failed = HB_COUNT_FAILED,
    cancelled = HB_COUNT_CANCELLED,
    prompt_tokens = HB_COUNT_PROMPT_TOKENS,
    completion_tokens = HB_COUNT_COMPLETION_TOKENS,
    spent_nanousd = HB_COUNT_SPENT_NANOUSD,
    unpriced = HB_COUNT_UNPRICED,
    logs_dropped = HB_COUNT_LOGS_DROPPED
};

/// What a request will come to, about.
struct estimate {
    std::int64_t prompt_tokens = 0;
    /// The worst case, in nano-USD (10^-9 $); nullopt if a price or the longest answer is not known.
    std::optional<std::int64_t> cost_nanousd;
};

/// A client of one server: its key, its connections, its requests. Any number of threads may use it at once: make one
/// and share it by reference. Its end cancels what is still going on.
class client : public detail::handle<hb_client, hb_client_free> {
public:
    using handle::handle;
    client() noexcept = default;

    /// Makes one. Nothing is sent, and no thread started, before the first request.
    static result<client> make(const options &settings) {
        return detail::make<client, hb_client>([&](hb_client **made, hb_error **failed) {
            return hb_client_new(settings.get(), made, failed);
        });
    }
    /// Makes one with key, server and proxies from the environment.
    static result<client> from_env() { return make(options::from_env()); }
#if HYPERBOLIC_EXCEPTIONS
    /// Makes one, or throws.
    explicit client(const options &settings) : client(make(settings).value()) {}
#endif

    /// Sends a chat and waits for the whole answer. An error has what had arrived: error().partial().
    result<response> chat(const request &asked) { return call(hb_chat, asked); }
    /// Sends a text completion and waits for the whole answer.
    result<response> complete(const request &asked) { return call(hb_complete, asked); }

    /// The answer's text, piece by piece: `for (auto piece : client.stream(request))`. Starts at once; leaving the loop
    /// cancels. Chats and text completions.
    [[nodiscard]] text_stream stream(const request &asked) { return text_stream(get(), asked); }
    /// The same with everything that happens: thinking, tool calls, retries, and the text of every choice.
    [[nodiscard]] event_stream events(const request &asked) { return event_stream(get(), asked); }

    /// Calls `on_text(std::string_view)` for each piece, on this thread, and answers when all is there. It answers
    /// nothing, or a flow; flow::stop cancels. It may do anything, and leave by an exception, which cancels too.
    template <class Function>
    result<response> stream(const request &asked, Function &&on_text) {
        return detail::each(stream(asked), on_text);
    }
    /// The same with `on_event(const event &)`.
    template <class Function>
    result<response> events(const request &asked, Function &&on_event) {
        return detail::each(events(asked), on_event);
    }

    /// Asks the server for its models.
    result<hyperbolic::model_list> models() {
        return detail::make<hyperbolic::model_list, hb_model_list>(
            [&](hb_model_list **made, hb_error **failed) { return hb_models(get(), made, failed); });
    }
    /// What is known of models: the catalogue, under what models() answered last. Nothing is sent.
    result<hyperbolic::model_list> model_list() {
        return detail::make<hyperbolic::model_list, hb_model_list>(
            [&](hb_model_list **made, hb_error **failed) { return hb_client_model_list(get(), made, failed); });
    }
    /// What a request will come to, before it is sent.
    result<hyperbolic::estimate> estimate(const request &asked) const {
        hyperbolic::estimate made;
        std::int64_t cost = -1;
        auto made_it = detail::attempt([&](hb_error **failed) {
            return hb_request_estimate(asked.get(), get(), &made.prompt_tokens, &cost, failed);
        });
        if (!made_it) return std::move(made_it).error();
        made.cost_nanousd = detail::known(cost);
        return made;
    }
    /// What was used so far, model by model.
    result<hyperbolic::usage> usage() {
        return detail::make<hyperbolic::usage, hb_usage>(
            [&](hb_usage **made, hb_error **failed) { return hb_client_usage(get(), made, failed); });
    }
    [[nodiscard]] std::int64_t count(counter what) const noexcept {
        return hb_client_count(get(), static_cast<std::uint32_t>(what));
    }
    /// The oldest record of the log, which options::log turns on.
    [[nodiscard]] std::optional<log_record> take_log() noexcept {
        log_record taken(hb_client_take_log(get()));
        if (taken.is_empty()) return std::nullopt;
        return taken;
    }

    /// Replaces the key for what is sent from now on.
    result<void> set_api_key(std::string_view key) {
        return detail::attempt(
            [&](hb_error **failed) { return hb_client_set_api_key(get(), key.data(), key.size(), failed); });
    }
    /// Connects ahead of the first request. Returns at once.
    result<void> warm_up() {
        return detail::attempt([&](hb_error **failed) { return hb_client_warm_up(get(), failed); });
    }
    /// Cancels every request and refuses new ones with status::closed. Any thread; twice does nothing.
    void close() noexcept { hb_client_close(get()); }

private:
    using blocking_call = hb_status (*)(hb_client *, const hb_request *, hb_response **, hb_error **);

    result<response> call(blocking_call function, const request &asked) {
        hb_response *arrived = nullptr;
        hb_error *failed = nullptr;
        const auto answer = function(get(), asked.get(), &arrived, &failed);
        return detail::finished(static_cast<status>(answer), arrived, failed);
    }
};

/// The version of the library that is loaded, such as "0.1.0".
inline std::string_view library_version() noexcept { return hb_library_version(); }

/// Whether the library that is loaded is one that this header can work with. If not, the program must not go on.
inline bool is_library_compatible() noexcept { return hb_abi_version() == HYPERBOLIC_ABI_VERSION; }

/// Ends every request and every thread of the library, before its code is unloaded and never else; waits for that.
inline status shutdown(milliseconds patience = for_ever) noexcept {
    return static_cast<status>(hb_shutdown(detail::wait_ms(patience)));
}

HYPERBOLIC_NAMESPACE_END

#endif
