// What a model answered.

#ifndef HYPERBOLIC_RESPONSE_HPP
#define HYPERBOLIC_RESPONSE_HPP

#include <hyperbolic/model.hpp>

#include <vector>

HYPERBOLIC_NAMESPACE_BEGIN

/// A tool that the model calls. A copy: it outlives what it was read from.
struct tool_call {
    std::string id;
    std::string name;
    /// JSON as the model wrote it, or "" for a tool without parameters.
    std::string arguments;
    /// Whether `arguments` are a whole JSON object, or empty. Others cannot be run.
    bool is_whole = true;
};

/// An answer, whole or as far as it came. Immutable; any thread may read it. Views that it answers are valid as long as
/// it, or any share of it, lives. What the server did not say, and a choice that is not there, is "", 0 or nullopt; so
/// is everything of an empty one.
class response : public detail::handle<hb_response, hb_response_free> {
public:
    using handle::handle;

    /// The same answer once more, without a copy.
    [[nodiscard]] response share() const noexcept { return response(hb_response_retain(get())); }

    /// How the request ended: ok for a whole answer.
    [[nodiscard]] hyperbolic::status status() const noexcept {
        return static_cast<hyperbolic::status>(hb_response_status(get()));
    }

    [[nodiscard]] std::uint32_t choice_count() const noexcept { return hb_response_choice_count(get()); }
    /// The answer itself.
    [[nodiscard]] std::string_view text(std::uint32_t choice = 0) const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_response_text(get(), choice, len); });
    }
    /// The model's thinking before it.
    [[nodiscard]] std::string_view reasoning(std::uint32_t choice = 0) const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_response_reasoning(get(), choice, len); });
    }
    /// "stop", "length", "tool_calls", or another word of the server's; "" if it did not end.
    [[nodiscard]] std::string_view finish_reason(std::uint32_t choice = 0) const noexcept HYPERBOLIC_BORROWED {
        return hb_response_finish_reason(get(), choice);
    }
    [[nodiscard]] std::string_view role(std::uint32_t choice = 0) const noexcept HYPERBOLIC_BORROWED {
        return hb_response_role(get(), choice);
    }
    /// JSON, as the API documents it.
    [[nodiscard]] std::string_view logprobs(std::uint32_t choice = 0) const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_response_logprobs(get(), choice, len); });
    }

    [[nodiscard]] std::uint32_t tool_call_count(std::uint32_t choice = 0) const noexcept {
        return hb_response_tool_call_count(get(), choice);
    }
    [[nodiscard]] std::vector<tool_call> tool_calls(std::uint32_t choice = 0) const {
        std::vector<tool_call> calls(tool_call_count(choice));
        for (std::uint32_t at = 0; at < calls.size(); ++at) {
            calls[at].id = hb_response_tool_call_id(get(), choice, at);
            calls[at].name = hb_response_tool_call_name(get(), choice, at);
            calls[at].arguments = detail::view(
                [&](std::size_t *len) { return hb_response_tool_call_arguments(get(), choice, at, len); });
            calls[at].is_whole = hb_response_tool_call_is_whole(get(), choice, at) != 0;
        }
        return calls;
    }

    [[nodiscard]] std::string_view id() const noexcept HYPERBOLIC_BORROWED { return hb_response_id(get()); }
    /// "chat.completion" or "text_completion".
    [[nodiscard]] std::string_view object() const noexcept HYPERBOLIC_BORROWED { return hb_response_object(get()); }
    /// The model that answered, as the server names it.
    [[nodiscard]] std::string_view model() const noexcept HYPERBOLIC_BORROWED { return hb_response_model(get()); }
    /// The model that was asked last: the request's own, or a fallback.
    [[nodiscard]] std::string_view requested_model() const noexcept HYPERBOLIC_BORROWED {
        return hb_response_requested_model(get());
    }
    /// The id that the server gave the request, for its support.
    [[nodiscard]] std::string_view request_id() const noexcept HYPERBOLIC_BORROWED {
        return hb_response_request_id(get());
    }
    /// When the server made it, in seconds since 1970.
    [[nodiscard]] std::optional<std::int64_t> created() const noexcept {
        return detail::known(hb_response_created(get()));
    }
    /// The server's models, if they were asked for (queue::models).
    [[nodiscard]] model_list_view models() const noexcept HYPERBOLIC_BORROWED {
        return model_list_view(hb_response_models(get()));
    }
    /// The completion object, with fields that the library does not know. Made on the first call.
    [[nodiscard]] std::string_view json() const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_response_json(get(), len); });
    }

    /// Tokens, as the server counted them.
    [[nodiscard]] std::optional<std::int64_t> prompt_tokens() const noexcept {
        return detail::known(hb_response_prompt_tokens(get()));
    }
    [[nodiscard]] std::optional<std::int64_t> completion_tokens() const noexcept {
        return detail::known(hb_response_completion_tokens(get()));
    }
    [[nodiscard]] std::optional<std::int64_t> total_tokens() const noexcept {
        return detail::known(hb_response_total_tokens(get()));
    }
    /// What it cost, in nano-USD (10^-9 $).
    [[nodiscard]] std::optional<std::int64_t> cost_nanousd() const noexcept {
        return detail::known(hb_response_cost_nanousd(get()));
    }
    /// How many HTTP requests were sent.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return hb_response_attempts(get()); }
    /// From the call to the first piece.
    [[nodiscard]] std::optional<milliseconds> first_token() const noexcept {
        return detail::known_time(hb_response_first_token_ms(get()));
    }
    /// From the call to the end.
    [[nodiscard]] std::optional<milliseconds> total() const noexcept {
        return detail::known_time(hb_response_total_ms(get()));
    }
    /// How fast it came, after its first token.
    [[nodiscard]] std::optional<double> tokens_per_second() const noexcept {
        return detail::known(hb_response_tokens_per_second(get()));
    }

    /// Kinds of mistake that the server made and that were understood all the same: a word and how often each.
    [[nodiscard]] std::uint32_t tolerated_count() const noexcept { return hb_response_tolerated_count(get()); }
    [[nodiscard]] std::string_view tolerated_name(std::uint32_t index) const noexcept HYPERBOLIC_BORROWED {
        return hb_response_tolerated_name(get(), index);
    }
    [[nodiscard]] std::uint32_t tolerated_times(std::uint32_t index) const noexcept {
        return hb_response_tolerated_times(get(), index);
    }
};

HYPERBOLIC_NAMESPACE_END

#endif
