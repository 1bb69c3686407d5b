#include "auth/oauth2/id_token.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

#include "auth/oauth2/jwt.hpp"
#include "secret/secret.hpp"
#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

namespace json = boost::json;

constexpr auto leeway = std::chrono::seconds(60);

Failure invalid(std::string reason) {
    return fail({.code = Errc::auth_id_token_invalid,
                 .message = "the ID token of this login cannot be trusted",
                 .reason = std::move(reason),
                 .fix = "run the login again; if it happens again, check issuer and client_id"});
}

std::optional<std::string> text_of(const json::object& payload, std::string_view name) {
    const auto* value = payload.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string()) return std::nullopt;
    return std::string(value->get_string());
}

bool is_unsigned(std::string alg) {
    std::transform(alg.begin(), alg.end(), alg.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
    return alg.empty() || alg == "none";
}

Result<void> check_issuer(const json::object& payload, const ExpectedIdToken& expected) {
    if (expected.issuer.empty()) return {};
    const auto iss = text_of(payload, "iss");
    if (!iss) return invalid("it has no iss");
    if (*iss == expected.issuer) return {};
    return invalid("its iss is \"" + text::printable(*iss, 200) + "\", expected was \"" +
                   expected.issuer + "\"");
}

bool is_for(const json::value& audience, std::string_view client_id) {
    if (!audience.is_string()) return false;
    const auto& text = audience.get_string();
    return std::string_view(text.data(), text.size()) == client_id;
}

// Points 3 to 5: aud, and azp where it is there or there are several audiences.
Result<void> check_audience(const json::object& payload, const ExpectedIdToken& expected) {
    const auto* aud = payload.if_contains("aud");
    if (aud == nullptr) return invalid("it has no aud");
    const auto* many = aud->if_array();
    const bool ours = many == nullptr
                          ? is_for(*aud, expected.client_id)
                          : std::any_of(many->begin(), many->end(), [&](const json::value& entry) {
                                return is_for(entry, expected.client_id);
                            });
    if (!ours) return invalid("its aud does not name our client_id");
    const auto* azp = payload.if_contains("azp");
    if (azp == nullptr) {
        if (many != nullptr && many->size() > 1)
            return invalid("it has several audiences and no azp");
        return {};
    }
    if (!is_for(*azp, expected.client_id)) return invalid("its azp is another client");
    return {};
}

Result<void> check_expiry(const Jwt& jwt, Time now) {
    if (!jwt.exp) return invalid("it has no exp");
    if (now < *jwt.exp + leeway) return {};
    return invalid("it expired at " + text::format_rfc3339(*jwt.exp) + ", it is now " +
                   text::format_rfc3339(now));
}

Result<void> check_nonce(const json::object& payload, const ExpectedIdToken& expected) {
    if (expected.nonce_mode == Nonce::none || expected.nonce.empty()) return {};
    if (!payload.contains("nonce")) {
        if (expected.nonce_mode == Nonce::if_present) return {};
        return invalid("it has no nonce");
    }
    const auto nonce = text_of(payload, "nonce").value_or(std::string());
    if (!equal_in_constant_time(nonce, expected.nonce))
        return invalid("its nonce is not the one that was sent");
    return {};
}

}  // namespace

Result<void> check_id_token(std::string_view id_token, const ExpectedIdToken& expected) {
    const auto jwt = decode_jwt(id_token);
    if (!jwt) return invalid(jwt.error().reason);
    if (is_unsigned(jwt->alg)) return invalid("it is not signed (alg none)");
    json::error_code error;
    const auto value = json::parse(jwt->payload, error);
    const auto* payload = value.if_object();
    if (error || payload == nullptr) return invalid("its payload is not a JSON object");
    if (auto checked = check_issuer(*payload, expected); !checked) return checked.failure();
    if (auto checked = check_audience(*payload, expected); !checked) return checked.failure();
    if (auto checked = check_expiry(*jwt, expected.now); !checked) return checked.failure();
    return check_nonce(*payload, expected);
}

}  // namespace handover::auth::oauth2
