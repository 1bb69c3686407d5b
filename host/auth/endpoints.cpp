#include "auth/endpoints.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <filesystem>
#include <optional>

#include "auth/oauth2/endpoint_url.hpp"
#include "crypto/crypto.hpp"
#include "log/log.hpp"
#include "platform/files.hpp"

namespace handover::auth {
namespace {

namespace json = boost::json;
using oauth2::EndpointSource;

constexpr auto kept_for = std::chrono::hours(24);
// An endpoint that was not reached may well be there: the network comes and goes.
constexpr auto unreachable_for = std::chrono::minutes(10);
constexpr std::size_t longest_file = 2U << 20U;
// A clock that was wrong when the file was written must not keep it for years.
constexpr auto clock_skew = std::chrono::minutes(5);

std::string_view source_name(EndpointSource source) {
    return source == EndpointSource::declared ? "declared" : "discovery";
}

// The file of that kind for one issuer and its declared endpoints; nothing where nothing is kept.
std::optional<std::filesystem::path> cache_file(std::string_view kind,
                                                const std::string& key,
                                                const DiscoveryServices& services) {
    if (services.cache_dir.empty()) return std::nullopt;
    const auto digest = crypto::hex(crypto::sha256(key)).substr(0, 32);
    const auto name = std::string(kind) + "-" + digest + ".json";
    return std::filesystem::path(services.cache_dir) / name;
}

// A cached object of the last day; nothing if there is none, or it is stale or damaged (the next
// write mends it).
std::optional<json::object> read_cache(const std::optional<std::filesystem::path>& file, Time now) {
    if (!file) return std::nullopt;
    const auto text = platform::read_file(*file, longest_file);
    if (!text || !*text) return std::nullopt;
    json::error_code error;
    auto value = json::parse(**text, error);
    auto* object = value.if_object();
    if (error || object == nullptr) return std::nullopt;
    const auto* at = object->if_contains("at");
    if (at == nullptr || !at->is_string()) return std::nullopt;
    const auto written = text::parse_rfc3339(std::string_view(at->get_string()));
    if (!written || now < *written - clock_skew || now >= *written + kept_for) return std::nullopt;
    return std::move(*object);
}

void write_cache(const std::optional<std::filesystem::path>& file, json::object object, Time now) {
    if (!file) return;
    object["at"] = text::format_rfc3339(now);
    const auto written = platform::replace_file(*file, json::serialize(object));
    if (!written)
        log::info("auth", "cannot keep " + file->string() + ": " + written.error().reason);
}

std::optional<std::filesystem::path> document_file(const Method& method,
                                                   const DiscoveryServices& services) {
    return cache_file("discovery", method.issuer, services);
}

std::optional<std::filesystem::path> gone_file(const Method& method,
                                               const DiscoveryServices& services) {
    const auto key = method.issuer + "\n" + method.endpoints.authorization_endpoint.value_or("") +
                     "\n" + method.endpoints.token_endpoint.value_or("");
    return cache_file("endpoints", key, services);
}

std::optional<EndpointSource> found_gone(const Method& method, const DiscoveryServices& services) {
    const auto object = read_cache(gone_file(method, services), services.clock());
    if (!object) return std::nullopt;
    const auto* gone = object->if_contains("gone");
    const auto* brief = object->if_contains("unreachable_until");
    if (gone == nullptr || !gone->is_string()) return std::nullopt;
    if (brief != nullptr && brief->is_string()) {
        const auto until = text::parse_rfc3339(std::string_view(brief->get_string()));
        if (!until || services.clock() >= *until) return std::nullopt;
    }
    for (const auto source : {EndpointSource::declared, EndpointSource::discovery}) {
        if (std::string_view(gone->get_string()) == source_name(source)) return source;
    }
    return std::nullopt;
}

std::optional<oauth2::Metadata> cached_metadata(const Method& method,
                                                const DiscoveryServices& services) {
    const auto object = read_cache(document_file(method, services), services.clock());
    if (!object) return std::nullopt;
    const auto* document = object->if_contains("document");
    if (document == nullptr) return std::nullopt;
    auto metadata = oauth2::parse_metadata(json::serialize(*document), method.issuer);
    if (!metadata) return std::nullopt;
    return std::move(*metadata);
}

void keep_document(const Method& method,
                   const std::string& body,
                   const DiscoveryServices& services) {
    json::error_code error;
    auto document = json::parse(body, error);
    if (error) return;
    json::object object;
    object["document"] = std::move(document);
    write_cache(document_file(method, services), std::move(object), services.clock());
}

Failure unreachable(const std::string& issuer, std::string reason) {
    return fail({.code = Errc::auth_token_exchange_failed,
                 .message = "the endpoints of " + issuer + " cannot be found",
                 .reason = std::move(reason),
                 .fix = "check `issuer` and the network, or declare the endpoints"});
}

// Where one well-known place has no document the next is asked; anything else ends the search.
Result<oauth2::Metadata> fetch_metadata(const Method& method,
                                        const DiscoveryServices& services,
                                        const std::stop_token& stop) {
    if (auto issuer = oauth2::check_endpoint_url(method.issuer, "issuer"); !issuer)
        return issuer.failure();
    std::string reason;
    for (const auto& url : oauth2::well_known_urls(method.issuer)) {
        const http::Request request = {.method = "GET",
                                       .url = url,
                                       .headers = {{"Accept", "application/json"}},
                                       .credentials = {},
                                       .body = {},
                                       .secret_body = {}};
        const auto outcome = services.send(request, http::Limits(), stop);
        if (outcome.delivery != http::Delivery::answered) {
            return unreachable(method.issuer, outcome.error.message + ": " + outcome.error.reason);
        }
        if (outcome.response.status == 200) {
            auto metadata = oauth2::parse_metadata(outcome.response.body, method.issuer);
            if (metadata) keep_document(method, outcome.response.body, services);
            return metadata;
        }
        reason = url + " answered " + std::to_string(outcome.response.status);
    }
    return unreachable(method.issuer, reason);
}

// What the metadata format has no name for stays as declared: the codex device flow's.
EffectiveEndpoints from_metadata(const Method& method, oauth2::Metadata metadata) {
    EffectiveEndpoints effective = {.source = EndpointSource::discovery,
                                    .endpoints = std::move(metadata.endpoints),
                                    .iss_promised = metadata.iss_parameter_supported};
    effective.endpoints.device_token_endpoint = method.endpoints.device_token_endpoint;
    effective.endpoints.verification_uri = method.endpoints.verification_uri;
    return effective;
}

}  // namespace

std::vector<EndpointSource> endpoint_sources(const Method& method,
                                             const DiscoveryServices& services) {
    const oauth2::KnownSources known = {.declared = method.endpoints.token_endpoint.has_value(),
                                        .discoverable = !method.issuer.empty(),
                                        .gone = found_gone(method, services)};
    return oauth2::source_order(method.discovery, known);
}

Result<EffectiveEndpoints> endpoints_from(const Method& method,
                                          EndpointSource source,
                                          const DiscoveryServices& services,
                                          const std::stop_token& stop) {
    if (source == EndpointSource::declared) {
        return EffectiveEndpoints{
            .source = source, .endpoints = method.endpoints, .iss_promised = false};
    }
    if (auto cached = cached_metadata(method, services))
        return from_metadata(method, std::move(*cached));
    auto fetched = fetch_metadata(method, services, stop);
    if (!fetched) return fetched.failure();
    return from_metadata(method, std::move(*fetched));
}

Result<EffectiveEndpoints> effective_endpoints(const Method& method,
                                               const DiscoveryServices& services,
                                               const std::stop_token& stop) {
    const auto sources = endpoint_sources(method, services);
    std::optional<Error> why;
    for (const auto source : sources) {
        if (why) {
            log::warning("auth",
                         why->message + " (" + why->reason + "); using its " +
                             std::string(source_name(source)) + " endpoints");
        }
        auto effective = endpoints_from(method, source, services, stop);
        if (effective) return effective;
        why = effective.error();
    }
    if (why) return fail(std::move(*why));
    return fail({.code = Errc::config_invalid,
                 .message = "the auth method \"" + method.id + "\" has no endpoints",
                 .reason = "it declares no token_endpoint, and discovery has no issuer to ask",
                 .fix = "set `issuer`, or `authorization_endpoint` and `token_endpoint`"});
}

bool endpoint_is_gone(const http::Outcome& outcome) {
    if (outcome.delivery == http::Delivery::not_sent) return true;
    if (outcome.delivery == http::Delivery::unknown) return false;
    return outcome.response.status == 404 || outcome.response.status == 410;
}

void remember_gone(const Method& method,
                   EndpointSource source,
                   const http::Outcome& outcome,
                   const DiscoveryServices& services) {
    json::object object;
    object["gone"] = std::string(source_name(source));
    if (outcome.delivery == http::Delivery::not_sent) {
        object["unreachable_until"] = text::format_rfc3339(services.clock() + unreachable_for);
    }
    write_cache(gone_file(method, services), std::move(object), services.clock());
    if (source != EndpointSource::discovery) return;
    if (const auto file = document_file(method, services)) {
        std::error_code error;
        std::filesystem::remove(*file, error);
    }
}

}  // namespace handover::auth
