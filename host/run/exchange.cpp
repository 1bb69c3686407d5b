#include "run/exchange.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "http/retry_policy.hpp"
#include "http/target.hpp"
#include "log/log.hpp"
#include "run/attempt.hpp"
#include "run/error_mapping.hpp"
#include "run/limit_facts.hpp"
#include "run/outgoing_request.hpp"
#include "text/time.hpp"

namespace handover::run {
namespace {

// Why an attempt did not succeed.
struct Failed {
    Error error = {};
    bool credential_refused = false;
    bool worth_retrying = false;
    std::optional<Milliseconds> asked = {};
};

Error cancelled() {
    return {.code = Errc::provider_unavailable,
            .message = "the request was cancelled",
            .reason = {},
            .fix = {}};
}

double random_fraction() {
    thread_local std::minstd_rand generator(std::random_device{}());
    return std::uniform_real_distribution<double>(0, 1)(generator);
}

// A connection that did not come about or broke. A server that is not there on this machine is not
// waited for; a time-out has already been waited for.
bool is_worth_retrying(const http::StreamEnd& end, const std::string& url) {
    if (end.fault == http::Fault::broken || end.fault == http::Fault::name_lookup) return true;
    if (end.fault != http::Fault::refused) return false;
    const auto target = http::parse_target(url);
    return target && !target->loopback;
}

class Exchange {
public:
    template <typename T>
    using Awaitable = boost::asio::awaitable<T>;

    Exchange(Steps& steps,
             const Upstream& upstream,
             const ExchangeHandler& handler,
             std::stop_token stop)
        : steps_(steps),
          upstream_(upstream),
          handler_(handler),
          stop_(std::move(stop)),
          destination_(upstream.destination != nullptr ? *upstream.destination
                                                       : made_.emplace(made(upstream))),
          target_(*destination_.target) {}

    Result<plugins::PreparedRequest> prepare(const plugins::ClientRequest& request) const {
        return upstream_.instance.prepare(request, destination_.owned_headers);
    }

    // The credential is at hand, and nobody has to wait for a turn. True for nearly all requests,
    // and then without a coroutine more.
    bool authorize_now() {
        resolved_ = steps_.resolve_now(target_);
        return resolved_ && !steps_.takes_turns(*resolved_);
    }

    // The credential, and where requests take turns the right to send one. A wait for it may have
    // outlived the credential, or its account.
    Awaitable<Result<void>> authorize() {
        auto resolved = co_await steps_.resolve(target_, stop_);
        while (resolved) {
            resolved_ = *resolved;
            if (!steps_.takes_turns(*resolved_)) co_return Result<void>();
            const Steps::Waiting waiting = [this](std::optional<long> holder) {
                notice("waiting for another request of this subscription" +
                       (holder ? fmt::format(" (process {})", *holder) : std::string()));
            };
            auto lease = co_await steps_.lease(*resolved_, waiting, stop_);
            if (!lease) co_return lease.failure();
            lease_ = std::move(*lease);
            resolved = co_await steps_.resolve(target_, stop_);
            if (resolved && (*resolved)->subject == resolved_->subject) {
                resolved_ = *resolved;
                co_return Result<void>();
            }
            lease_ = {};
        }
        co_return resolved.failure();
    }

    // Before the first attempt.
    Result<void> admit() {
        report_concurrency();
        return ask_ledger();
    }

    Result<http::Request> request(const plugins::PreparedRequest& prepared, std::string_view body) {
        const auto& credentials = resolved_->headers;
        if (!credentials) return credentials.failure();
        auto request =
            outgoing_request(upstream_.provider, destination_, prepared, body, *credentials);
        if (request) log_sending(*request);
        sent_at_ = now();
        return request;
    }

    // Nothing: it succeeded. An error: what has been handed over cannot be taken back, or nothing
    // could be sent.
    Result<std::optional<Failed>> settle(const Attempt& sent, const std::string& url) {
        if (sent.end().resent_by_library)
            log::info("run", "a pooled connection had closed; the request was sent once more");
        if (sent.succeeded()) {
            tell_ledger(sent, {.how = limits::Answered::How::success});
            return std::optional<Failed>();
        }
        if (stop_.stop_requested()) return fail(cancelled());
        auto failed = judge(sent, url);
        if (sent.handed_over()) return fail(std::move(failed.error));
        return std::optional(std::move(failed));
    }

    // Returns once another attempt makes sense; the error that ends the exchange otherwise.
    Awaitable<Result<void>> make_ready_for_another(const Failed& failed) {
        if (failed.credential_refused && resolved_->method.kind == auth::Kind::oauth2 &&
            !recovered_) {
            auto recovered = co_await recover();
            co_return recovered;
        }
        const auto decision = http::decide_retry({.retries_made = retries_made_,
                                                  .max_retries = upstream_.max_retries,
                                                  .worth_retrying = failed.worth_retrying,
                                                  .asked = failed.asked,
                                                  .random = random_fraction()});
        if (!decision.retry) {
            if (refusal_ && handler_.on_refusal) handler_.on_refusal(*refusal_);
            co_return fail(failed.error);
        }
        ++retries_made_;
        notice(fmt::format("{}; trying again in {} ({} of {})",
                           failed.error.message,
                           text::describe_duration(decision.wait),
                           retries_made_,
                           upstream_.max_retries));
        const bool waited = co_await steps_.pause(decision.wait, stop_);
        if (!waited) co_return fail(cancelled());
        co_return Result<void>();
    }

private:
    static Destination made(const Upstream& upstream) {
        return destination_of(
            upstream.provider,
            std::make_shared<const auth::Target>(upstream.provider.target(upstream.account)));
    }

    // A higher value in the config is reported, not obeyed.
    void report_concurrency() const {
        const auto& provider = upstream_.provider;
        const auto effective = auth::effective_concurrency(resolved_->method.billing,
                                                           provider.configured_concurrency,
                                                           provider.manifest_concurrency);
        if (!effective.note.empty()) log::info("run", provider.name + ": " + effective.note);
    }

    [[nodiscard]] Time now() const {
        return upstream_.clock ? upstream_.clock() : std::chrono::system_clock::now();
    }

    // A quota that is known to be used up is not asked again, but for a request once in a while.
    Result<void> ask_ledger() {
        if (upstream_.ledgers == nullptr) return {};
        const auto decision = upstream_.ledgers->admit(ledger(), now());
        if (decision.admission == limits::Admission::go) return {};
        const auto& blocked = *decision.next.blocked;
        if (decision.admission == limits::Admission::refuse) {
            if (handler_.on_quota)
                handler_.on_quota(blocked.until ? blocked.until : blocked.probe_at);
            return fail(still_blocked(blocked, origin(), now()));
        }
        notice("the quota at " + target_.provider + " was used up; trying whether it still is");
        return {};
    }

    // Looked up once for each credential.
    const limits::Use& ledger() {
        if (ledger_of_ != resolved_) ledger_ = ledger_of(destination_, *resolved_);
        ledger_of_ = resolved_;
        return ledger_;
    }

    void tell_ledger(const Attempt& sent, limits::Answered answer) {
        if (upstream_.ledgers == nullptr || sent.head().status == 0) return;
        const auto at = now();
        answer.windows = as_windows(upstream_.instance.read_limits(sent.head().headers, at), at);
        answer.sent_at = sent_at_;
        upstream_.ledgers->learn(ledger(), std::move(answer), at);
    }

    Failed judge(const Attempt& sent, const std::string& url) {
        refusal_.reset();  // an earlier attempt's answer is not this one's
        const auto answer = sent.failed_answer();
        if (!answer) {
            return {.error = sent.end().error,
                    .worth_retrying = is_worth_retrying(sent.end(), url)};
        }
        if (answer->status >= 300 && answer->status < 400) {
            return {.error = redirect_error(answer->status, answer->headers, origin())};
        }
        refusal_ = answer;
        const auto at = now();
        const auto said = upstream_.instance.classify(*answer, at);
        const auto verdict = settled_verdict(said.verdict, answer->status);
        tell_ledger(sent, told_by(verdict, said));
        if (verdict == plugins::Verdict::quota_exhausted && handler_.on_quota)
            handler_.on_quota(said.until);
        auto asked = http::retry_after(answer->headers, at);
        // A header may be more exact than whole seconds.
        if (said.until)
            asked = std::max(asked.value_or(Milliseconds()),
                             std::chrono::ceil<Milliseconds>(*said.until - at));
        const bool long_limit =
            verdict == plugins::Verdict::rate_limited && asked && *asked > http::longest_asked_wait;
        if (long_limit && handler_.on_quota) handler_.on_quota(at + *asked);
        return {.error = provider_error(said, *answer, origin(), asked, at),
                .credential_refused = verdict == plugins::Verdict::authentication,
                .worth_retrying = run::is_worth_retrying(verdict),
                .asked = asked};
    }

    static limits::Answered told_by(plugins::Verdict verdict, const plugins::Classification& said) {
        if (verdict != plugins::Verdict::quota_exhausted) return {};
        return {.how = limits::Answered::How::quota_exhausted,
                .until = said.until,
                .reason = redact(said.message)};
    }

    // Once for an exchange, whatever follows.
    Awaitable<Result<void>> recover() {
        recovered_ = true;
        const auto newer = co_await steps_.recover(target_, *resolved_, stop_);
        if (!newer) co_return newer.failure();
        resolved_ = *newer;
        co_return Result<void>();
    }

    [[nodiscard]] Origin origin() const {
        return {.provider = target_.provider,
                .account = target_.account,
                .kind = resolved_->method.kind,
                .source = resolved_->source.text()};
    }

    void log_sending(const http::Request& request) const {
        if (!log::enabled(log::Level::info)) return;
        log::info("run",
                  fmt::format("{} {} as {} (method {}, credential: {})",
                              request.method,
                              request.url,
                              target_.provider,
                              resolved_->method.id,
                              resolved_->source.text()));
    }

    void notice(const std::string& text) const {
        log::info("run", text);
        if (handler_.notice) handler_.notice(text);
    }

    Steps& steps_;
    const Upstream& upstream_;
    const ExchangeHandler& handler_;
    std::stop_token stop_;
    std::optional<Destination> made_ = {};
    const Destination& destination_;
    const auth::Target& target_;
    auth::ResolvedPtr resolved_ = {};
    auth::Lease lease_ = {};
    auth::ResolvedPtr ledger_of_ = {};  // whose `ledger_` is
    limits::Use ledger_ = {};
    std::optional<http::Response> refusal_ = {};
    Time sent_at_ = {};
    int retries_made_ = 0;
    bool recovered_ = false;
};

}  // namespace

// One coroutine where nothing has to be waited for but the answer. Every awaited call's result is
// bound to a local first: g++ 12 destroys temporaries of such expressions twice.
boost::asio::awaitable<Result<void>> exchange(Steps& steps,
                                              const Upstream& upstream,
                                              const plugins::ClientRequest& request,
                                              const ExchangeHandler& handler,
                                              std::stop_token stop) {
    Exchange one(steps, upstream, handler, stop);
    const auto prepared = one.prepare(request);
    if (!prepared) co_return prepared.failure();
    const std::string_view body = prepared->forwards_body ? request.body : prepared->body;
    if (!one.authorize_now()) {
        auto authorized = co_await one.authorize();
        if (!authorized) co_return authorized;
    }
    auto admitted = one.admit();
    if (!admitted) co_return admitted;
    while (true) {
        const auto sending = one.request(*prepared, body);
        if (!sending) co_return sending.failure();
        Attempt sent(handler);
        const auto receiver = sent.receiver();
        auto end = co_await steps.send(*sending, receiver, stop);
        sent.finish(std::move(end));
        const auto failed = one.settle(sent, sending->url);
        if (!failed) co_return failed.failure();
        if (!*failed) co_return Result<void>();
        auto again = co_await one.make_ready_for_another(**failed);
        if (!again) co_return again;
    }
}

}  // namespace handover::run
