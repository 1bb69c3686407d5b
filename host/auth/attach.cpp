// Effective concurrency and the headers of a credential: the pure parts of broker.hpp.
#include <algorithm>

#include <fmt/format.h>

#include "auth/broker.hpp"
#include "auth/resolution.hpp"

namespace handover::auth {
namespace {

constexpr int default_concurrency = 4;

// A placeholder's value; nothing if it is not there.
std::optional<std::string_view> value_of(const Resolved& resolved, std::string_view placeholder) {
    constexpr std::string_view claim_prefix = "claim:";
    const auto& credential = resolved.credential;
    const auto non_empty = [](std::string_view text) {
        return text.empty() ? std::nullopt : std::optional(text);
    };
    if (placeholder == "access_token") return non_empty(credential.access_token.reveal());
    if (placeholder == "api_key") return non_empty(credential.api_key.reveal());
    if (!placeholder.starts_with(claim_prefix)) return std::nullopt;
    const auto claim = resolved.claims.find(std::string(placeholder.substr(claim_prefix.size())));
    return claim == resolved.claims.end() ? std::nullopt : non_empty(claim->second);
}

// The template with its placeholders filled in; nothing if one of them is missing.
std::optional<std::string> fill(const Resolved& resolved, std::string_view pattern) {
    std::string out;
    while (!pattern.empty()) {
        const auto open = pattern.find('{');
        const auto close =
            pattern.find('}', open == std::string_view::npos ? pattern.size() : open);
        if (close == std::string_view::npos) break;
        out += pattern.substr(0, open);
        const auto value = value_of(resolved, pattern.substr(open + 1, close - open - 1));
        if (!value) return std::nullopt;
        out += *value;
        pattern.remove_prefix(close + 1);
    }
    return out + std::string(pattern);
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// RFC 6750 section 2.1, for methods that say nothing (a custom OpenID login is five lines of TOML).
std::map<std::string, std::string> default_attach(Kind kind) {
    if (kind == Kind::oauth2) return {{"Authorization", "Bearer {access_token}"}};
    if (kind == Kind::api_key) return {{"Authorization", "Bearer {api_key}"}};
    return {};
}

}  // namespace

std::string Source::text() const {
    switch (kind) {
        case SourceKind::none:
            return {};
        case SourceKind::environment:
            return "env:" + variable;
        case SourceKind::stored:
            return "stored";
        case SourceKind::prompt:
            return "prompt";
    }
    return {};
}

Concurrency effective_concurrency(Billing billing,
                                  std::optional<int> configured,
                                  std::optional<int> manifest) {
    const auto wanted = configured ? configured : manifest;
    if (billing != Billing::subscription)
        return {.value = std::max(wanted.value_or(default_concurrency), 1)};
    Concurrency one = {.value = 1};
    if (configured && *configured > 1) {
        one.note = fmt::format("configured {}, but a subscription runs one request at a time",
                               *configured);
    }
    return one;
}

Result<std::vector<http::SecretHeader>> attach_headers(const Resolved& resolved) {
    std::vector<http::SecretHeader> headers;
    const auto& declared = resolved.method.attach;
    for (const auto& [name, pattern] :
         declared.empty() ? default_attach(resolved.method.kind) : declared) {
        auto value = fill(resolved, pattern);
        if (!value) continue;
        if (std::any_of(value->begin(), value->end(), is_control)) {
            wipe(*value);
            return fail({.code = Errc::auth_no_credential,
                         .message = "the header " + name + " cannot be sent",
                         .reason = "the credential or claim in it holds control characters",
                         .fix = login_command(resolved.credential.id)});
        }
        headers.push_back({.name = name, .value = Secret(std::move(*value))});
    }
    return headers;
}

}  // namespace handover::auth
