// Server-sent events: the same events come out whole, byte by byte and in cuts that the input
// chooses.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "http/sse_decoder.hpp"

namespace {

using handover::http::SseDecoder;

void drain(SseDecoder& decoder, std::vector<std::string>& events) {
    while (true) {
        const auto event = decoder.next();
        if (!event) std::abort();  // the limit is far beyond any input here
        if (!*event) return;
        const auto& e = **event;
        events.push_back(std::string(e.type) + '\0' + std::string(e.data) + '\0' +
                         std::string(e.id));
    }
}

template <typename Step>
std::vector<std::string> decode(std::string_view bytes, Step step) {
    SseDecoder decoder;
    std::vector<std::string> events;
    while (!bytes.empty()) {
        const auto piece = bytes.substr(0, step());
        decoder.feed(piece);
        drain(decoder, events);
        bytes.remove_prefix(piece.size());
    }
    return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = decode(bytes, [size] { return size; });
    if (whole != decode(bytes, [] { return std::size_t{1}; })) std::abort();
    std::size_t at = 0;
    const auto chosen = [&] { return std::size_t{1} + data[at++ % size] % 7U; };
    if (whole != decode(bytes, chosen)) std::abort();
    // A blank line ends whatever stands open: then nothing of the input is left.
    const auto tail = std::string(bytes) + "\n\ndata: last\n\n";
    const auto with_tail = decode(tail, [&] { return tail.size(); });
    if (with_tail.size() < whole.size() + 1 && !bytes.empty()) std::abort();
    return 0;
}
