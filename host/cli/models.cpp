// `handover models`: which models a provider serves.
#include "models/models.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/default_provider.hpp"
#include "cli/exit_status.hpp"
#include "cli/spinner.hpp"
#include "cli/table.hpp"
#include "log/log.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

namespace json = boost::json;

json::value or_null(const std::string& text) {
    return text.empty() ? json::value(nullptr) : json::value(text);
}

json::value or_null(const std::optional<Time>& time) {
    return time ? json::value(text::format_rfc3339(*time)) : json::value(nullptr);
}

std::string_view origin_name(models::Origin origin) {
    switch (origin) {
        case models::Origin::cache:
            return "cache";
        case models::Origin::stale_cache:
            return "stale_cache";
        default:
            return "provider";
    }
}

std::string as_json(const models::Listing& listing,
                    const providers::Provider& provider,
                    const std::string& account) {
    json::array all;
    for (const auto& model : listing.models) {
        all.push_back(
            {{"id", model.id},
             {"name", or_null(model.display_name)},
             {"owned_by", or_null(model.owner)},
             {"context_window",
              model.context_window ? json::value(*model.context_window) : json::value(nullptr)},
             {"created_at", or_null(model.created)},
             {"default", model.id == provider.model}});
    }
    const json::object whole = {{"provider", provider.name},
                                {"account", account},
                                {"source", origin_name(listing.origin)},
                                {"fetched_at", text::format_rfc3339(listing.fetched_at)},
                                {"models", std::move(all)}};
    return json::serialize(whole) + "\n";
}

// A column of the table; left out where no model has anything in it.
struct Column {
    const char* heading;
    std::string (*cell)(const plugins::Model& model);
};

constexpr Column columns[] = {
    {"NAME", [](const plugins::Model& model) { return model.display_name; }},
    {"CONTEXT",
     [](const plugins::Model& model) {
         return model.context_window ? std::to_string(*model.context_window) : std::string();
     }},
    {"CREATED",
     [](const plugins::Model& model) {
         constexpr std::size_t date = 10;  // of an RFC 3339 time
         return model.created ? text::format_rfc3339(*model.created).substr(0, date)
                              : std::string();
     }},
    {"OWNER", [](const plugins::Model& model) { return model.owner; }},
};

std::string as_table(const std::vector<plugins::Model>& models, const std::string& standard) {
    std::vector<std::vector<std::string>> rows = {{"MODEL"}};
    for (const auto& model : models)
        rows.push_back({model.id + (model.id == standard ? " (default)" : "")});
    for (const auto& column : columns) {
        const bool known = std::any_of(models.begin(), models.end(), [&](const auto& model) {
            return !column.cell(model).empty();
        });
        if (!known) continue;
        rows.front().emplace_back(column.heading);
        for (std::size_t i = 0; i < models.size(); ++i) {
            const auto cell = column.cell(models[i]);
            rows[i + 1].push_back(cell.empty() ? "-" : cell);
        }
    }
    return table(rows);
}

void warn_if_stale(const models::Listing& listing, const std::string& provider, Time now) {
    if (listing.origin != models::Origin::stale_cache || !listing.unreachable) return;
    const auto age = std::chrono::ceil<Milliseconds>(now - listing.fetched_at);
    log::warning("models",
                 fmt::format("{}; {} said this {} ago",
                             listing.unreachable->message,
                             provider,
                             text::describe_duration(age)));
}

Result<models::Listing> ask(const ModelsOptions& options,
                            const providers::Provider& provider,
                            Services& services,
                            const Streams& streams) {
    const auto instance = services.instance(provider);
    if (!instance) return instance.failure();
    const auto broker = services.broker();
    if (!broker) return broker.failure();
    const auto paths = services.paths();
    if (!paths) return paths.failure();
    Spinner spinner(streams.err, streams.err_redraws);
    const models::Source source = {
        .provider = provider,
        .instance = *instance,
        .broker = **broker,
        .send = services.way_out(),
        .clock = services.outside().clock,
        .account = options.account,
        .cache_folder = (*paths)->cache,
    };
    return models::list_models(
        source,
        options.refresh ? models::Freshness::ask_again : models::Freshness::kept_will_do,
        services.outside().stop);
}

}  // namespace

Result<int> show_models(const ModelsOptions& options, Services& services, const Streams& streams) {
    const auto name = choose_provider(options.provider, services);
    if (!name) return name.failure();
    const auto provider = services.provider(*name);
    if (!provider) return provider.failure();
    const auto listing = ask(options, *provider, services, streams);
    if (!listing) return listing.failure();
    warn_if_stale(*listing, *name, services.outside().clock());
    if (options.json) {
        streams.out(as_json(
            *listing, *provider, options.account.empty() ? provider->account : options.account));
        return exit_done;
    }
    if (listing->models.empty()) {
        streams.say(*name + " lists no models.");
        return exit_done;
    }
    streams.out(as_table(listing->models, provider->model));
    return exit_done;
}

}  // namespace handover::cli
