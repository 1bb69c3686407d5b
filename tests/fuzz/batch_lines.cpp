// A request line that parses names what is needed to send it; a result line is read back as what it
// says.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "batch/request_line.hpp"
#include "batch/result_line.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace handover::batch;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    (void)is_blank(line);
    (void)parse_recorded(line);
    const auto request = parse_request_line(line);
    if (!request) return 0;
    if (request->custom_id.empty() || request->body.empty()) std::abort();
    if (request->dialect != "responses" && request->dialect != "chat_completions") std::abort();
    for (const int status : {0, 200, 400}) {
        const auto printed = format_result_line({.id = "batch_req_1",
                                                 .custom_id = request->custom_id,
                                                 .status_code = status,
                                                 .request_id = request->model,
                                                 .body = request->body});
        if (printed.find('\n') != printed.size() - 1) std::abort();
        const auto read = parse_recorded(std::string_view(printed).substr(0, printed.size() - 1));
        if (!read || read->custom_id != request->custom_id || read->failed != (status != 200))
            std::abort();
    }
    return 0;
}
