// A request of any kind is translated into one line of valid JSON, or refused in words. So is what
// comes of it on the way back, where it is taken again.
#include <cstdlib>
#include <variant>

#include "dialects/json_validity.hpp"
#include "dialects/request.hpp"

using namespace handover;
using dialects::Dialect;
using dialects::Refusal;
using dialects::TranslatedRequest;

namespace {

Dialect other(Dialect dialect) {
    return dialect == Dialect::responses ? Dialect::chat_completions : Dialect::responses;
}

const TranslatedRequest* check(const dialects::RequestTranslation& result) {
    if (const auto* refused = std::get_if<Refusal>(&result)) {
        if (refused->message.empty() || refused->code.empty()) std::abort();
        return nullptr;
    }
    const auto& request = std::get<TranslatedRequest>(result);
    if (!dialects::is_json(request.body)) std::abort();
    if (request.body.find('\n') != std::string::npos) std::abort();
    if (!request.facts.echo.empty() && !dialects::is_json("{" + request.facts.echo.substr(1) + "}"))
        std::abort();
    return &request;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const config::Compatibility strict = {.developer_role = false,
                                          .max_tokens = "max_tokens",
                                          .stream_options = false,
                                          .strict_tools = false,
                                          .null_content = false,
                                          .tool_call_id_length = 9,
                                          .required_tool_choice = "any",
                                          .reasoning_field = "reasoning_content",
                                          .drop = {{"store", "stop"}}};
    for (const auto& upstream : {config::Compatibility(), strict}) {
        for (const auto from : {Dialect::responses, Dialect::chat_completions}) {
            const auto there = dialects::translate_request(from, other(from), body, upstream);
            const auto* request = check(there);
            if (request == nullptr) continue;
            check(dialects::translate_request(other(from), from, request->body, upstream));
        }
    }
    return 0;
}
