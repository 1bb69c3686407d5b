#include "gateway/relay.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "dialects/failure.hpp"
#include "dialects/stream.hpp"
#include "dialects/usage.hpp"
#include "gateway/event_boundary.hpp"
#include "gateway/finished_items.hpp"
#include "gateway/relay_parts.hpp"
#include "gateway/stream_end.hpp"
#include "http/header_rules.hpp"
#include "http/sse_decoder.hpp"
#include "run/attempt.hpp"
#include "secret/secret.hpp"

namespace handover::gateway {
namespace {

constexpr std::size_t most_gathered = 64U << 10U;  // bytes of a body that is answered in one piece
constexpr std::size_t longest_end = 8U << 10U;     // bytes of a longer one that are looked at
constexpr std::size_t longest_event = http::SseDecoder::default_max_event;

// What follows the last such name; nothing where there is none. Nearly no event has it.
std::string_view after_last(std::string_view name, std::string_view bytes) {
    std::string_view after = {};
    while (const void* found = memmem(bytes.data(), bytes.size(), name.data(), name.size())) {
        const auto at = static_cast<const char*>(found) - bytes.data();
        bytes.remove_prefix(static_cast<std::size_t>(at) + name.size());
        after = bytes;
    }
    return after;
}

// The last object called "usage" in a piece of an answer, if there is one; the name cannot stand in
// a text without escapes before its quotes.
bool look_for_usage(std::string_view bytes, dialects::Dialect dialect, Notes& notes) {
    const auto after = after_last("\"usage\"", bytes);
    const auto colon = after.find_first_not_of(" \t\r\n");
    if (colon == std::string_view::npos || after[colon] != ':') return false;
    const auto usage = dialects::read_usage(dialect, dialects::JsonView(after.substr(colon + 1)));
    if (usage) take_usage(notes, *usage);
    return usage.has_value();
}

bool is_end_of_chat(std::string_view events) {
    while (!events.empty() && (events.back() == '\n' || events.back() == '\r'))
        events.remove_suffix(1);
    return events.ends_with("data: [DONE]") || events.ends_with("data:[DONE]");
}

// A stream as it comes, whole events at a time: so a comment or an error of the gateway's own never
// stands in the middle of one. Only an end without the items that came before it is given them.
class PassedStream : public Relay {
public:
    PassedStream(ClientSide& client,
                 const Conversation& conversation,
                 const http::ResponseHead& head)
        : writer_(client), dialect_(*conversation.client) {
        writer_.head(head.status, passed_headers(head.headers));
    }

    bool body(std::string_view bytes) override {
        if (rest_.empty()) {
            const auto whole = whole_events(bytes);
            rest_.assign(bytes.substr(whole));
            return hand_over(bytes.substr(0, whole));
        }
        constexpr std::size_t longest_blank_line = 3;  // of a "\r\n\r\n", all but its last byte
        const auto known = rest_.size() - std::min(rest_.size(), longest_blank_line);
        rest_.append(bytes);
        const auto whole = whole_events(rest_, known);
        if (whole == 0) return is_bearable();
        const bool wanted = hand_over(std::string_view(rest_).substr(0, whole));
        rest_.erase(0, whole);
        return wanted;
    }

    [[nodiscard]] const Error* gave_up() const override {
        return unreadable_ ? &*unreadable_ : nullptr;
    }

    [[nodiscard]] bool ended() const override { return ended_; }

    std::optional<http::Response> finish() override {
        // Some leave the blank line after their last event away.
        if (!rest_.empty() && stream_end(dialect_, rest_ + "\n\n").reached)
            hand_over(rest_ + "\n\n");
        auto end = stream_end(dialect_, last_);
        if (!end.reached) {
            end.failure = dialects::stream_broken_off();
            writer_.queue(dialects::failure_event(dialect_, *end.failure, pieces_));
        }
        if (end.failure) writer_.notes().error = end.failure->code;
        writer_.finish();
        return std::nullopt;
    }

    void fail(const ApiError& error) override {
        writer_.queue(dialects::failure_event(dialect_, in_stream(error), pieces_));
        writer_.finish();
    }

private:
    bool hand_over(std::string_view events) {
        if (events.empty()) return true;
        ++pieces_;
        keep_last(events);
        const bool usage = look_for_usage(events, dialect_, writer_.notes());
        if (dialect_ == dialects::Dialect::chat_completions) {
            ended_ = is_end_of_chat(events);
            return writer_.queue(events);
        }
        // Only the last event of a response states its usage.
        ended_ = ended_ || usage;
        items_.take(events);
        const auto mended = usage ? items_.put_into(events) : std::nullopt;
        return writer_.queue(mended ? *mended : events);
    }

    bool is_bearable() {
        if (rest_.size() > longest_event) unreadable_ = http::event_too_long(longest_event);
        return !unreadable_;
    }

    // Comments and stray blank lines are no events, and nothing that follows the end undoes it.
    void keep_last(std::string_view events) {
        if (dialect_ == dialects::Dialect::responses && ended_) return;
        const bool has_data = events.starts_with("data") ||
                              events.find("\ndata") != std::string_view::npos ||
                              events.find("\rdata") != std::string_view::npos;
        if (has_data) last_.assign(events);
    }

    ClientWriter writer_;
    dialects::Dialect dialect_;
    std::int64_t pieces_ = 0;
    bool ended_ = false;
    FinishedItems items_ = {};
    std::string last_ = {};  // events that came together
    std::string rest_ = {};  // the beginning of an event
    std::optional<Error> unreadable_ = {};
};

// A body as it comes. Where it is short, which nearly all are, head and body leave together.
class PassedBody : public Relay {
public:
    PassedBody(ClientSide& client, const Conversation& conversation, const http::ResponseHead& head)
        : writer_(client),
          dialect_(conversation.client),
          status_(head.status),
          headers_(passed_headers(head.headers)) {}

    bool body(std::string_view bytes) override {
        if (streaming_) {
            keep_end(bytes);
            return writer_.write(bytes);
        }
        gathered_.append(bytes);
        if (gathered_.size() <= most_gathered) return true;
        streaming_ = true;
        writer_.head(status_, headers_);
        const auto all = std::exchange(gathered_, {});
        keep_end(all);
        return writer_.write(all);
    }

    [[nodiscard]] bool ended() const override { return false; }

    std::optional<http::Response> finish() override {
        // Embeddings count as chat does.
        look_for_usage(
            gathered_, dialect_.value_or(dialects::Dialect::chat_completions), writer_.notes());
        if (streaming_) {
            writer_.finish();
            return std::nullopt;
        }
        writer_.whole(status_, headers_, gathered_);
        return std::nullopt;
    }

    // There is no form for a failure in the middle of a JSON text.
    void fail(const ApiError& /*error*/) override { writer_.abort(); }

private:
    ClientWriter writer_;
    std::optional<dialects::Dialect> dialect_;
    int status_;
    std::vector<http::Header> headers_;
    // Where the usage stands, of a body that is too long to be gathered.
    void keep_end(std::string_view bytes) {
        gathered_.append(bytes.substr(bytes.size() - std::min(bytes.size(), longest_end)));
        if (gathered_.size() > 2 * longest_end) gathered_.erase(0, gathered_.size() - longest_end);
    }

    bool streaming_ = false;
    std::string gathered_ = {};  // all of it; of a long one the end
};

bool passes(std::string_view name) {
    constexpr std::array<std::string_view, 6> names = {"content-type",
                                                       "content-encoding",
                                                       "cache-control",
                                                       "retry-after",
                                                       "retry-after-ms",
                                                       "x-models-etag"};
    // What the services say of limits, versions and times.
    constexpr std::array<std::string_view, 4> families = {
        "openai-", "x-ratelimit-", "x-codex-", "x-reasoning-"};
    const auto begins = [&](std::string_view family) {
        return http::same_name(name.substr(0, family.size()), family);
    };
    return std::any_of(names.begin(),
                       names.end(),
                       [&](std::string_view one) { return http::same_name(name, one); }) ||
           std::any_of(families.begin(), families.end(), begins);
}

}  // namespace

void take_usage(Notes& notes, const dialects::Usage& usage) {
    const auto count = [](std::int64_t tokens) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(tokens, 0));
    };
    notes.input_tokens = count(usage.input);
    notes.cached_tokens = count(usage.cached);
    notes.output_tokens = count(usage.output);
}

dialects::AnswerFailure in_stream(const ApiError& error) {
    return {.message = redact(error.message),
            .type = error.type,
            .code = error.code,
            .param = error.param};
}

std::vector<http::Header> passed_headers(const std::vector<http::Header>& headers) {
    std::vector<http::Header> passed;
    passed.reserve(headers.size());
    for (const auto& header : headers) {
        if (passes(header.name)) passed.push_back(header);
        // The gateway's own id has that name.
        if (http::same_name(header.name, "x-request-id") ||
            http::same_name(header.name, "x-oai-request-id"))
            passed.push_back({.name = "x-upstream-request-id", .value = header.value});
    }
    return passed;
}

std::unique_ptr<Relay> make_relay(ClientSide& client,
                                  const Conversation& conversation,
                                  const http::ResponseHead& head) {
    const bool upstream_streams = run::is_event_stream(head);
    if (!conversation.client) return std::make_unique<PassedBody>(client, conversation, head);
    if (conversation.translated()) {
        if (conversation.client_streams && upstream_streams)
            return make_translated_stream(client, conversation, head);
        return make_whole_answer(client, conversation, head);
    }
    if (!upstream_streams) return std::make_unique<PassedBody>(client, conversation, head);
    if (conversation.client_streams)
        return std::make_unique<PassedStream>(client, conversation, head);
    return make_whole_answer(client, conversation, head);
}

}  // namespace handover::gateway
