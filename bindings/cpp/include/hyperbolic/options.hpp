// Settings of a client.

#ifndef HYPERBOLIC_OPTIONS_HPP
#define HYPERBOLIC_OPTIONS_HPP

#include <hyperbolic/result.hpp>

HYPERBOLIC_NAMESPACE_BEGIN

/// What is bounded of what a server may cost; see HB_LIMIT_LINE and its like.
enum class limit : std::uint32_t {
    line = HB_LIMIT_LINE,
    event = HB_LIMIT_EVENT,
    answer = HB_LIMIT_ANSWER,
    error_body = HB_LIMIT_ERROR_BODY,
    headers = HB_LIMIT_HEADERS,
    json_depth = HB_LIMIT_JSON_DEPTH,
    choices = HB_LIMIT_CHOICES,
    tool_calls = HB_LIMIT_TOOL_CALLS,
    queue = HB_LIMIT_QUEUE
};

/// Requests a minute of Hyperbolic's tiers.
enum class tier : std::uint32_t { none = HB_TIER_NONE, basic = HB_TIER_BASIC, pro = HB_TIER_PRO };

/// When a replayed answer comes.
enum class replay_timing : std::uint32_t { at_once = HB_REPLAY_AT_ONCE, timed = HB_REPLAY_TIMED };

enum class log_level : std::uint32_t {
    off = HB_LOG_OFF,
    error = HB_LOG_ERROR,
    info = HB_LOG_INFO,
    debug = HB_LOG_DEBUG,
    trace = HB_LOG_TRACE
};

// Each setter twice, so that a chain that begins with a temporary can be kept: `auto made = options().strict();`
#define HYPERBOLIC_SETTER(type, function, parameters, call) \
    type &function parameters & {                           \
        call;                                               \
        return *this;                                       \
    }                                                       \
    type function parameters && {                           \
        call;                                               \
        return std::move(*this);                            \
    }

/// Settings of a client. One thread at a time. What is handed in is copied. The first bad value is remembered, and the
/// making of a client reports it, by name.
///
/// A time of 0 is no limit.
class options : public detail::handle<hb_options, hb_options_free> {
public:
    using handle::handle;
    /// Hyperbolic's server, no key, and the defaults.
    options() noexcept : handle(hb_options_new()) {}

    /// Key, server and proxies from the environment, which the library reads here and nowhere else:
    /// HYPERBOLIC_API_KEY, HYPERBOLIC_BASE_URL, HYPERBOLIC_ALLOW_HTTP, https_proxy and its like.
    [[nodiscard]] static options from_env() noexcept { return options(hb_options_from_env()); }

    HYPERBOLIC_SETTER(options, api_key, (std::string_view key), hb_options_set_api_key(get(), key.data(), key.size()))
    /// "https://host", also with a path.
    HYPERBOLIC_SETTER(options, base_url, (std::string_view url), hb_options_set_base_url(get(), url.data(), url.size()))
    /// Let the key travel over plain http to other machines.
    HYPERBOLIC_SETTER(options, allow_http, (bool on = true), hb_options_set_allow_http(get(), on))
    /// A header of every request.
    HYPERBOLIC_SETTER(options, header, (std::string_view name, std::string_view value),
                      hb_options_set_header(get(), detail::terminated(name).c_str(), value.data(), value.size()))
    HYPERBOLIC_SETTER(options, user_agent, (std::string_view name),
                      hb_options_set_user_agent(get(), name.data(), name.size()))
    /// Trust these certificates too.
    HYPERBOLIC_SETTER(options, ca_pem, (std::string_view pem), hb_options_add_ca_pem(get(), pem.data(), pem.size()))
    /// Trust the authorities of this system instead of those that browsers carry.
    HYPERBOLIC_SETTER(options, system_roots, (bool on = true), hb_options_set_system_roots(get(), on))
    /// "http://", "https://" or "socks5://"; "" is none.
    HYPERBOLIC_SETTER(options, proxy, (std::string_view url), hb_options_set_proxy(get(), url.data(), url.size()))
    /// Hosts that are reached without it, with commas between them.
    HYPERBOLIC_SETTER(options, no_proxy, (std::string_view hosts),
                      hb_options_set_no_proxy(get(), hosts.data(), hosts.size()))
    /// Whether answers are asked for as streams; true unless it is set.
    HYPERBOLIC_SETTER(options, streaming, (bool on), hb_options_set_streaming(get(), on))
    /// Fail on what is otherwise understood and counted.
    HYPERBOLIC_SETTER(options, strict, (bool on = true), hb_options_set_strict(get(), on))
    HYPERBOLIC_SETTER(options, bound, (limit what, std::uint64_t value),
                      hb_options_set_limit(get(), static_cast<std::uint32_t>(what), value))
    /// Write every exchange with the server into a file.
    HYPERBOLIC_SETTER(options, record, (std::string_view path), hb_options_set_record(get(), path.data(), path.size()))
    /// Answer from such a file, without a server.
    HYPERBOLIC_SETTER(options, replay, (std::string_view path, replay_timing timing = replay_timing::at_once),
                      hb_options_set_replay(get(), path.data(), path.size(), static_cast<std::uint32_t>(timing)))

    /// Name lookup, TCP, TLS and proxy together. Unless set: 10 s.
    HYPERBOLIC_SETTER(options, connect_timeout, (milliseconds time),
                      hb_options_set_connect_timeout_ms(get(), detail::limit_ms(time)))
    /// From the sending to the first piece. Unless set: 300 s.
    HYPERBOLIC_SETTER(options, first_token_timeout, (milliseconds time),
                      hb_options_set_first_token_timeout_ms(get(), detail::limit_ms(time)))
    /// Silence in an answer. Unless set: 120 s.
    HYPERBOLIC_SETTER(options, idle_timeout, (milliseconds time),
                      hb_options_set_idle_timeout_ms(get(), detail::limit_ms(time)))
    /// Whether a comment of the server ends a silence; true unless it is set.
    HYPERBOLIC_SETTER(options, idle_counts_comments, (bool on), hb_options_set_idle_counts_comments(get(), on))
    /// The whole request, with every attempt and wait. Unless set: no limit.
    HYPERBOLIC_SETTER(options, total_timeout, (milliseconds time),
                      hb_options_set_total_timeout_ms(get(), detail::limit_ms(time)))
    /// How often a request is sent again of whose answer nothing came. Unless set: 2.
    HYPERBOLIC_SETTER(options, max_retries, (std::uint32_t retries), hb_options_set_max_retries(get(), retries))
    /// Send again after a deadline too, which may be billed twice.
    HYPERBOLIC_SETTER(options, retry_deadlines, (bool on = true), hb_options_set_retry_deadlines(get(), on))

    /// Keep to the limits of one of Hyperbolic's tiers. What is set later wins.
    HYPERBOLIC_SETTER(options, keep_to, (tier which), hb_options_set_tier(get(), static_cast<std::uint32_t>(which)))
    HYPERBOLIC_SETTER(options, requests_per_minute, (std::uint32_t requests),
                      hb_options_set_requests_per_minute(get(), requests))
    HYPERBOLIC_SETTER(options, model_requests_per_minute, (std::string_view model, std::uint32_t requests),
                      hb_options_set_model_requests_per_minute(get(), model.data(), model.size(), requests))
    /// Requests with the server at once.
    HYPERBOLIC_SETTER(options, max_concurrent, (std::uint32_t requests),
                      hb_options_set_max_concurrent(get(), requests))
    /// Refuse further requests once answers have cost this much, in nano-USD (10^-9 $).
    HYPERBOLIC_SETTER(options, spending_limit_nanousd, (std::int64_t nanousd),
                      hb_options_set_spending_limit_nanousd(get(), nanousd))

    /// Keep a log; client::take_log takes its records.
    HYPERBOLIC_SETTER(options, log, (log_level level),
                      hb_options_set_log_level(get(), static_cast<std::uint32_t>(level)))
    /// Log bodies too, at log_level::trace: prompts and answers.
    HYPERBOLIC_SETTER(options, log_bodies, (bool on = true), hb_options_set_log_bodies(get(), on))
};

HYPERBOLIC_NAMESPACE_END

#endif
