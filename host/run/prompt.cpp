#include <algorithm>
#include <utility>

#include "http/retry_policy.hpp"
#include "run/attempt.hpp"
#include "run/collector.hpp"
#include "run/error_event.hpp"
#include "run/error_mapping.hpp"
#include "run/prompt_body.hpp"
#include "run/run.hpp"

namespace handover::run {
namespace {

Failure broke_off(const std::string& provider) {
    return fail({.code = Errc::provider_unavailable,
                 .message = provider + " ended its answer before it was complete",
                 .reason = "the stream closed without its terminal event",
                 .fix = "try again"});
}

// The answer's side of a prompt: text to the caller as it comes, the final object at the end.
class Answer {
public:
    Answer(std::string dialect, bool stream, const std::function<void(std::string_view)>& on_text)
        : dialect_(std::move(dialect)),
          show_at_once_(stream),
          on_text_(on_text),
          collector_(make_collector(dialect_)) {}

    void take_head(const http::ResponseHead& head) {
        const bool says_json =
            http::find_header(head.headers, "content-type").value_or("").find("json") !=
            std::string_view::npos;
        streams_ = is_event_stream(head) || (show_at_once_ && !says_json);
        headers_ = head.headers;
    }

    // False once nothing more is wanted: after a failure, or an event without end.
    bool take(std::string_view bytes) {
        if (!streams_) {
            body_.append(bytes);
            return true;
        }
        decoder_.feed(bytes);
        while (true) {
            const auto event = decoder_.next();
            if (!event) {
                broken_ = event.error();
                return false;
            }
            if (!*event) return true;
            if (!take_event(**event)) return false;
        }
    }

    [[nodiscard]] bool spoke() const { return spoke_; }
    [[nodiscard]] const std::optional<Error>& broken() const { return broken_; }

    // The event, or the body under status 200, that reports a failure.
    [[nodiscard]] std::optional<http::Response> failure() const {
        if (failure_) return http::Response{.status = 0, .headers = headers_, .body = *failure_};
        if (!streams_ && is_error_body(body_))
            return http::Response{.status = 0, .headers = headers_, .body = body_};
        return std::nullopt;
    }

    // The final object; nothing if it never came. Shows what was not shown yet.
    std::optional<std::string> finish() {
        auto final = streams_ ? collector_->result() : std::optional(body_);
        if (!final || final->empty()) return std::nullopt;
        if (!streams_) show(answer_text(dialect_, *final));
        if (!kept_.empty()) on_text_(kept_);
        return final;
    }

private:
    bool take_event(const http::SseEvent& event) {
        auto step = collector_->take(event);
        if (step.failure) {
            failure_ = std::move(step.failure);
            return false;
        }
        if (show_at_once_) {
            show(step.text);
        } else {
            kept_ += step.text;
        }
        return true;
    }

    void show(std::string_view text) {
        if (text.empty()) return;
        spoke_ = true;
        on_text_(text);
    }

    std::string dialect_;
    bool show_at_once_;
    const std::function<void(std::string_view)>& on_text_;
    std::unique_ptr<Collector> collector_;
    http::SseDecoder decoder_{};
    bool streams_ = false;
    bool spoke_ = false;
    std::vector<http::Header> headers_ = {};
    std::string body_ = {};
    std::string kept_ = {};
    std::optional<std::string> failure_ = {};
    std::optional<Error> broken_ = {};
};

Result<std::string> effective_model(const Upstream& upstream, const Prompt& prompt) {
    const auto& model = prompt.model.empty() ? upstream.provider.model : prompt.model;
    if (!model.empty()) return model;
    return fail(
        {.code = Errc::usage,
         .message = "no model is named, and " + upstream.provider.name + " has no default",
         .reason = {},
         .fix = "use -m MODEL, or set `model` under [providers." + upstream.provider.name + "]"});
}

// Embeddings say nothing.
std::optional<std::string> first_that_speaks(const std::vector<std::string>& dialects) {
    const auto found = std::find_if(dialects.begin(), dialects.end(), [](const auto& dialect) {
        return dialect != "embeddings";
    });
    return found == dialects.end() ? std::nullopt : std::optional(*found);
}

Result<std::string> whole_answer(const Upstream& upstream,
                                 const Result<void>& exchanged,
                                 Answer& answer) {
    if (const auto failed = answer.failure()) return fail(judge_failure(upstream, *failed).error);
    if (answer.broken()) return fail(*answer.broken());
    if (!exchanged) return exchanged.failure();
    auto final = answer.finish();
    if (!final) return broke_off(upstream.provider.name);
    return std::move(*final);
}

// To them a failure without the status of one is an event inside a stream.
http::Response as_plugins_know(http::Response failed) {
    constexpr int first_of_errors = 400;
    if (failed.status < first_of_errors) failed.status = 0;
    return failed;
}

}  // namespace

JudgedFailure judge_failure(const Upstream& upstream, const http::Response& failed) {
    const auto now = upstream.clock ? upstream.clock() : std::chrono::system_clock::now();
    const auto said = upstream.instance.classify(as_plugins_know(failed), now);
    auto asked = http::retry_after(failed.headers, now);
    if (said.until) {
        const auto left = std::chrono::ceil<Milliseconds>(*said.until - now);
        asked = std::max(asked.value_or(Milliseconds()), left);
    }
    return {
        .error = provider_error(said,
                                failed,
                                {.provider = upstream.provider.name, .account = upstream.account},
                                asked,
                                now),
        .until = said.until};
}

Result<std::string> run_prompt(const Upstream& upstream,
                               const Prompt& prompt,
                               const std::function<void(std::string_view)>& on_text,
                               const std::function<void(std::string_view)>& notice,
                               std::stop_token stop) {
    const auto model = effective_model(upstream, prompt);
    if (!model) return model.failure();
    const auto spoken = first_that_speaks(upstream.provider.dialects);
    if (!spoken) {
        return fail({.code = Errc::config_invalid,
                     .message = upstream.provider.name + " names no dialect for prompts",
                     .reason = {},
                     .fix = "set `dialects`"});
    }
    const auto& dialect = *spoken;
    Answer answer(dialect, prompt.stream, on_text);
    const ExchangeHandler handler = {
        .on_head = [&](const http::ResponseHead& head) { answer.take_head(head); },
        .on_body = [&](std::string_view bytes) { return answer.take(bytes); },
        .notice = notice,
        .hold_preamble = true,
    };
    const auto exchanged = exchange(upstream,
                                    {.dialect = dialect,
                                     .model = *model,
                                     .body = prompt_body(dialect, prompt, *model),
                                     .stream = prompt.stream},
                                    handler,
                                    std::move(stop));
    return whole_answer(upstream, exchanged, answer);
}

}  // namespace handover::run
