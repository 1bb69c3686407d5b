// Whatever a stream holds, what it becomes is whole events of valid JSON, the same for every way of
// cutting its bytes, with one end. Whole answers are read as well.
#include <cstdlib>
#include <string>

#include "dialects/json_validity.hpp"
#include "dialects/stream.hpp"

using namespace handover;
using dialects::Dialect;

namespace {

const dialects::AnswerIdentity identity = {.seed = "0123456789abcdef", .created = 1};

Dialect other(Dialect dialect) {
    return dialect == Dialect::responses ? Dialect::chat_completions : Dialect::responses;
}

std::string translate(Dialect from, std::string_view stream, std::size_t step) {
    const auto translator = dialects::make_stream_translator(
        from, other(from), {.streams = true, .include_usage = true}, identity);
    http::SseDecoder decoder;
    std::string out;
    for (std::size_t at = 0; at < stream.size(); at += step) {
        decoder.feed(stream.substr(at, step));
        while (true) {
            const auto event = decoder.next();
            if (!event || !*event) break;
            translator->take(**event, out);
        }
    }
    translator->finish(out);
    if (!translator->ended()) std::abort();
    return out;
}

void check(std::string_view out) {
    http::SseDecoder decoder;
    decoder.feed(out);
    if (!out.ends_with("\n\n")) std::abort();
    bool ended = false;
    while (true) {
        const auto event = decoder.next();
        if (!event) std::abort();
        if (!*event) break;
        if (ended) std::abort();
        const auto data = (*event)->data;
        ended = data == "[DONE]" || (*event)->type == "error";
        if (data != "[DONE]" && !dialects::is_json(data)) std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    for (const auto from : {Dialect::responses, Dialect::chat_completions}) {
        const auto out = translate(from, text, text.size() + 1);
        check(out);
        if (translate(from, text, 1) != out) std::abort();
        const auto answer = dialects::translate_answer(from, other(from), text, {}, identity);
        if (answer && !dialects::is_json(*answer)) std::abort();
        (void)dialects::usage_of(from, text);
    }
    return 0;
}
