#include "run/limit_facts.hpp"

#include "text/time.hpp"

namespace handover::run {
namespace {

std::string left(Time then, Time now) {
    return text::describe_duration(std::chrono::ceil<Milliseconds>(then - now));
}

}  // namespace

limits::Use ledger_of(const Destination& destination, const auth::Resolved& resolved) {
    const auto& name = destination.ledger;
    const bool kept = resolved.source.kind == auth::SourceKind::stored ||
                      resolved.source.kind == auth::SourceKind::none;
    if (!kept) return {.name = name + "#env", .generation = resolved.digest};
    // A refresh raises the credential's generation, but the quota is the account's: it stays used
    // up.
    if (!resolved.subject.empty()) return {.name = name, .generation = resolved.digest};
    return {.name = name, .generation = resolved.credential.generation};
}

std::vector<limits::Window> as_windows(const std::vector<plugins::LimitWindow>& told, Time now) {
    std::vector<limits::Window> windows;
    windows.reserve(told.size());
    for (const auto& window : told) {
        windows.push_back({.name = window.name,
                           .used_percent = window.used_percent,
                           .limit = window.limit,
                           .remaining = window.remaining,
                           .length = window.length,
                           .resets_at = window.resets_at,
                           .source = limits::FactSource::header,
                           .observed_at = now});
    }
    return windows;
}

Error still_blocked(const limits::Blocked& blocked, const Origin& origin, Time now) {
    std::string until;
    if (blocked.until)
        until = " until " + text::format_rfc3339(*blocked.until) + " (in " +
                left(*blocked.until, now) + ')';
    auto reason = origin.provider + " said so at " + text::format_rfc3339(blocked.since);
    if (!blocked.reason.empty()) reason += ": \"" + blocked.reason + '"';
    reason +=
        "; nothing was sent now, a request is let through to try in " + left(blocked.probe_at, now);
    return {.code = Errc::provider_quota_exhausted,
            .message = "the quota at " + origin.provider + " is used up" + until,
            .reason = std::move(reason),
            .fix = "wait, or use another provider with -p; `handover limits " + origin.provider +
                   " --clear` forgets it"};
}

}  // namespace handover::run
