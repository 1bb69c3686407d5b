#include "auth/oauth2/jwt.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cmath>
#include <cstdint>

#include "text/encoding.hpp"

namespace handover::auth::oauth2 {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_token = 64U << 10U;
// Beyond this a date is a mistake, and the system clock's nanoseconds would overflow (in 2262).
constexpr double latest_date = 7'258'118'400;  // 2200-01-01T00:00:00Z, seconds

Failure invalid(std::string reason) {
    return fail({.code = Errc::auth_id_token_invalid,
                 .message = "a token is not a JSON Web Token",
                 .reason = std::move(reason),
                 .fix = {}});
}

std::optional<json::object> parse_object(std::string_view text) {
    json::error_code error;
    auto value = json::parse({text.data(), text.size()}, error);
    if (error || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

std::optional<json::object> decode_object(std::string_view segment) {
    const auto bytes = text::base64url_decode(segment);
    return bytes ? parse_object(*bytes) : std::nullopt;
}

// RFC 7519 section 2: NumericDate is seconds, which may have a fraction.
std::optional<Time> numeric_date(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const auto seconds = value->to_number<double>();
    if (!std::isfinite(seconds) || seconds < 0) return std::nullopt;
    return Time(std::chrono::seconds(static_cast<std::int64_t>(std::min(seconds, latest_date))));
}

std::string string_member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    if (value == nullptr || !value->is_string()) return {};
    return std::string(value->get_string());
}

std::optional<std::string> as_text(const json::value& value) {
    if (value.is_string()) return std::string(value.get_string());
    if (value.is_bool()) return value.get_bool() ? "true" : "false";
    if (value.is_number()) return json::serialize(value);
    return std::nullopt;
}

std::optional<std::string> find_claim(const json::value& payload, std::string_view pointer) {
    json::error_code error;
    const auto* found = payload.find_pointer({pointer.data(), pointer.size()}, error);
    return found == nullptr ? std::nullopt : as_text(*found);
}

json::value parse_payload(const Jwt& jwt) {
    json::error_code error;
    return json::parse(jwt.payload, error);
}

}  // namespace

Result<Jwt> decode_jwt(std::string_view token) {
    if (token.size() > longest_token) return invalid("it is longer than 64 KiB");
    const auto first = token.find('.');
    const auto second = token.find('.', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
        return invalid("it has not three segments");
    }
    const auto signature = token.substr(second + 1);
    if (first == 0 || second == first + 1 || signature.empty())
        return invalid("a segment is empty");
    if (!text::base64url_decode(signature)) return invalid("its signature is not base64url");
    const auto header = decode_object(token.substr(0, first));
    if (!header) return invalid("its header is not a JSON object in base64url");
    const auto payload = decode_object(token.substr(first + 1, second - first - 1));
    if (!payload) return invalid("its payload is not a JSON object in base64url");
    return Jwt{.alg = string_member(*header, "alg"),
               .payload = json::serialize(*payload),
               .exp = numeric_date(*payload, "exp"),
               .iat = numeric_date(*payload, "iat")};
}

std::optional<std::string> claim(const Jwt& jwt, std::string_view pointer) {
    return find_claim(parse_payload(jwt), pointer);
}

std::map<std::string, std::string> claims(const Jwt& jwt,
                                          const std::map<std::string, std::string>& pointers) {
    std::map<std::string, std::string> found;
    const auto payload = parse_payload(jwt);
    for (const auto& [name, pointer] : pointers) {
        if (auto text = find_claim(payload, pointer)) found.emplace(name, std::move(*text));
    }
    return found;
}

std::optional<Time> expiry_of(std::string_view token) {
    const auto jwt = decode_jwt(token);
    return jwt ? jwt->exp : std::nullopt;
}

}  // namespace handover::auth::oauth2
