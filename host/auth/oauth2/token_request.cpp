#include "auth/oauth2/token_request.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <array>

#include "auth/oauth2/endpoint_url.hpp"
#include "text/encoding.hpp"
#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

constexpr std::array<std::string_view, 9> host_owned = {"grant_type",
                                                        "code",
                                                        "redirect_uri",
                                                        "client_id",
                                                        "code_verifier",
                                                        "refresh_token",
                                                        "token",
                                                        "token_type_hint",
                                                        "device_code"};

// Values may be secrets: wiped as soon as the body is written.
class Body {
public:
    Body() = default;
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body() {
        for (auto& [name, value] : parameters_) wipe(value);
    }

    void add(std::string_view name, std::string_view value) {
        parameters_.emplace_back(name, value);
    }

    [[nodiscard]] Secret form() const { return Secret(text::form_encode(parameters_)); }

    [[nodiscard]] Secret json() const {
        std::string out = "{";
        for (const auto& [name, value] : parameters_) {
            if (out.size() > 1) out.push_back(',');
            auto quoted = quote(value);
            out.append(quote(name)).append(":").append(quoted);
            wipe(quoted);
        }
        return Secret(out.append("}"));
    }

private:
    static std::string quote(const std::string& text) {
        return boost::json::serialize(boost::json::string_view(text));
    }

    text::Parameters parameters_;
};

Result<void> add_token_params(const Method& method, Body& body) {
    for (const auto& [name, value] : method.token_params) {
        if (host_owns_token_parameter(name)) {
            return fail(
                {.code = Errc::config_invalid,
                 .message = "token_params may not set \"" + text::printable(name, 60) + "\"",
                 .reason = "this parameter of a token request is set by the host",
                 .fix = "remove it"});
        }
        body.add(name, value);
    }
    return {};
}

http::Request post(const std::string& url, BodyEncoding encoding, const Body& body) {
    const bool json = encoding == BodyEncoding::json;
    return {.method = "POST",
            .url = url,
            .headers = {{"Content-Type",
                         json ? "application/json" : "application/x-www-form-urlencoded"},
                        {"Accept", "application/json"}},
            .credentials = {},
            .body = {},
            .secret_body = json ? body.json() : body.form()};
}

}  // namespace

bool host_owns_token_parameter(std::string_view name) {
    return std::find(host_owned.begin(), host_owned.end(), name) != host_owned.end();
}

Result<http::Request> authorization_code_grant_request(const Method& method,
                                                       const AuthorizationResponse& response,
                                                       const CodeExchange& exchange) {
    if (auto url = check_endpoint_url(exchange.token_endpoint, "token endpoint"); !url)
        return url.failure();
    Body body;
    body.add("grant_type", "authorization_code");
    body.add("code", response.code().reveal());
    body.add("redirect_uri", exchange.redirect_uri);
    body.add("client_id", method.client_id);
    body.add("code_verifier", exchange.code_verifier.reveal());
    if (auto added = add_token_params(method, body); !added) return added.failure();
    return post(exchange.token_endpoint, BodyEncoding::form, body);
}

Result<http::Request> refresh_token_grant_request(const Method& method,
                                                  const std::string& token_endpoint,
                                                  const Secret& refresh_token) {
    if (auto url = check_endpoint_url(token_endpoint, "token endpoint"); !url) return url.failure();
    Body body;
    body.add("grant_type", "refresh_token");
    body.add("refresh_token", refresh_token.reveal());
    body.add("client_id", method.client_id);
    if (auto added = add_token_params(method, body); !added) return added.failure();
    return post(token_endpoint, method.refresh_encoding, body);
}

Result<http::Request> revocation_request(const Method& method,
                                         const std::string& revocation_endpoint,
                                         const Secret& token,
                                         TokenTypeHint hint) {
    if (auto url = check_endpoint_url(revocation_endpoint, "revocation endpoint"); !url)
        return url.failure();
    Body body;
    body.add("token", token.reveal());
    body.add("token_type_hint",
             hint == TokenTypeHint::refresh_token ? "refresh_token" : "access_token");
    // A public client identifies itself by its id alone (RFC 7009 section 2.1, RFC 6749
    // section 3.2.1).
    body.add("client_id", method.client_id);
    return post(revocation_endpoint, method.revocation_encoding, body);
}

}  // namespace handover::auth::oauth2
