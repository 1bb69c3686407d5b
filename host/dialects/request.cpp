#include "dialects/request.hpp"

#include "dialects/json_validity.hpp"
#include "dialects/request_writers.hpp"

namespace handover::dialects {
namespace {

Refusal bad_json(const JsonProblem& problem) {
    return {.message = problem.member.empty() ? problem.message
                                              : "\"" + problem.member + "\": " + problem.message,
            .param = problem.member,
            .code = "invalid_json"};
}

}  // namespace

RequestTranslation translate_request(Dialect from,
                                     Dialect to,
                                     std::string_view body,
                                     const config::Compatibility& upstream) {
    if (const auto problem = json_problem(body)) return bad_json(*problem);
    const JsonView value(body.substr(body.find_first_not_of(" \t\r\n")));
    if (!value.is_object())
        return Refusal{.message = "the body is no JSON object", .code = "invalid_type"};
    if (from == to) return TranslatedRequest{.body = std::string(body)};
    const JsonObject request(value);
    RequestNotes notes;
    auto translated = from == Dialect::chat_completions
                          ? chat_request_to_responses(request, upstream, notes)
                          : responses_request_to_chat(request, upstream, notes);
    if (notes.refused()) return notes.take_refusal();
    translated.dropped = notes.take_dropped();
    return translated;
}

}  // namespace handover::dialects
