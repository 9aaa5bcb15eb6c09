// Models, what was used of them, and a client's log.

#ifndef HYPERBOLIC_MODELS_HPP
#define HYPERBOLIC_MODELS_HPP

#include <hyperbolic/model.hpp>
#include <hyperbolic/options.hpp>

HYPERBOLIC_NAMESPACE_BEGIN

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
