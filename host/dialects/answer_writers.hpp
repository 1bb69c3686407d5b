// The two halves of translate_answer. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>

#include "dialects/answer.hpp"
#include "dialects/json_text.hpp"
#include "dialects/request.hpp"

namespace handover::dialects {

Result<std::string> completion_as_response(const JsonObject& completion,
                                           const RequestFacts& facts,
                                           const AnswerIdentity& identity);
Result<std::string> response_as_completion(const JsonObject& response,
                                           const AnswerIdentity& identity);

}  // namespace handover::dialects
