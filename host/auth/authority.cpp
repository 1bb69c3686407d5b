#include "auth/authority.hpp"

#include <chrono>

#include "auth/oauth2/endpoint_url.hpp"
#include "auth/oauth2/token_request.hpp"

namespace handover::auth {
namespace {

constexpr http::Limits revocation_limits = {.connect = std::chrono::seconds(5),
                                            .total = std::chrono::seconds(10)};

Failure unavailable(const std::string& issuer, std::string reason) {
    return fail({.code = Errc::auth_refresh_unavailable,
                 .message = "the endpoints of " + issuer + " are not known",
                 .reason = std::move(reason),
                 .fix = "try again later"});
}

// What the issuer's own metadata say; the login may have put them into the cache.
Result<Endpoints> discover(Method method,
                           const std::string& issuer,
                           const DiscoveryServices& services,
                           const std::stop_token& stop) {
    method.issuer = issuer;
    auto found = endpoints_from(method, oauth2::EndpointSource::discovery, services, stop);
    if (!found) return unavailable(issuer, found.error().reason);
    return std::move(found->endpoints);
}

bool on_origin_of(const std::string& url, const std::string& other) {
    const auto left = oauth2::origin_of(url);
    return left && left == oauth2::origin_of(other);
}

Result<std::string> revocation_endpoint_for(const Method& method,
                                            const Credential& credential,
                                            const DiscoveryServices& services,
                                            const std::stop_token& stop) {
    const auto& declared = method.endpoints.revocation_endpoint;
    if (declared && (on_origin_of(*declared, credential.issuer) ||
                     on_origin_of(*declared, credential.token_endpoint))) {
        return *declared;
    }
    if (credential.issuer.empty() || method.discovery == Discovery::never) {
        return unavailable(credential.id.provider, "no revocation endpoint is declared");
    }
    const auto found = discover(method, credential.issuer, services, stop);
    if (!found) return found.failure();
    if (!found->revocation_endpoint)
        return unavailable(credential.issuer, "it offers no revocation");
    return *found->revocation_endpoint;
}

}  // namespace

Result<std::string> token_endpoint_for(const Method& method,
                                       const Credential& credential,
                                       const DiscoveryServices& services) {
    if (!credential.token_endpoint.empty()) return credential.token_endpoint;
    if (method.endpoints.token_endpoint) return *method.endpoints.token_endpoint;
    const auto found = discover(method, method.issuer, services, {});
    if (!found) return found.failure();
    if (!found->token_endpoint)
        return unavailable(method.issuer, "its metadata name no token endpoint");
    return *found->token_endpoint;
}

Result<void> revoke_tokens(const Method& method,
                           const Credential& credential,
                           const DiscoveryServices& services,
                           const std::stop_token& stop) {
    const bool refreshable = !credential.refresh_token.empty();
    const auto& token = refreshable ? credential.refresh_token : credential.access_token;
    if (token.empty()) return {};
    const auto endpoint = revocation_endpoint_for(method, credential, services, stop);
    if (!endpoint) return endpoint.failure();
    const auto hint =
        refreshable ? oauth2::TokenTypeHint::refresh_token : oauth2::TokenTypeHint::access_token;
    const auto request = oauth2::revocation_request(method, *endpoint, token, hint);
    if (!request) return request.failure();
    const auto outcome = services.send(*request, revocation_limits, stop);
    if (outcome.delivery != http::Delivery::answered) return fail(outcome.error);
    // RFC 7009 section 2.2: 200 also for a token that was invalid already.
    if (outcome.response.status == 200) return {};
    return unavailable(
        *endpoint,
        "revocation was answered with status " + std::to_string(outcome.response.status));
}

}  // namespace handover::auth
