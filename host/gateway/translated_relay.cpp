#include "dialects/stream.hpp"
#include "gateway/relay_parts.hpp"
#include "http/header_rules.hpp"
#include "http/sse_decoder.hpp"
#include "run/attempt.hpp"
#include "run/collector.hpp"
#include "run/error_event.hpp"

namespace handover::gateway {
namespace {

constexpr std::size_t longest_answer = 256U << 20U;  // bytes of one that has to be read whole

std::vector<http::Header> stream_headers(const std::vector<http::Header>& upstream) {
    auto headers = passed_headers(upstream);
    std::erase_if(headers, [](const http::Header& header) {
        return http::same_name(header.name, "content-type") ||
               http::same_name(header.name, "cache-control");
    });
    headers.push_back({.name = "Content-Type", .value = "text/event-stream; charset=utf-8"});
    headers.push_back({.name = "Cache-Control", .value = "no-cache"});
    return headers;
}

std::vector<http::Header> json_headers(const std::vector<http::Header>& upstream) {
    auto headers = passed_headers(upstream);
    std::erase_if(headers, [](const http::Header& header) {
        return http::same_name(header.name, "content-type");
    });
    headers.push_back({.name = "Content-Type", .value = "application/json"});
    return headers;
}

// A stream in the other dialect, event by event.
class TranslatedStream : public Relay {
public:
    TranslatedStream(ClientSide& client,
                     const Conversation& conversation,
                     const http::ResponseHead& head)
        : writer_(client),
          translator_(dialects::make_stream_translator(
              *conversation.upstream,
              *conversation.client,
              conversation.facts,
              {.seed = conversation.seed, .created = conversation.now})) {
        writer_.head(head.status, stream_headers(head.headers));
    }

    bool body(std::string_view bytes) override {
        if (finished_) return true;  // the upstream ends by itself: its connection stays usable
        decoder_.feed(bytes);
        std::string out;
        while (!translator_->ended()) {
            const auto event = decoder_.next();
            if (!event) unreadable_ = event.error();
            if (!event || !*event) break;
            translator_->take(**event, out);
        }
        const bool listens = writer_.queue(out);
        if (translator_->ended()) end();
        return !unreadable_ && listens;
    }

    [[nodiscard]] const Error* gave_up() const override {
        return unreadable_ ? &*unreadable_ : nullptr;
    }

    [[nodiscard]] bool ended() const override { return finished_; }

    std::optional<http::Response> finish() override {
        std::string out;
        if (!finished_) translator_->finish(out);
        writer_.queue(out);
        end();
        return std::nullopt;
    }

    void fail(const ApiError& error) override {
        std::string out;
        if (!finished_) translator_->fail(in_stream(error), out);
        writer_.queue(out);
        end();
    }

private:
    void end() {
        if (std::exchange(finished_, true)) return;
        if (translator_->usage()) take_usage(writer_.notes(), *translator_->usage());
        if (translator_->failure()) writer_.notes().error = translator_->failure()->code;
        writer_.finish();
    }

    bool finished_ = false;
    ClientWriter writer_;
    http::SseDecoder decoder_{};
    std::unique_ptr<dialects::StreamTranslator> translator_;
    std::optional<Error> unreadable_ = {};
};

Error too_long() {
    return {.code = Errc::provider_unavailable,
            .message = "the answer is longer than " + std::to_string(longest_answer) + " bytes",
            .reason = "an answer that is not passed through has to be read whole",
            .fix = {}};
}

// One object for a client that does not stream: of an upstream's stream, of its other dialect, or
// both. A client that streams never gets here but from an upstream that does not.
class WholeAnswer : public Relay {
public:
    WholeAnswer(ClientSide& client,
                const Conversation& conversation,
                const http::ResponseHead& head)
        : writer_(client), conversation_(conversation), head_(head) {
        if (run::is_event_stream(head))
            collector_ = run::make_collector(dialects::name_of(*conversation.upstream));
    }

    bool body(std::string_view bytes) override {
        taken_ += bytes.size();
        if (taken_ > longest_answer) unreadable_ = too_long();
        if (unreadable_) return false;
        if (collector_ != nullptr) return collect(bytes);
        body_.append(bytes);
        return true;
    }

    [[nodiscard]] const Error* gave_up() const override {
        return unreadable_ ? &*unreadable_ : nullptr;
    }

    [[nodiscard]] bool ended() const override {
        return failure_ || (collector_ != nullptr && collector_->result());
    }

    std::optional<http::Response> finish() override {
        if (failure_) return event_failure(*std::move(failure_));
        auto answer = collector_ != nullptr ? collector_->result() : std::optional(body_);
        if (!answer || answer->empty()) {
            return event_failure(R"({"error":{"message":"the answer ended before it was complete",)"
                                 R"("type":"server_error","code":"server_error"}})");
        }
        if (collector_ == nullptr && run::is_error_body(*answer))
            return failure_of(head_.status, *std::move(answer));
        if (const auto usage = dialects::usage_of(*conversation_.upstream, *answer))
            take_usage(writer_.notes(), *usage);
        if (!conversation_.translated()) return answer_with(*answer);
        auto translated =
            dialects::translate_answer(*conversation_.upstream,
                                       *conversation_.client,
                                       *answer,
                                       conversation_.facts,
                                       {.seed = conversation_.seed, .created = conversation_.now});
        if (!translated) return failure_of(head_.status, *std::move(answer));
        return answer_with(*translated);
    }

    // Never with a head sent.
    void fail(const ApiError& /*error*/) override { writer_.abort(); }

private:
    bool collect(std::string_view bytes) {
        decoder_.feed(bytes);
        while (!failure_) {
            const auto event = decoder_.next();
            if (!event) {
                unreadable_ = event.error();
                return false;
            }
            if (!*event) return true;
            auto step = collector_->take(**event);
            failure_ = std::move(step.failure);
        }
        return false;
    }

    [[nodiscard]] http::Response failure_of(int status, std::string body) const {
        return {.status = status, .headers = head_.headers, .body = std::move(body)};
    }
    // Of an event, which has no status of its own.
    [[nodiscard]] http::Response event_failure(std::string event) const {
        return failure_of(0, std::move(event));
    }

    std::optional<http::Response> answer_with(std::string_view answer) {
        writer_.whole(200, json_headers(head_.headers), answer);
        return std::nullopt;
    }

    ClientWriter writer_;
    const Conversation& conversation_;
    http::ResponseHead head_;
    std::unique_ptr<run::Collector> collector_ = {};
    http::SseDecoder decoder_{};
    std::string body_ = {};
    std::size_t taken_ = 0;  // bytes
    std::optional<std::string> failure_ = {};
    std::optional<Error> unreadable_ = {};
};

}  // namespace

std::unique_ptr<Relay> make_translated_stream(ClientSide& client,
                                              const Conversation& conversation,
                                              const http::ResponseHead& head) {
    return std::make_unique<TranslatedStream>(client, conversation, head);
}

std::unique_ptr<Relay> make_whole_answer(ClientSide& client,
                                         const Conversation& conversation,
                                         const http::ResponseHead& head) {
    return std::make_unique<WholeAnswer>(client, conversation, head);
}

}  // namespace handover::gateway
