// What of the authorization server is no token endpoint (token_endpoint.cpp) and no device login
// (device_endpoints.cpp).
#include "sandbox/authorization.hpp"

#include <boost/json.hpp>

#include "crypto/crypto.hpp"
#include "sandbox/authority_replies.hpp"
#include "sandbox/claims.hpp"
#include "sandbox/parameters.hpp"

namespace handover::sandbox {
namespace {

namespace json = boost::json;

// What is wrong with an authorization request that may be told to the client (RFC 6749
// section 4.1.2.1), or nothing.
std::string_view fault_of(const text::Parameters& parameters) {
    constexpr std::size_t challenge_size = 43;  // BASE64URL of 32 bytes
    if (value(parameters, "response_type") != "code") {
        return "unsupported_response_type";
    }
    if (value(parameters, "code_challenge_method") != "S256" ||
        value(parameters, "code_challenge").size() != challenge_size) {
        return "invalid_request";
    }
    return {};
}

}  // namespace

std::string random_text() {
    constexpr std::size_t bytes = 24;
    return text::base64url_encode(crypto::random_bytes(bytes));
}

Authorization::Authorization(AuthorizationSettings settings,
                             Signer signer,
                             Faults& faults,
                             Counters& counters)
    : settings_(std::move(settings)),
      signer_(std::move(signer)),
      faults_(faults),
      counters_(counters),
      grants_(random_text) {}

Reply Authorization::metadata() {
    if (faults_.strikes("discovery_down")) {
        return page(503, "No metadata today.");
    }
    const auto base =
        settings_.issuer + (faults_.strikes("discovery_other_endpoints") ? "/elsewhere" : "/oauth");
    return json_reply(
        200,
        {{"issuer", settings_.issuer},
         {"authorization_endpoint", base + "/authorize"},
         {"token_endpoint", base + "/token"},
         {"revocation_endpoint", base + "/revoke"},
         {"device_authorization_endpoint", base + "/device_authorization"},
         {"jwks_uri", settings_.issuer + "/.well-known/jwks.json"},
         {"scopes_supported", {"openid", "profile", "email", "offline_access"}},
         {"response_types_supported", json::array{"code"}},
         {"grant_types_supported", {"authorization_code", "refresh_token", device_grant}},
         {"subject_types_supported", json::array{"public"}},
         {"id_token_signing_alg_values_supported", json::array{"RS256"}},
         {"token_endpoint_auth_methods_supported", json::array{"none"}},
         {"code_challenge_methods_supported", json::array{"S256"}},
         {"authorization_response_iss_parameter_supported", true}});
}

Reply Authorization::key_set() const {
    return {.headers = {{"Content-Type", "application/json"}}, .body = signer_.key_set()};
}

Reply Authorization::authorize(const Request& request, Time now) {
    const auto parameters = read_parameters(request);
    const auto redirect_uri = value(parameters, "redirect_uri");
    // RFC 6749 section 4.1.2.1: with these two wrong nothing is sent to the redirect URI.
    if (value(parameters, "client_id").empty() || !is_loopback_redirect(redirect_uri)) {
        return page(400, "A client_id and a loopback redirect_uri are needed.");
    }
    counters_.add("authorizations");
    text::Parameters answer;
    if (const auto wrong = fault_of(parameters); !wrong.empty()) {
        answer.emplace_back("error", wrong);
    } else if (faults_.strikes("authorize_deny")) {
        answer = {{"error", "access_denied"}, {"error_description", "The user said no."}};
    } else {
        const auto hint = value(parameters, "login_hint");
        answer.emplace_back(
            "code",
            grants_.issue_code({.client_id = value(parameters, "client_id"),
                                .subject = hint.empty() ? "sandbox-user" : hint,
                                .scope = value(parameters, "scope"),
                                .nonce = value(parameters, "nonce"),
                                .redirect_uri = redirect_uri,
                                .code_challenge = value(parameters, "code_challenge")},
                               now));
    }
    const auto* twist = faults_.strikes("authorize_wrong_state") ? "x" : "";
    answer.emplace_back("state", value(parameters, "state") + twist);
    if (!faults_.strikes("authorize_no_iss")) {
        answer.emplace_back(
            "iss",
            faults_.strikes("authorize_wrong_iss") ? "http://127.0.0.1:1" : settings_.issuer);
    }
    const auto* join = redirect_uri.find('?') == std::string::npos ? "?" : "&";
    return redirect(302, redirect_uri + join + text::form_encode(answer));
}

Reply Authorization::revoke(const Request& request) {
    if (const auto fault = faults_.strike("revoke_status")) {
        return page(fault->number == 0 ? 503 : static_cast<int>(fault->number), "No revocation.");
    }
    const auto token = value(read_parameters(request), "token");
    if (token.empty()) {
        return oauth_error("invalid_request", "A token is needed.");
    }
    counters_.add("revocations");
    grants_.revoke(token);
    return {.headers = {{"Content-Type", "application/json"}}, .body = "{}"};
}

}  // namespace handover::sandbox
