// What a request's body says to the gateway itself. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "gateway/api_error.hpp"

namespace handover::gateway {

struct AskedModel {
    std::string model = {};  // empty: none was named
    bool stream = false;

    bool operator==(const AskedModel&) const = default;
};

// What a body may hold: translating it, and shaping it for a provider, hold up the other requests
// of a loop for about a microsecond for each value.
inline constexpr std::size_t most_values = 131'072;

// A request for embeddings can consist of tokens.
enum class Numbers { count, do_not_count };

// The error to answer with where the body is no JSON object, holds too much, or these members are
// not what they should be.
std::variant<AskedModel, ApiError> read_asked(std::string_view body,
                                              Numbers numbers = Numbers::count);

// The same request for that model, whatever it named.
std::string with_model(std::string_view body, std::string_view model);

}  // namespace handover::gateway
