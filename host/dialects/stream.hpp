// An upstream's stream, event by event, as the client's dialect has it. Nothing waits for the end.
// Pure: events in, text out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dialects/answer.hpp"
#include "dialects/dialect.hpp"
#include "dialects/request.hpp"
#include "http/sse_decoder.hpp"

namespace handover::dialects {

class StreamTranslator {
public:
    StreamTranslator() = default;
    StreamTranslator(const StreamTranslator&) = delete;
    StreamTranslator& operator=(const StreamTranslator&) = delete;
    virtual ~StreamTranslator() = default;

    // Appends to `out` what the event becomes: zero or more whole server-sent events.
    virtual void take(const http::SseEvent& event, std::string& out) = 0;

    // The upstream closed its stream: appends what is still to be said. A stream that broke off
    // ends as an error. Nothing after the end.
    virtual void finish(std::string& out) = 0;

    // Ends the stream with an error of the host's own. Nothing after the end.
    virtual void fail(const AnswerFailure& failure, std::string& out) = 0;

    // The last frame has been written; further events are ignored.
    [[nodiscard]] virtual bool ended() const = 0;

    // The stream ended as an error: the upstream's, or one made here.
    [[nodiscard]] virtual const std::optional<AnswerFailure>& failure() const = 0;

    // As far as the upstream has stated it.
    [[nodiscard]] virtual const std::optional<Usage>& usage() const = 0;
};

// `from` is the upstream's dialect, `to` the client's; they differ.
std::unique_ptr<StreamTranslator> make_stream_translator(Dialect from,
                                                         Dialect to,
                                                         RequestFacts facts,
                                                         AnswerIdentity identity);

// A failure in the middle of a stream, as one whole server-sent event that the official clients of
// that dialect raise. For streams that pass through untranslated.
std::string failure_event(Dialect client,
                          const AnswerFailure& failure,
                          std::int64_t sequence_number);

}  // namespace handover::dialects
