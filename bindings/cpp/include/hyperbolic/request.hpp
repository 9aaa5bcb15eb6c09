// What is asked.

#ifndef HYPERBOLIC_REQUEST_HPP
#define HYPERBOLIC_REQUEST_HPP

#include <hyperbolic/conversation.hpp>
#include <hyperbolic/options.hpp>

#include <initializer_list>

HYPERBOLIC_NAMESPACE_BEGIN

/// A request: messages make it a chat, a prompt makes it a text completion. One thread at a time. What is handed in is
/// copied. The first bad value is remembered; check() and whatever sends the request report it, by name. It can be sent
/// any number of times; sending copies it cheaply, so that it may be changed or go at once.
class request : public detail::handle<hb_request, hb_request_free> {
public:
    using handle::handle;
    explicit request(std::string_view model) noexcept : handle(hb_request_new(model.data(), model.size())) {}

    /// A whole body, as the API documents it. Keys that the library does not know are sent as they are.
    [[nodiscard]] static request from_json(std::string_view json) noexcept {
        return request(hb_request_from_json(json.data(), json.size()));
    }
    /// A cheap copy, with what it remembers.
    [[nodiscard]] request clone() const noexcept { return request(hb_request_clone(get())); }

    HYPERBOLIC_SETTER(request, system, (std::string_view text), add("system", text))
    HYPERBOLIC_SETTER(request, user, (std::string_view text), add("user", text))
    HYPERBOLIC_SETTER(request, assistant, (std::string_view text), add("assistant", text))
    HYPERBOLIC_SETTER(request, message, (std::string_view role, std::string_view text),
                      add(detail::terminated(role).c_str(), text))
    /// Its messages become those of a conversation as it is now; those that are added then stand behind them.
    HYPERBOLIC_SETTER(request, messages_of, (const conversation &talk), hb_request_set_conversation(get(), talk.get()))
    /// To the last message, which is a user's: JPEG, PNG or WebP. `look` is "low", "high", "auto", or "" for none.
    HYPERBOLIC_SETTER(request, image, (const void *data, std::size_t size, std::string_view look = {}),
                      hb_request_add_image(get(), data, size, detail::optional_word(look).get()))
    HYPERBOLIC_SETTER(request, image_url, (std::string_view url, std::string_view look = {}),
                      hb_request_add_image_url(get(), url.data(), url.size(), detail::optional_word(look).get()))

    /// Make it a text completion of this text alone.
    HYPERBOLIC_SETTER(request, prompt, (std::string_view text),
                      hb_request_set_prompt(get(), text.data(), text.size()))
    /// Another one, to be completed beside it.
    HYPERBOLIC_SETTER(request, add_prompt, (std::string_view text),
                      hb_request_add_prompt(get(), text.data(), text.size()))
    HYPERBOLIC_SETTER(request, prompt_tokens, (const std::int64_t *tokens, std::size_t count),
                      hb_request_set_prompt_tokens(get(), tokens, count))
    HYPERBOLIC_SETTER(request, prompt_tokens, (std::initializer_list<std::int64_t> tokens),
                      hb_request_set_prompt_tokens(get(), tokens.begin(), tokens.size()))

    /// Offer a tool. `schema` is the JSON Schema of its arguments, "" if it has none.
    HYPERBOLIC_SETTER(request, tool, (std::string_view name, std::string_view description, std::string_view schema = {}),
                      hb_request_add_tool(get(), detail::terminated(name).c_str(), description.data(),
                                          description.size(), schema.data(), schema.size()))
    /// "auto", "none", "required", or the name of the tool that must be called.
    HYPERBOLIC_SETTER(request, tool_choice, (std::string_view choice),
                      hb_request_set_tool_choice(get(), detail::terminated(choice).c_str()))
    HYPERBOLIC_SETTER(request, parallel_tool_calls, (bool on), hb_request_set_parallel_tool_calls(get(), on))

    /// An answer that is a JSON object, of whatever shape.
    HYPERBOLIC_SETTER(request, json_object, (), hb_request_set_json_object(get()))
    /// An answer that fits a JSON Schema.
    HYPERBOLIC_SETTER(request, json_schema, (std::string_view name, std::string_view schema, bool strict = true),
                      hb_request_set_json_schema(get(), detail::terminated(name).c_str(), schema.data(), schema.size(),
                                                 strict))
    /// Deliver text in whole sentences, for speech.
    HYPERBOLIC_SETTER(request, sentences, (bool on = true), hb_request_set_sentences(get(), on))
    /// Deliver nothing before the end but retries.
    HYPERBOLIC_SETTER(request, omit_pieces, (bool on = true), hb_request_set_omit_pieces(get(), on))
    /// Leave the model's thinking out of what is delivered.
    HYPERBOLIC_SETTER(request, omit_reasoning, (bool on = true), hb_request_set_omit_reasoning(get(), on))
    /// Hand the thinking of earlier turns back to the server.
    HYPERBOLIC_SETTER(request, send_reasoning, (bool on = true), hb_request_set_send_reasoning(get(), on))

    /// Any key of the body, as JSON: whatever the API has or will have.
    HYPERBOLIC_SETTER(request, json, (std::string_view key, std::string_view value),
                      hb_request_set_json(get(), detail::terminated(key).c_str(), value.data(), value.size()))
    /// The most tokens of the answer.
    HYPERBOLIC_SETTER(request, max_tokens, (std::int64_t tokens), hb_request_set_max_tokens(get(), tokens))
    /// 0 to 2.
    HYPERBOLIC_SETTER(request, temperature, (double value), hb_request_set_temperature(get(), value))
    /// 0 to 1.
    HYPERBOLIC_SETTER(request, top_p, (double value), hb_request_set_top_p(get(), value))
    /// -1 is no limit.
    HYPERBOLIC_SETTER(request, top_k, (std::int64_t count), hb_request_set_top_k(get(), count))
    /// 0 to 1.
    HYPERBOLIC_SETTER(request, min_p, (double value), hb_request_set_min_p(get(), value))
    /// -2 to 2.
    HYPERBOLIC_SETTER(request, frequency_penalty, (double value), hb_request_set_frequency_penalty(get(), value))
    /// -2 to 2.
    HYPERBOLIC_SETTER(request, presence_penalty, (double value), hb_request_set_presence_penalty(get(), value))
    /// Above 0; 1 changes nothing.
    HYPERBOLIC_SETTER(request, repetition_penalty, (double value), hb_request_set_repetition_penalty(get(), value))
    /// Answers to the same question: the choices of the response.
    HYPERBOLIC_SETTER(request, n, (std::int64_t choices), hb_request_set_n(get(), choices))
    HYPERBOLIC_SETTER(request, seed, (std::int64_t value), hb_request_set_seed(get(), value))
    /// A text at which the answer ends; may be called for several.
    HYPERBOLIC_SETTER(request, stop, (std::string_view text), hb_request_add_stop(get(), text.data(), text.size()))
    /// -100 forbids a token, 100 forces it.
    HYPERBOLIC_SETTER(request, logit_bias, (std::int64_t token, double bias),
                      hb_request_set_logit_bias(get(), token, bias))
    HYPERBOLIC_SETTER(request, logprobs, (bool on = true), hb_request_set_logprobs(get(), on))
    /// 0 to 20.
    HYPERBOLIC_SETTER(request, top_logprobs, (std::int64_t count), hb_request_set_top_logprobs(get(), count))
    /// Your own user, for the server's abuse watch.
    HYPERBOLIC_SETTER(request, end_user, (std::string_view id), hb_request_set_user(get(), id.data(), id.size()))
    /// Text completions: write so many, answer the best.
    HYPERBOLIC_SETTER(request, best_of, (std::int64_t count), hb_request_set_best_of(get(), count))
    /// Text completions: repeat the prompt before the answer.
    HYPERBOLIC_SETTER(request, echo, (bool on = true), hb_request_set_echo(get(), on))
    /// Text completions: what follows the answer.
    HYPERBOLIC_SETTER(request, suffix, (std::string_view text),
                      hb_request_set_suffix(get(), text.data(), text.size()))

    /// A model that is asked where those before it are gone or overloaded; may be called for several.
    HYPERBOLIC_SETTER(request, fallback_model, (std::string_view model),
                      hb_request_add_fallback_model(get(), model.data(), model.size()))
    // Instead of the client's own; a time of 0 is no limit.
    HYPERBOLIC_SETTER(request, first_token_timeout, (milliseconds time),
                      hb_request_set_first_token_timeout_ms(get(), detail::limit_ms(time)))
    HYPERBOLIC_SETTER(request, idle_timeout, (milliseconds time),
                      hb_request_set_idle_timeout_ms(get(), detail::limit_ms(time)))
    HYPERBOLIC_SETTER(request, total_timeout, (milliseconds time),
                      hb_request_set_total_timeout_ms(get(), detail::limit_ms(time)))
    HYPERBOLIC_SETTER(request, max_retries, (std::uint32_t retries), hb_request_set_max_retries(get(), retries))
    HYPERBOLIC_SETTER(request, retry_deadlines, (bool on = true), hb_request_set_retry_deadlines(get(), on))

    /// Whether it could be sent; if not, the error names the first bad value, and its param() the field.
    [[nodiscard]] result<void> check() const {
        return detail::attempt([&](hb_error **failed) { return hb_request_check(get(), failed); });
    }

private:
    void add(const char *role, std::string_view text) noexcept {
        hb_request_add_message(get(), role, text.data(), text.size());
    }
};

#undef HYPERBOLIC_SETTER

HYPERBOLIC_NAMESPACE_END

#endif
