// Which model the examples ask: HYPERBOLIC_MODEL, or a large one of Hyperbolic's.

#ifndef MODEL_NAME_HPP
#define MODEL_NAME_HPP

#include <cstdlib>
#include <string_view>

inline std::string_view model_name() {
    const char *name = std::getenv("HYPERBOLIC_MODEL");
    return name != nullptr && *name != '\0' ? name : "meta-llama/Llama-3.3-70B-Instruct";
}

#endif
