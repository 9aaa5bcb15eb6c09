// What is known of models.

#ifndef HYPERBOLIC_MODEL_HPP
#define HYPERBOLIC_MODEL_HPP

#include <hyperbolic/config.hpp>

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

namespace detail {

/// What can be read of a list of models, whoever owns it.
template <class List>
class model_rows {
public:
    [[nodiscard]] std::uint32_t size() const noexcept { return hb_model_list_count(raw()); }
    [[nodiscard]] model operator[](std::uint32_t index) const noexcept HYPERBOLIC_BORROWED {
        model found;
        found.id = hb_model_list_id(raw(), index);
        found.name = hb_model_list_name(raw(), index);
        found.is_chat = known_flag(hb_model_list_is_chat(raw(), index));
        found.has_tools = known_flag(hb_model_list_has_tools(raw(), index));
        found.has_images = known_flag(hb_model_list_has_images(raw(), index));
        found.context = known(hb_model_list_context(raw(), index));
        found.input_price = known(hb_model_list_input_price_picousd(raw(), index));
        found.output_price = known(hb_model_list_output_price_picousd(raw(), index));
        return found;
    }
    [[nodiscard]] std::optional<model> find(std::string_view id) const noexcept HYPERBOLIC_BORROWED {
        const std::int64_t index = hb_model_list_find(raw(), id.data(), id.size());
        if (index < 0) return std::nullopt;
        return (*this)[static_cast<std::uint32_t>(index)];
    }
    /// The day, "YYYY-MM-DD", on which it was true; "" for the list of a server.
    [[nodiscard]] std::string_view date() const noexcept HYPERBOLIC_BORROWED { return hb_model_list_date(raw()); }
    [[nodiscard]] auto begin() const noexcept HYPERBOLIC_BORROWED { return index_iterator<List>(self(), 0); }
    [[nodiscard]] auto end() const noexcept HYPERBOLIC_BORROWED { return index_iterator<List>(self(), size()); }

private:
    [[nodiscard]] const List *self() const noexcept { return static_cast<const List *>(this); }
    [[nodiscard]] const hb_model_list *raw() const noexcept { return self()->get(); }
};

}  // namespace detail

/// A list of models. Immutable; any thread may read it. `for (auto model : list)` goes through them.
class model_list : public detail::handle<hb_model_list, hb_model_list_free>, public detail::model_rows<model_list> {
public:
    using handle::handle;
};

/// The list in a response: a view, valid as long as that.
class model_list_view : public detail::model_rows<model_list_view> {
public:
    explicit model_list_view(const hb_model_list *list) noexcept : list_(list) {}
    [[nodiscard]] const hb_model_list *get() const noexcept { return list_; }

private:
    const hb_model_list *list_;
};

HYPERBOLIC_NAMESPACE_END

#endif
