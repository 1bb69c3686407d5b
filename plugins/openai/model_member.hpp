// The model in a request's body, without reparsing the rest: everything else goes upstream byte for
// byte.
#pragma once

#include <string>
#include <string_view>

namespace handover::openai {

// Whether the value of the top-level "model" is that text, spelled as with_model() would.
bool names_model(std::string_view body, std::string_view model);

// `body` with the value of its top-level "model" replaced by `model`, or with that member put first
// where it has none. `body` is a JSON object, already known to parse; anything else comes back as
// it is.
std::string with_model(std::string_view body, std::string_view model);

}  // namespace handover::openai
