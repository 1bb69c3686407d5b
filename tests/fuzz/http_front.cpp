// Requests at the gateway's front: the same ones are read whole, byte by byte and in cuts that the
// input chooses; nothing that two readers could understand differently is taken.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "../unit/gateway/transcript.hpp"

namespace {

using handover::gateway::ParserLimits;
using handover::gateway::RequestParser;
using handover::gateway::transcript;

constexpr ParserLimits limits = {.longest_head = 512,
                                 .head = {.most_headers = 12, .longest_target = 64}};
constexpr std::uint64_t most_body = 200;

std::string read(std::string_view bytes, const std::function<std::size_t()>& step) {
    return transcript(bytes, step, most_body, limits);
}

// What was taken stands in one place: no control characters in headers, no body beyond its limit.
void check_taken(std::string_view bytes) {
    RequestParser parser(limits);
    while (!bytes.empty() && parser.state() != RequestParser::State::refused) {
        bytes.remove_prefix(parser.feed(bytes));
        if (parser.state() == RequestParser::State::judge) {
            if (!parser.head().path.starts_with('/') && parser.head().path != "*") std::abort();
            for (const auto& header : parser.head().headers) {
                if (header.value.find_first_of(std::string_view("\r\n\0", 3)) !=
                    std::string_view::npos)
                    std::abort();
            }
            parser.take_body(most_body);
        }
        if (parser.body().size() > most_body) std::abort();
        if (parser.state() == RequestParser::State::complete) parser.reset();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = read(bytes, [size] { return size; });
    if (whole != read(bytes, [] { return std::size_t{1}; })) std::abort();
    std::size_t at = 0;
    if (whole != read(bytes, [&] { return std::size_t{1} + data[at++ % size] % 7U; })) std::abort();
    check_taken(bytes);
    return 0;
}
