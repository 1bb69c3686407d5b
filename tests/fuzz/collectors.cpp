// One answer out of a stream's events: the same for every way of cutting its bytes; JSON, where the
// events were; and with nothing but words for people in its text.
#include <cstdlib>
#include <string>
#include <string_view>

#include "dialects/json_validity.hpp"
#include "http/sse_decoder.hpp"
#include "run/collector.hpp"

using namespace handover;

namespace {

struct Collected {
    std::string text = {};
    std::string failure = {};
    std::string result = {};
    bool ended = false;
    bool events_are_json = true;

    bool operator==(const Collected&) const = default;
};

// What one event brings; false once there is nothing more to come.
bool take(run::Collector& collector, const http::SseEvent& event, Collected& collected) {
    if (event.data != "[DONE]" && !dialects::is_json(event.data)) collected.events_are_json = false;
    auto taken = collector.take(event);
    collected.text += taken.text;
    if (taken.failure) collected.failure += *taken.failure + '\n';
    collected.ended = taken.ended || taken.failure;
    return !collected.ended;
}

Collected collect(std::string_view dialect, std::string_view stream, std::size_t step) {
    const auto collector = run::make_collector(dialect);
    http::SseDecoder decoder;
    Collected collected;
    for (std::size_t at = 0; at < stream.size() && !collected.ended; at += step) {
        decoder.feed(stream.substr(at, step));
        auto event = decoder.next();
        while (event && *event && take(*collector, **event, collected)) event = decoder.next();
        if (!event) std::abort();  // the limit is far beyond any input here
    }
    collected.result = collector->result().value_or("");
    return collected;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view stream(reinterpret_cast<const char*>(data), size);
    for (const std::string_view dialect : {"responses", "chat_completions"}) {
        const auto whole = collect(dialect, stream, size + 1);
        if (whole != collect(dialect, stream, 1)) std::abort();
        const bool has_result = !whole.result.empty();
        if (has_result && whole.events_are_json && !dialects::is_json(whole.result)) std::abort();
        if (has_result) (void)run::answer_text(dialect, whole.result);
    }
    return 0;
}
