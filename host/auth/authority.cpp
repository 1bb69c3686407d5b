#include "auth/authority.hpp"

#include <chrono>

#include "auth/oauth2/discovery.hpp"
#include "auth/oauth2/endpoint_url.hpp"
#include "auth/oauth2/token_request.hpp"

namespace handover::auth {
namespace {

constexpr http::Limits metadata_limits = {.connect = std::chrono::seconds(5),
                                          .total = std::chrono::seconds(10)};
constexpr http::Limits revocation_limits = {.connect = std::chrono::seconds(5),
                                            .total = std::chrono::seconds(10)};

Failure unavailable(const std::string& issuer, std::string reason) {
    return fail({.code = Errc::auth_refresh_unavailable,
                 .message = "the endpoints of " + issuer + " are not known",
                 .reason = std::move(reason),
                 .fix = "try again later"});
}

Result<Endpoints> discover(const std::string& issuer,
                           const http::Send& send,
                           const std::stop_token& stop) {
    std::string reason = "no metadata was found";
    for (const auto& url : oauth2::well_known_urls(issuer)) {
        if (auto checked = oauth2::check_endpoint_url(url, "issuer"); !checked)
            return checked.failure();
        const auto outcome = send({.method = "GET", .url = url}, metadata_limits, stop);
        if (outcome.delivery != http::Delivery::answered) {
            reason = outcome.error.message;
            continue;
        }
        if (outcome.response.status != 200) continue;
        auto metadata = oauth2::parse_metadata(outcome.response.body, issuer);
        if (metadata) return metadata->endpoints;
        reason = metadata.error().message;
    }
    return unavailable(issuer, reason);
}

bool on_origin_of(const std::string& url, const std::string& other) {
    const auto left = oauth2::origin_of(url);
    return left && left == oauth2::origin_of(other);
}

Result<std::string> revocation_endpoint_for(const Method& method,
                                            const Credential& credential,
                                            const http::Send& send,
                                            const std::stop_token& stop) {
    const auto& declared = method.endpoints.revocation_endpoint;
    if (declared && (on_origin_of(*declared, credential.issuer) ||
                     on_origin_of(*declared, credential.token_endpoint))) {
        return *declared;
    }
    if (credential.issuer.empty() || method.discovery == Discovery::never) {
        return unavailable(credential.id.provider, "no revocation endpoint is declared");
    }
    const auto found = discover(credential.issuer, send, stop);
    if (!found) return found.failure();
    if (!found->revocation_endpoint)
        return unavailable(credential.issuer, "it offers no revocation");
    return *found->revocation_endpoint;
}

}  // namespace

Result<std::string> token_endpoint_for(const Method& method,
                                       const Credential& credential,
                                       const http::Send& send) {
    if (!credential.token_endpoint.empty()) return credential.token_endpoint;
    if (method.endpoints.token_endpoint) return *method.endpoints.token_endpoint;
    const auto found = discover(method.issuer, send, {});
    if (!found) return found.failure();
    if (!found->token_endpoint)
        return unavailable(method.issuer, "its metadata name no token endpoint");
    return *found->token_endpoint;
}

Result<void> revoke_tokens(const Method& method,
                           const Credential& credential,
                           const http::Send& send,
                           std::stop_token stop) {
    const bool refreshable = !credential.refresh_token.empty();
    const auto& token = refreshable ? credential.refresh_token : credential.access_token;
    if (token.empty()) return {};
    const auto endpoint = revocation_endpoint_for(method, credential, send, stop);
    if (!endpoint) return endpoint.failure();
    const auto hint =
        refreshable ? oauth2::TokenTypeHint::refresh_token : oauth2::TokenTypeHint::access_token;
    const auto request = oauth2::revocation_request(method, *endpoint, token, hint);
    if (!request) return request.failure();
    const auto outcome = send(*request, revocation_limits, stop);
    if (outcome.delivery != http::Delivery::answered) return fail(outcome.error);
    // RFC 7009 section 2.2: 200 also for a token that was invalid already.
    if (outcome.response.status == 200) return {};
    return unavailable(
        *endpoint,
        "revocation was answered with status " + std::to_string(outcome.response.status));
}

}  // namespace handover::auth
