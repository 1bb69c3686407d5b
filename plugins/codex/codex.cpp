#include "codex/codex.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <stdexcept>

#include "codex/request_body.hpp"

namespace handover::codex {
namespace {

// It becomes a header's value and a part of User-Agent: RFC 9110 section 5.6.2 tokens, and spaces,
// which the backend's own programs use.
bool is_originator(std::string_view text) {
    return !text.empty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

boost::json::object read_options(std::string_view options) {
    boost::system::error_code failed;
    auto parsed = boost::json::parse(options, failed);
    if (failed || !parsed.is_object()) throw std::runtime_error("the options are no JSON object");
    return std::move(parsed.get_object());
}

std::string read_originator(const boost::json::object& options) {
    const auto* value = options.if_contains("originator");
    if (value == nullptr) return Settings().originator;
    if (!value->is_string() || !is_originator(std::string_view(value->get_string()))) {
        throw std::runtime_error("the option \"originator\" must be printable ASCII text");
    }
    return std::string(value->get_string());
}

// It becomes a part of a query.
std::string read_client_version(const boost::json::object& options) {
    const auto* value = options.if_contains("client_version");
    if (value == nullptr) return Settings().client_version;
    constexpr auto allowed = "0123456789.";
    auto text = value->is_string() ? std::string(value->get_string()) : std::string();
    if (text.empty() || text.find_first_not_of(allowed) != std::string::npos)
        throw std::runtime_error("the option \"client_version\" must be a version like 1.2.3");
    return text;
}

sdk::Refused no_model(const std::string& provider) {
    return {
        "no model is named, and the codex backend's models change too often for a default: name "
        "one in the request (-m MODEL), or set model = \"MODEL\" in [providers." +
        provider + "]"};
}

std::string user_agent(const Settings& settings) {
    return settings.originator + "/" + settings.version;
}

}  // namespace

Settings read_settings(const sdk::Config& config) {
    const auto options = read_options(config.options);
    return {.provider = std::string(config.provider),
            .model = std::string(config.model),
            .originator = read_originator(options),
            .client_version = read_client_version(options),
            .version = std::string(config.version)};
}

sdk::PrepareAnswer prepare(const Settings& settings, const sdk::Request& request) {
    if (request.dialect != "responses") {
        return sdk::Refused{"the codex plugin does not speak the dialect \"" +
                            std::string(request.dialect) + "\""};
    }
    const auto model = request.model.empty() ? std::string_view(settings.model) : request.model;
    if (model.empty()) return no_model(settings.provider);
    auto body = shape_body(request.body, model, request.session);
    if (auto* refused = std::get_if<sdk::Refused>(&body)) return std::move(*refused);

    auto& shaped = std::get<ShapedBody>(body);
    sdk::Prepared prepared{
        .path = "/responses", .body = std::move(shaped.text), .upstream_streams = true};
    prepared.headers = {{.name = "Content-Type", .value = "application/json"},
                        {.name = "Accept", .value = "text/event-stream"},
                        {.name = "originator", .value = settings.originator},
                        {.name = "User-Agent", .value = user_agent(settings)}};
    if (shaped.lite)
        prepared.headers.push_back(
            {.name = "x-openai-internal-codex-responses-lite", .value = "true"});
    if (!request.session.empty()) {
        prepared.headers.push_back({.name = "session-id", .value = std::string(request.session)});
    }
    return prepared;
}

sdk::ModelsRequest models_request(const Settings& settings) {
    return {.path = "/models?client_version=" + settings.client_version,
            .headers = {{.name = "Accept", .value = "application/json"},
                        {.name = "originator", .value = settings.originator},
                        {.name = "User-Agent", .value = user_agent(settings)}}};
}

}  // namespace handover::codex
