#include "batch/send_line.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "http/sse_decoder.hpp"
#include "run/attempt.hpp"
#include "run/collector.hpp"
#include "run/error_event.hpp"

namespace handover::batch {
namespace {

constexpr std::size_t longest_answer = 256U << 20U;  // bytes

std::string request_id_of(const std::vector<http::Header>& headers) {
    for (const auto* name : {"x-request-id", "x-oai-request-id"}) {
        if (const auto id = http::find_header(headers, name)) return std::string(*id);
    }
    return {};
}

// One line's answer as it arrives: a body as it is, a stream as the object it amounts to.
class Collected {
public:
    explicit Collected(std::string_view dialect) : collector_(run::make_collector(dialect)) {}

    void take_head(const http::ResponseHead& head) {
        head_ = head;
        streams_ = run::is_event_stream(head);
    }

    // False once nothing more is wanted.
    bool take(std::string_view bytes) {
        if (!streams_) {
            if (body_.size() + bytes.size() > longest_answer) return false;
            body_.append(bytes);
            return true;
        }
        decoder_.feed(bytes);
        while (true) {
            const auto event = decoder_.next();
            if (!event) return false;
            if (!*event) return true;
            auto step = collector_->take(**event);
            if (step.failure) failure_ = std::move(step.failure);
            if (failure_) return false;
        }
    }

    // An event, or a body under status 200, that reports a failure.
    [[nodiscard]] std::optional<http::Response> failure() const {
        if (failure_)
            return http::Response{.status = 0, .headers = head_.headers, .body = *failure_};
        if (!streams_ && run::is_error_body(body_))
            return http::Response{.status = 0, .headers = head_.headers, .body = body_};
        return std::nullopt;
    }

    // Nothing if it broke off.
    [[nodiscard]] std::optional<std::string> whole() const {
        if (streams_) return collector_->result();
        return body_.empty() ? std::nullopt : std::optional(body_);
    }

    [[nodiscard]] const http::ResponseHead& head() const { return head_; }

private:
    std::unique_ptr<run::Collector> collector_;
    http::SseDecoder decoder_{};
    http::ResponseHead head_ = {};
    bool streams_ = false;
    std::string body_ = {};
    std::optional<std::string> failure_ = {};
};

Answer failed_answer(Error error,
                     const std::optional<http::Response>& refusal,
                     std::optional<Time> until) {
    Answer answer{.error = std::move(error), .until = until};
    if (!refusal) return answer;
    answer.status_code = refusal->status;
    answer.request_id = request_id_of(refusal->headers);
    answer.body = refusal->body;
    return answer;
}

Answer broke_off(const std::string& provider) {
    return {.error = Error{.code = Errc::provider_unavailable,
                           .message = provider + " ended its answer before it was complete",
                           .reason = {},
                           .fix = "send it again with --retry-failed"}};
}

bool speaks(const providers::Provider& provider, const std::string& dialect) {
    const auto& spoken = provider.dialects;
    return std::find(spoken.begin(), spoken.end(), dialect) != spoken.end();
}

Answer not_spoken(const providers::Provider& provider, const RequestLine& line) {
    const bool chat = line.dialect == "chat_completions";
    return {.error =
                Error{.code = Errc::usage,
                      .message = provider.name + " does not take requests for " +
                                 (chat ? "/v1/chat/completions" : "/v1/responses"),
                      .reason = "the line with custom_id \"" + line.custom_id + "\" asks for it",
                      .fix = "use another provider with -p, or write the lines for " +
                             std::string(chat ? "/v1/responses" : "/v1/chat/completions")}};
}

class Sender {
public:
    Sender(run::Upstream upstream, LineSettings settings)
        : upstream_(std::move(upstream)), settings_(std::move(settings)) {}

    Answer send(const RequestLine& line, const std::stop_token& stop) const {
        if (!speaks(upstream_.provider, line.dialect)) return not_spoken(upstream_.provider, line);
        if (settings_.before_send) settings_.before_send();
        Collected collected(line.dialect);
        std::optional<http::Response> refusal;
        std::optional<Time> until;
        const run::ExchangeHandler handler = {
            .on_head = [&](const http::ResponseHead& head) { collected.take_head(head); },
            .on_body = [&](std::string_view bytes) { return collected.take(bytes); },
            .notice = settings_.notice,
            .on_refusal = [&](const http::Response& response) { refusal = response; },
            .on_quota = [&](std::optional<Time> reset) { until = reset; },
            .hold_preamble = true,
        };
        const auto exchanged =
            run::exchange(upstream_,
                          {.dialect = line.dialect,
                           .model = line.model.empty() ? settings_.model : line.model,
                           .body = line.body},
                          handler,
                          stop);
        if (const auto failure = collected.failure()) return reported(*failure);
        if (!exchanged) return failed_answer(exchanged.error(), refusal, until);
        auto body = collected.whole();
        if (!body) return broke_off(upstream_.provider.name);
        return {.status_code = collected.head().status,
                .request_id = request_id_of(collected.head().headers),
                .body = *std::move(body)};
    }

private:
    // A failure that came under status 200.
    [[nodiscard]] Answer reported(const http::Response& failure) const {
        auto judged = run::judge_failure(upstream_, failure);
        return failed_answer(std::move(judged.error), std::nullopt, judged.until);
    }

    run::Upstream upstream_;
    LineSettings settings_;
};

}  // namespace

SendLine make_send_line(run::Upstream upstream, LineSettings settings) {
    const auto sender = std::make_shared<const Sender>(std::move(upstream), std::move(settings));
    return [sender](std::size_t /*worker*/, const RequestLine& line, const std::stop_token& stop) {
        return sender->send(line, stop);
    };
}

}  // namespace handover::batch
