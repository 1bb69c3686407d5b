// HTTP/1.1 answers: the same comes out whole, byte by byte and in cuts that the input chooses, and
// what follows an answer's end changes nothing of it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "../unit/http/answer_transcript.hpp"

using handover::test::read_answer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const bool to_head_request : {false, true}) {
        const auto whole = read_answer(
            bytes, [size] { return size; }, to_head_request);
        const auto bytewise = read_answer(
            bytes, [] { return std::size_t{1}; }, to_head_request);
        if (whole != bytewise) std::abort();
        std::size_t at = 0;
        const auto chosen = [&] { return std::size_t{1} + data[at++ % size] % 7U; };
        if (whole != read_answer(bytes, chosen, to_head_request)) std::abort();
        if (whole.heads > 1 || whole.body.size() > size) std::abort();
        if (!whole.end.starts_with("end") || whole.end == "end by close") continue;
        const auto longer = std::string(bytes) + "HTTP/1.1 200 OK\r\n\r\nx";
        const auto with_tail = read_answer(
            longer, [&longer] { return longer.size(); }, to_head_request);
        if (whole != with_tail) std::abort();
    }
    return 0;
}
