// What was said so far.

#ifndef HYPERBOLIC_CONVERSATION_HPP
#define HYPERBOLIC_CONVERSATION_HPP

#include <hyperbolic/result.hpp>

HYPERBOLIC_NAMESPACE_BEGIN

namespace detail {

/// A NUL-terminated word for as long as a call takes; NULL for "".
class optional_word {
public:
    explicit optional_word(std::string_view word) : word_(terminated(word)) {}
    [[nodiscard]] const char *get() const noexcept HYPERBOLIC_BORROWED {
        return word_.empty() ? nullptr : word_.c_str();
    }

private:
    std::string word_;
};

}  // namespace detail

/// Text that the library made. Immutable; any thread may read it.
class text : public detail::handle<hb_text, hb_text_free> {
public:
    using handle::handle;
    [[nodiscard]] std::string_view view() const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_text_data(get(), len); });
    }
    [[nodiscard]] std::string str() const { return std::string(view()); }
};

/// Make the beginning of a JSON object or array whole, so that an answer can be shown while it arrives.
inline result<text> json_close(std::string_view json) {
    return detail::make<text, hb_text>([&](hb_text **made, hb_error **failed) {
        return hb_json_close(json.data(), json.size(), made, failed);
    });
}

/// What a saved conversation leaves out; may be put together with |.
enum class save_without : std::uint32_t { nothing = 0, system = HB_SAVE_NO_SYSTEM, images = HB_SAVE_NO_IMAGES };

constexpr save_without operator|(save_without a, save_without b) noexcept {
    return static_cast<save_without>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

/// One message of a conversation: a view of it, valid until the conversation changes.
struct message {
    /// "user", "assistant" or "tool".
    std::string_view role;
    std::string_view text;
    std::string_view reasoning;
    /// Of a tool's message: which call it answers.
    std::string_view tool_result_id;
    std::uint32_t image_count = 0;
    std::uint32_t tool_call_count = 0;
    /// Whether it is of an answer that was cut off.
    bool is_partial = false;
};

/// What was said so far: a system prompt, a summary, messages. One thread at a time. What is handed in is copied. A call
/// that fails changes nothing and is forgotten. Views that it answers are valid until its next change.
class conversation : public detail::handle<hb_conversation, hb_conversation_free> {
public:
    using handle::handle;
    conversation() noexcept : handle(hb_conversation_new()) {}

    /// Reads what save() wrote, wherever it has been since: it is believed nothing.
    static result<conversation> load(std::string_view json) {
        return detail::make<conversation, hb_conversation>([&](hb_conversation **made, hb_error **failed) {
            return hb_conversation_load(json.data(), json.size(), made, failed);
        });
    }
    /// As JSON: the same bytes for the same conversation.
    [[nodiscard]] result<hyperbolic::text> save(save_without left_out = save_without::nothing) const {
        return detail::make<hyperbolic::text, hb_text>([&](hb_text **made, hb_error **failed) {
            return hb_conversation_save(get(), static_cast<std::uint32_t>(left_out), made, failed);
        });
    }
    /// A cheap copy, to go on in two ways.
    [[nodiscard]] conversation clone() const noexcept { return conversation(hb_conversation_clone(get())); }

    /// Replaces the one before; "" removes it. It is no message and never trimmed.
    result<void> set_system(std::string_view text) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_set_system(get(), text.data(), text.size(), failed);
        });
    }
    /// What was trimmed, in short; "" removes it. It is no message and never trimmed.
    result<void> set_summary(std::string_view text) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_set_summary(get(), text.data(), text.size(), failed);
        });
    }
    result<void> add_user(std::string_view text) { return add_message("user", text); }
    result<void> add_assistant(std::string_view text) { return add_message("assistant", text); }
    /// `role` is "user" or "assistant".
    result<void> add_message(std::string_view role, std::string_view text) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_add_message(get(), detail::terminated(role).c_str(), text.data(), text.size(),
                                               failed);
        });
    }
    /// To the last message, which is the user's: JPEG, PNG or WebP. `look` is "low", "high", "auto", or "" for none.
    result<void> add_image(const void *data, std::size_t size, std::string_view look = {}) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_add_image(get(), data, size, detail::optional_word(look).get(), failed);
        });
    }
    result<void> add_image_url(std::string_view url, std::string_view look = {}) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_add_image_url(get(), url.data(), url.size(), detail::optional_word(look).get(),
                                                 failed);
        });
    }
    /// An answer as it is, as far as it came.
    result<void> add_response(const response &answer, std::uint32_t choice = 0) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_add_response(get(), answer.get(), choice, failed);
        });
    }
    /// What a tool answered, in any order; it goes behind the message of its call.
    result<void> add_tool_result(std::string_view id, std::string_view text) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_add_tool_result(get(), detail::terminated(id).c_str(), text.data(), text.size(),
                                                   failed);
        });
    }
    /// Something of your own, saved and never sent; "" removes it.
    result<void> set_metadata(std::uint32_t index, std::string_view key, std::string_view text) {
        return attempt([&](hb_error **failed) {
            return hb_conversation_set_metadata(get(), index, detail::terminated(key).c_str(), text.data(),
                                                text.size(), failed);
        });
    }
    /// Leaves the first `count` messages.
    result<void> truncate(std::uint32_t count) {
        return attempt([&](hb_error **failed) { return hb_conversation_truncate(get(), count, failed); });
    }
    /// Drops what was said first, until about `max_tokens` are left; answers how many messages went. If what must stay
    /// is longer, that is an error, but all else went all the same.
    result<std::uint32_t> trim(std::int64_t max_tokens) {
        std::uint32_t dropped = 0;
        auto trimmed = attempt([&](hb_error **failed) {
            return hb_conversation_trim(get(), max_tokens, &dropped, failed);
        });
        if (!trimmed) return std::move(trimmed).error();
        return dropped;
    }

    [[nodiscard]] std::string_view system() const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_conversation_system(get(), len); });
    }
    [[nodiscard]] std::string_view summary() const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_conversation_summary(get(), len); });
    }
    /// About how many tokens it has.
    [[nodiscard]] std::int64_t tokens() const noexcept { return hb_conversation_tokens(get()); }

    /// How many messages there are. `for (auto message : conversation)` goes through them.
    [[nodiscard]] std::uint32_t size() const noexcept { return hb_conversation_count(get()); }
    /// One of them; everything of one that is not there is empty.
    [[nodiscard]] message operator[](std::uint32_t index) const noexcept HYPERBOLIC_BORROWED {
        message said;
        said.role = hb_conversation_role(get(), index);
        said.text = detail::view([&](std::size_t *len) { return hb_conversation_text(get(), index, len); });
        said.reasoning = detail::view([&](std::size_t *len) { return hb_conversation_reasoning(get(), index, len); });
        said.tool_result_id = hb_conversation_tool_result_id(get(), index);
        said.image_count = hb_conversation_image_count(get(), index);
        said.tool_call_count = hb_conversation_tool_call_count(get(), index);
        said.is_partial = hb_conversation_is_partial(get(), index) != 0;
        return said;
    }
    [[nodiscard]] auto begin() const noexcept HYPERBOLIC_BORROWED {
        return detail::index_iterator<conversation>(this, 0);
    }
    [[nodiscard]] auto end() const noexcept HYPERBOLIC_BORROWED {
        return detail::index_iterator<conversation>(this, size());
    }

    /// The tools that a message calls.
    [[nodiscard]] std::vector<tool_call> tool_calls(std::uint32_t index) const {
        std::vector<tool_call> calls(hb_conversation_tool_call_count(get(), index));
        for (std::uint32_t at = 0; at < calls.size(); ++at) {
            calls[at].id = hb_conversation_tool_call_id(get(), index, at);
            calls[at].name = hb_conversation_tool_call_name(get(), index, at);
            calls[at].arguments = detail::view(
                [&](std::size_t *len) { return hb_conversation_tool_call_arguments(get(), index, at, len); });
        }
        return calls;
    }
    /// The calls that wait for their results, as they are now: each result may be added while you go through them.
    [[nodiscard]] std::vector<tool_call> open_tool_calls() const {
        std::vector<tool_call> calls(hb_conversation_open_tool_call_count(get()));
        for (std::uint32_t at = 0; at < calls.size(); ++at) {
            calls[at].id = hb_conversation_open_tool_call_id(get(), at);
            calls[at].name = hb_conversation_open_tool_call_name(get(), at);
            calls[at].arguments = detail::view(
                [&](std::size_t *len) { return hb_conversation_open_tool_call_arguments(get(), at, len); });
        }
        return calls;
    }

    /// What was attached to a message under a key; "" if nothing.
    [[nodiscard]] std::string_view metadata(std::uint32_t index, std::string_view key) const HYPERBOLIC_BORROWED {
        const std::string name = detail::terminated(key);
        return detail::view(
            [&](std::size_t *len) { return hb_conversation_metadata(get(), index, name.c_str(), len); });
    }
    [[nodiscard]] std::vector<std::string> metadata_keys(std::uint32_t index) const {
        std::vector<std::string> keys(hb_conversation_metadata_count(get(), index));
        for (std::uint32_t at = 0; at < keys.size(); ++at) keys[at] = hb_conversation_metadata_key(get(), index, at);
        return keys;
    }

private:
    template <class Call>
    static result<void> attempt(Call call) {
        return detail::attempt(call);
    }
};

HYPERBOLIC_NAMESPACE_END

#endif
