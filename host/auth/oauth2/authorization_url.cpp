#include "auth/oauth2/authorization_url.hpp"

#include <algorithm>
#include <array>

#include "auth/oauth2/endpoint_url.hpp"
#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

// `response_mode` would move the answer where the listener does not look; `request` and
// `request_uri` (RFC 9101) would replace every parameter by others.
constexpr std::array<std::string_view, 11> host_owned = {"response_type",
                                                         "response_mode",
                                                         "client_id",
                                                         "redirect_uri",
                                                         "scope",
                                                         "state",
                                                         "code_challenge",
                                                         "code_challenge_method",
                                                         "nonce",
                                                         "request",
                                                         "request_uri"};

Failure owned_by_host(const std::string& name, std::string_view where) {
    return fail(
        {.code = Errc::config_invalid,
         .message = std::string(where) + " may not set \"" + text::printable(name, 60) + "\"",
         .reason = "this parameter of the authorization request is set by the host",
         .fix = "remove it"});
}

std::string joined(const std::vector<std::string>& scopes) {
    std::string out;
    for (const auto& scope : scopes) {
        if (!out.empty()) out.push_back(' ');
        out.append(scope);
    }
    return out;
}

text::Parameters parameters_of(const AuthorizationRequest& request) {
    text::Parameters parameters = {{"response_type", "code"},
                                   {"client_id", request.client_id},
                                   {"redirect_uri", request.redirect_uri}};
    if (!request.scopes.empty()) parameters.emplace_back("scope", joined(request.scopes));
    parameters.emplace_back("state", request.state);
    parameters.emplace_back("code_challenge", request.code_challenge);
    parameters.emplace_back("code_challenge_method", "S256");
    if (!request.nonce.empty()) parameters.emplace_back("nonce", request.nonce);
    for (const auto& [name, value] : request.authorize_params) parameters.emplace_back(name, value);
    return parameters;
}

Result<void> check_endpoint_query(std::string_view endpoint) {
    const auto question = endpoint.find('?');
    if (question == std::string_view::npos) return {};
    const auto query = text::form_decode(endpoint.substr(question + 1));
    if (!query) {
        return fail({.code = Errc::config_invalid,
                     .message = "the authorization endpoint's query is not well formed"});
    }
    for (const auto& [name, value] : *query) {
        if (host_owns_authorize_parameter(name)) {
            return owned_by_host(name, "the authorization endpoint's query");
        }
    }
    return {};
}

}  // namespace

bool host_owns_authorize_parameter(std::string_view name) {
    return std::find(host_owned.begin(), host_owned.end(), name) != host_owned.end();
}

Result<std::string> authorization_url(const AuthorizationRequest& request) {
    const auto& endpoint = request.authorization_endpoint;
    if (auto checked = check_endpoint_url(endpoint, "authorization endpoint"); !checked) {
        return checked.failure();
    }
    if (auto checked = check_endpoint_query(endpoint); !checked) return checked.failure();
    for (const auto& [name, value] : request.authorize_params) {
        if (host_owns_authorize_parameter(name)) return owned_by_host(name, "authorize_params");
    }
    std::string url = endpoint;
    if (url.find('?') == std::string::npos) {
        url.push_back('?');
    } else if (url.back() != '?' && url.back() != '&') {
        url.push_back('&');
    }
    // OAuth asks for form encoding, where a space is '+'; some servers read only %20, which is
    // equally valid there.
    for (const auto& [name, value] : parameters_of(request)) {
        if (url.back() != '?' && url.back() != '&') url.push_back('&');
        url.append(text::percent_encode(name)).append("=").append(text::percent_encode(value));
    }
    return url;
}

}  // namespace handover::auth::oauth2
