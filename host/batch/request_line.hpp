// One line of a batch's input: an OpenAI batch request. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>

namespace handover::batch {

struct RequestLine {
    std::string custom_id = {};
    std::string dialect = {};  // by `url`: "responses" or "chat_completions"
    std::string model = {};    // may be empty: the provider's default
    std::string body =
        {};  // a JSON object without `stream` and `stream_options`: a batch answers whole
};

// `line` without its line break. BATCH_INPUT_INVALID with what is wrong; the caller adds the line's
// number.
Result<RequestLine> parse_request_line(std::string_view line);

// A line of nothing but white space, which is skipped.
bool is_blank(std::string_view line);

}  // namespace handover::batch
