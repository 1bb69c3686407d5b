#include "dialects/answer.hpp"

#include "dialects/answer_writers.hpp"
#include "dialects/failure.hpp"
#include "dialects/json_validity.hpp"
#include "dialects/usage.hpp"

namespace handover::dialects {

std::optional<Usage> usage_of(Dialect dialect, std::string_view answer) {
    const JsonObject object(answer);
    if (dialect == Dialect::responses) {
        const auto response = object["response"];  // of a stream's terminal event
        return read_usage(dialect, response ? JsonObject(response)["usage"] : object["usage"]);
    }
    const auto choices = json_elements(object["choices"]);
    return chat_usage(object, choices.empty() ? JsonObject() : JsonObject(choices.front()));
}

Result<std::string> translate_answer(Dialect from,
                                     Dialect to,
                                     std::string_view answer,
                                     const RequestFacts& facts,
                                     const AnswerIdentity& identity) {
    const JsonObject object(answer);
    if (!is_json(answer) || object.members().empty()) {
        return fail({.code = Errc::provider_unavailable,
                     .message = "the provider's answer cannot be translated",
                     .reason = "it is no JSON object",
                     .fix = "send the request again"});
    }
    if (const auto failure = failure_in(object)) {
        return fail({.code = Errc::provider_rejected,
                     .message = "the provider's answer is an error",
                     .reason = failure->message});
    }
    if (from == to) return std::string(answer);
    return from == Dialect::responses ? response_as_completion(object, identity)
                                      : completion_as_response(object, facts, identity);
}

}  // namespace handover::dialects
