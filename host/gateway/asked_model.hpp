// What a request's body says to the gateway itself. Pure.
#pragma once

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

// The error to answer with where the body is no JSON object, or these members are not what they
// should be.
std::variant<AskedModel, ApiError> read_asked(std::string_view body);

// The same request for that model, whatever it named.
std::string with_model(std::string_view body, std::string_view model);

}  // namespace handover::gateway
