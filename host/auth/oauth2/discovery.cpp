#include "auth/oauth2/discovery.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>

#include "auth/oauth2/endpoint_url.hpp"
#include "text/printable.hpp"

namespace handover::auth::oauth2 {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_document = 1U << 20U;

Failure invalid(std::string_view issuer, std::string reason) {
    return fail({.code = Errc::auth_token_exchange_failed,
                 .message = "the metadata of " + text::printable(issuer, 200) + " cannot be used",
                 .reason = std::move(reason),
                 .fix = "check `issuer`, or declare the endpoints and set discovery = \"never\""});
}

const json::value* member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains({name.data(), name.size()});
    return value == nullptr || value->is_null() ? nullptr : value;
}

Result<std::optional<std::string>> endpoint(const json::object& object,
                                            std::string_view name,
                                            std::string_view issuer) {
    const auto* value = member(object, name);
    if (value == nullptr) return std::optional<std::string>();
    if (!value->is_string()) return invalid(issuer, std::string(name) + " is not a text");
    std::string url(value->get_string());
    if (auto checked = check_endpoint_url(url, name); !checked) {
        return invalid(issuer, checked.error().message + ": " + checked.error().reason);
    }
    // A credential from a loopback issuer goes only to loopback, any other never does.
    if (is_loopback_url(url) != is_loopback_url(issuer)) {
        return invalid(issuer,
                       std::string(name) + " lies on the other side of the loopback interface");
    }
    return std::optional<std::string>(std::move(url));
}

bool lists(const json::value& value, std::string_view wanted) {
    const auto* array = value.if_array();
    return array != nullptr &&
           std::any_of(array->begin(), array->end(), [&](const json::value& entry) {
               return entry.is_string() && std::string_view(entry.get_string()) == wanted;
           });
}

Result<void> check_issuer(const json::object& object, std::string_view expected) {
    const auto* issuer = member(object, "issuer");
    if (issuer == nullptr || !issuer->is_string()) return invalid(expected, "it names no issuer");
    const std::string_view named(issuer->get_string());
    if (named == expected) return {};
    return invalid(expected,
                   "it is the metadata of another issuer, \"" + text::printable(named, 200) + "\"");
}

Result<void> read_endpoints(const json::object& object,
                            std::string_view issuer,
                            Endpoints& endpoints) {
    struct Entry {
        std::string_view name;
        std::optional<std::string>& where;
    };
    const Entry entries[] = {
        {"authorization_endpoint", endpoints.authorization_endpoint},
        {"token_endpoint", endpoints.token_endpoint},
        {"revocation_endpoint", endpoints.revocation_endpoint},
        {"device_authorization_endpoint", endpoints.device_authorization_endpoint}};
    for (const auto& entry : entries) {
        auto url = endpoint(object, entry.name, issuer);
        if (!url) return url.failure();
        entry.where = std::move(*url);
    }
    if (!endpoints.authorization_endpoint)
        return invalid(issuer, "it has no authorization_endpoint");
    if (!endpoints.token_endpoint) return invalid(issuer, "it has no token_endpoint");
    return {};
}

}  // namespace

std::vector<std::string> well_known_urls(std::string_view issuer) {
    while (!issuer.empty() && issuer.back() == '/') issuer.remove_suffix(1);
    const auto authority = issuer.find("://");
    const auto path =
        authority == std::string_view::npos ? issuer.size() : issuer.find('/', authority + 3);
    const auto origin = issuer.substr(0, path);
    const auto rest = path >= issuer.size() ? std::string_view() : issuer.substr(path);
    // OpenID Connect Discovery section 4 appends, RFC 8414 section 3 inserts.
    return {std::string(issuer) + "/.well-known/openid-configuration",
            std::string(origin) + "/.well-known/oauth-authorization-server" + std::string(rest)};
}

Result<Metadata> parse_metadata(std::string_view text, std::string_view expected_issuer) {
    if (text.size() > longest_document) return invalid(expected_issuer, "it is longer than 1 MiB");
    json::error_code error;
    const auto value = json::parse({text.data(), text.size()}, error);
    const auto* object = value.if_object();
    if (error || object == nullptr) return invalid(expected_issuer, "it is not a JSON object");
    if (auto issuer = check_issuer(*object, expected_issuer); !issuer) return issuer.failure();
    Metadata metadata;
    metadata.issuer = expected_issuer;
    if (auto read = read_endpoints(*object, expected_issuer, metadata.endpoints); !read)
        return read.failure();
    const auto* methods = member(*object, "code_challenge_methods_supported");
    if (methods != nullptr && !lists(*methods, "S256")) {
        return invalid(expected_issuer, "it does not offer the code challenge method S256");
    }
    const auto* promised = member(*object, "authorization_response_iss_parameter_supported");
    metadata.iss_parameter_supported =
        promised != nullptr && promised->is_bool() && promised->get_bool();
    return metadata;
}

std::vector<EndpointSource> source_order(Discovery mode, const KnownSources& known) {
    std::vector<EndpointSource> order;
    if (mode == Discovery::first && known.discoverable) order.push_back(EndpointSource::discovery);
    if (known.declared) order.push_back(EndpointSource::declared);
    if (mode == Discovery::fallback && known.discoverable)
        order.push_back(EndpointSource::discovery);
    if (known.gone && order.size() == 2 && order.front() == *known.gone)
        std::swap(order[0], order[1]);
    return order;
}

}  // namespace handover::auth::oauth2
