// A client's request, written again in the dialect that the upstream speaks. Pure.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/compatibility.hpp"
#include "dialects/dialect.hpp"

namespace handover::dialects {

// What the way back has to know of the request. Made by translate_request; kept until the answer
// has ended.
struct RequestFacts {
    bool streams = false;        // the client asked for a stream
    bool include_usage = false;  // a chat client asked for the usage chunk
    // What a response object repeats of its request, as members of a JSON object with a comma
    // before each; empty for a chat client.
    std::string echo = {};
};

struct TranslatedRequest {
    std::string body = {};
    RequestFacts facts = {};
    // Fields without a counterpart that were left out because the answer does not depend on them:
    // for the log.
    std::vector<std::string> dropped = {};
};

// Why it cannot be translated: status 400, with the members of an error in the OpenAI shape.
struct Refusal {
    std::string message = {};
    std::string param = {};  // the client's field, as a path: "n", "messages[2].content[0]"; empty:
                             // the body as a whole
    std::string code = {};   // "unsupported_parameter", "unsupported_value", "unknown_parameter",
                             // "invalid_type", "missing_required_parameter", "invalid_json", ...

    bool operator==(const Refusal&) const = default;
};

using RequestTranslation = std::variant<TranslatedRequest, Refusal>;

// `from` and `to` differ; where they are the same nothing is to be translated. Values that have the
// same meaning in both go over as the text they were sent as.
RequestTranslation translate_request(Dialect from,
                                     Dialect to,
                                     std::string_view body,
                                     const config::Compatibility& upstream);

}  // namespace handover::dialects
