#include "auth/oauth2/request_body.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include <algorithm>
#include <array>

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

std::string quote(const std::string& text) {
    return boost::json::serialize(boost::json::string_view(text));
}

}  // namespace

RequestBody::~RequestBody() {
    for (auto& [name, value] : parameters_) wipe(value);
}

void RequestBody::add(std::string_view name, std::string_view value) {
    parameters_.emplace_back(name, value);
}

Result<void> RequestBody::add_token_params(const Method& method) {
    for (const auto& [name, value] : method.token_params) {
        if (host_owns_token_parameter(name)) {
            return fail(
                {.code = Errc::config_invalid,
                 .message = "token_params may not set \"" + text::printable(name, 60) + "\"",
                 .reason = "this parameter of a token request is set by the host",
                 .fix = "remove it"});
        }
        add(name, value);
    }
    return {};
}

Secret RequestBody::form() const {
    return Secret(text::form_encode(parameters_));
}

Secret RequestBody::json() const {
    std::string out = "{";
    for (const auto& [name, value] : parameters_) {
        if (out.size() > 1) out.push_back(',');
        auto quoted = quote(value);
        out.append(quote(name)).append(":").append(quoted);
        wipe(quoted);
    }
    return Secret(out.append("}"));
}

http::Request post(const std::string& url, BodyEncoding encoding, const RequestBody& body) {
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

bool host_owns_token_parameter(std::string_view name) {
    return std::find(host_owned.begin(), host_owned.end(), name) != host_owned.end();
}

}  // namespace handover::auth::oauth2
