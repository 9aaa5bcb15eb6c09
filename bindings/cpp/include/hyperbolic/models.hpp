// Models, what was used of them, and a client's log.

#ifndef HYPERBOLIC_MODELS_HPP
#define HYPERBOLIC_MODELS_HPP

#include <hyperbolic/options.hpp>

HYPERBOLIC_NAMESPACE_BEGIN

/// A model of a list: a view, valid as long as the list. What the source did not say is "" or nullopt.
struct model {
    std::string_view id;
    /// For people.
    std::string_view name;
    /// Whether it takes chats, or text completions only.
    std::optional<bool> is_chat;
    std::optional<bool> has_tools;
    std::optional<bool> has_images;
    /// Tokens of prompt and answer together.
    std::optional<std::int64_t> context;
    /// Of one token, in pico-USD (10^-12 $): 2,000,000 is 2 $ a million tokens.
    std::optional<std::int64_t> input_price;
    std::optional<std::int64_t> output_price;
};

/// A list of models. Immutable; any thread may read it. `for (auto model : list)` goes through them.
class model_list : public detail::handle<hb_model_list, hb_model_list_free> {
public:
    using handle::handle;

    [[nodiscard]] std::uint32_t size() const noexcept { return hb_model_list_count(get()); }
    [[nodiscard]] model operator[](std::uint32_t index) const noexcept HYPERBOLIC_BORROWED {
        model found;
        found.id = hb_model_list_id(get(), index);
        found.name = hb_model_list_name(get(), index);
        found.is_chat = detail::known_flag(hb_model_list_is_chat(get(), index));
        found.has_tools = detail::known_flag(hb_model_list_has_tools(get(), index));
        found.has_images = detail::known_flag(hb_model_list_has_images(get(), index));
        found.context = detail::known(hb_model_list_context(get(), index));
        found.input_price = detail::known(hb_model_list_input_price(get(), index));
        found.output_price = detail::known(hb_model_list_output_price(get(), index));
        return found;
    }
    [[nodiscard]] std::optional<model> find(std::string_view id) const noexcept HYPERBOLIC_BORROWED {
        const std::int64_t index = hb_model_list_find(get(), id.data(), id.size());
        if (index < 0) return std::nullopt;
        return (*this)[static_cast<std::uint32_t>(index)];
    }
    /// The day, "YYYY-MM-DD", on which it was true; "" for the list of a server.
    [[nodiscard]] std::string_view date() const noexcept HYPERBOLIC_BORROWED { return hb_model_list_date(get()); }
    [[nodiscard]] auto begin() const noexcept HYPERBOLIC_BORROWED {
        return detail::index_iterator<model_list>(this, 0);
    }
    [[nodiscard]] auto end() const noexcept HYPERBOLIC_BORROWED {
        return detail::index_iterator<model_list>(this, size());
    }
};

/// The built-in catalogue: Hyperbolic's models, as they were on its date().
inline model_list catalog() noexcept {
    // It is static: the free of the list does nothing to it.
    return model_list(const_cast<hb_model_list *>(hb_catalog()));
}

/// What was used of one model.
struct model_usage {
    std::string_view model;
    std::int64_t requests = 0;
    /// HTTP requests.
    std::int64_t attempts = 0;
    std::int64_t prompt_tokens = 0;
    std::int64_t completion_tokens = 0;
    std::int64_t cost_nanousd = 0;
    /// Answers whose cost is not known.
    std::int64_t unpriced = 0;
};

/// What a client has used up to a moment, model by model. Immutable; any thread may read it.
class usage : public detail::handle<hb_usage, hb_usage_free> {
public:
    using handle::handle;

    [[nodiscard]] std::uint32_t size() const noexcept { return hb_usage_count(get()); }
    [[nodiscard]] model_usage operator[](std::uint32_t index) const noexcept HYPERBOLIC_BORROWED {
        model_usage row;
        row.model = hb_usage_model(get(), index);
        row.requests = hb_usage_requests(get(), index);
        row.attempts = hb_usage_attempts(get(), index);
        row.prompt_tokens = hb_usage_prompt_tokens(get(), index);
        row.completion_tokens = hb_usage_completion_tokens(get(), index);
        row.cost_nanousd = hb_usage_cost_nanousd(get(), index);
        row.unpriced = hb_usage_unpriced(get(), index);
        return row;
    }
    [[nodiscard]] auto begin() const noexcept HYPERBOLIC_BORROWED { return detail::index_iterator<usage>(this, 0); }
    [[nodiscard]] auto end() const noexcept HYPERBOLIC_BORROWED { return detail::index_iterator<usage>(this, size()); }
};

/// One record of a client's log. Immutable.
class log_record : public detail::handle<hb_log, hb_log_free> {
public:
    using handle::handle;

    [[nodiscard]] log_level level() const noexcept { return static_cast<log_level>(hb_log_level(get())); }
    [[nodiscard]] std::chrono::system_clock::time_point time() const noexcept {
        return std::chrono::system_clock::time_point(milliseconds(hb_log_time_ms(get())));
    }
    /// The request that it is about; 0 if about none.
    [[nodiscard]] hb_op op() const noexcept { return hb_log_op(get()); }
    /// For people.
    [[nodiscard]] std::string_view message() const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_log_message(get(), len); });
    }
    /// For programs.
    [[nodiscard]] std::string_view json() const noexcept HYPERBOLIC_BORROWED {
        return detail::view([&](std::size_t *len) { return hb_log_json(get(), len); });
    }
};

HYPERBOLIC_NAMESPACE_END

#endif
