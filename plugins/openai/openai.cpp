#include "openai/openai.hpp"

#include <boost/json.hpp>

#include <stdexcept>

#include "failures/verdict.hpp"
#include "openai/model_member.hpp"

namespace handover::openai {
namespace {

std::string option(const boost::json::object& options, std::string_view name) {
    const auto* value = options.if_contains(name);
    if (value == nullptr) return {};
    if (!value->is_string()) {
        throw std::runtime_error("the option \"" + std::string(name) + "\" must be a text");
    }
    return std::string(value->get_string());
}

void add(std::vector<sdk::Header>& headers, std::string name, std::string_view value) {
    headers.push_back({.name = std::move(name), .value = std::string(value)});
}

void add_if_set(std::vector<sdk::Header>& headers, std::string name, std::string_view value) {
    if (!value.empty()) add(headers, std::move(name), value);
}

std::string path_of(std::string_view dialect) {
    if (dialect == "responses") return "/responses";
    if (dialect == "chat_completions") return "/chat/completions";
    if (dialect == "embeddings") return "/embeddings";
    return {};
}

}  // namespace

Settings read_settings(const sdk::Config& config) {
    boost::system::error_code failed;
    const auto options = boost::json::parse(config.options, failed);
    if (failed || !options.is_object()) throw std::runtime_error("the options are no JSON object");
    return {.model = std::string(config.model),
            .organization = option(options.get_object(), "organization"),
            .project = option(options.get_object(), "project"),
            .user_agent = "handover/" + std::string(config.version)};
}

sdk::PrepareAnswer prepare(const Settings& settings, const sdk::Request& request) {
    sdk::Prepared prepared{.path = path_of(request.dialect)};
    if (prepared.path.empty()) {
        return sdk::Refused{"the openai plugin does not speak the dialect \"" +
                            std::string(request.dialect) + "\""};
    }
    prepared.headers.reserve(5);
    add(prepared.headers, "Content-Type", "application/json");
    add(prepared.headers, "Accept", request.stream ? "text/event-stream" : "application/json");
    add(prepared.headers, "User-Agent", settings.user_agent);
    add_if_set(prepared.headers, "OpenAI-Organization", settings.organization);
    add_if_set(prepared.headers, "OpenAI-Project", settings.project);

    const auto model = request.model.empty() ? std::string_view(settings.model) : request.model;
    // Without any model the service decides: a local one may serve a single model.
    prepared.use_request_body = model.empty() || names_model(request.body, model);
    if (!prepared.use_request_body) prepared.body = with_model(request.body, model);
    return prepared;
}

sdk::ModelsRequest models_request(const Settings& settings) {
    sdk::ModelsRequest request{.path = "/models",
                               .headers = {{.name = "Accept", .value = "application/json"},
                                           {.name = "User-Agent", .value = settings.user_agent}}};
    add_if_set(request.headers, "OpenAI-Organization", settings.organization);
    add_if_set(request.headers, "OpenAI-Project", settings.project);
    return request;
}

sdk::Classification classify(const sdk::Failure& failure) {
    return failures::classify(failure, failures::read_error_body(failure.body));
}

}  // namespace handover::openai
