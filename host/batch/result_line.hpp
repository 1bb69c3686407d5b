// One line of a batch's output: an OpenAI batch response. Pure.
#pragma once

#include <handover/error.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace handover::batch {

struct ResultLine {
    std::string id = {};  // "batch_req_..."
    std::string custom_id = {};
    int status_code = 0;  // 0: there was no answer; `error` says why
    std::string request_id = {};
    std::string body = {};  // JSON of the answer, success or failure
    std::optional<Error> error = {};
};

// One line with its line break. `error` becomes {"code", "message"}; `response` is null where there
// was no answer.
std::string format_result_line(const ResultLine& result);

// What resuming needs of a line in the output.
struct Recorded {
    std::string custom_id = {};
    bool failed = false;  // an error, or a status of 400 or more
};

// Nothing if the line is not a batch response.
std::optional<Recorded> parse_recorded(std::string_view line);

}  // namespace handover::batch
