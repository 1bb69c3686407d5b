#include "cli/services.hpp"

#include <utility>

#include "auth/file_store.hpp"
#include "auth/lease.hpp"
#include "auth/refresh_child.hpp"
#include "log/log.hpp"
#include "plugins/search_folders.hpp"

namespace handover::cli {

void warn_of_plain_http(const providers::Provider& provider) {
    if (!provider.warns_plain_http) return;
    log::warning("http",
                 provider.name + ": requests and credentials go to " + provider.base_url +
                     " without encryption");
}

Services::Services(Outside outside, GlobalOptions options)
    : outside_(std::move(outside)), options_(std::move(options)) {}

Services::~Services() = default;

Result<const config::Paths*> Services::paths() {
    if (!paths_) {
        auto found = config::find_paths(outside_.environment, options_.config);
        if (!found) return std::move(found).failure();
        paths_ = std::move(*found);
    }
    return &*paths_;
}

Result<const config::Config*> Services::config() {
    if (!config_) {
        const auto where = paths();
        if (!where) return where.failure();
        auto loaded = config::load_config((*where)->config_file, (*where)->config_file_was_named);
        if (!loaded) return std::move(loaded).failure();
        config_ = std::move(*loaded);
    }
    return &*config_;
}

Result<plugins::Catalogue*> Services::catalogue() {
    if (!catalogue_) {
        const auto settings = config();
        if (!settings) return settings.failure();
        auto folders = plugins::search_folders(
            {.plugin_dirs = {options_.plugin_dirs.begin(), options_.plugin_dirs.end()},
             .plugin_path = outside_.environment("HANDOVER_PLUGIN_PATH").value_or(""),
             .config_paths = (*settings)->plugin_paths,
             .user_folder = paths_->plugins,
             .executable = outside_.executable});
        catalogue_ = std::make_unique<plugins::Catalogue>(
            std::move(folders),
            changes_nothing_ ? std::filesystem::path() : paths_->cache / "plugins.index");
    }
    return catalogue_.get();
}

Result<providers::Sources> Services::sources() {
    const auto settings = config();
    if (!settings) return settings.failure();
    const auto found = catalogue();
    if (!found) return found.failure();
    return providers::Sources{
        .config = **settings,
        .manifest_of = [catalogue =
                            *found](const std::string& id) { return catalogue->manifest_of(id); },
        .plugin_ids = [catalogue = *found] { return catalogue->ids(); }};
}

Result<providers::Provider> Services::provider(const std::string& name) {
    const auto from = sources();
    if (!from) return from.failure();
    return providers::resolve(name, *from);
}

Result<std::vector<std::string>> Services::provider_names() {
    const auto from = sources();
    if (!from) return from.failure();
    return providers::known_names(*from);
}

Result<http::Client*> Services::client() {
    if (!client_) {
        const auto settings = config();
        if (!settings) return settings.failure();
        client_ = std::make_unique<http::Client>(
            http::ClientOptions{.proxy = (*settings)->proxy,
                                .ca_file = (*settings)->ca_file,
                                .connect_timeout = (*settings)->connect_timeout,
                                .first_byte_timeout = (*settings)->first_byte_timeout,
                                .idle_timeout = (*settings)->idle_timeout,
                                .user_agent = "handover/" HANDOVER_VERSION});
    }
    return client_.get();
}

http::Outcome Services::send(const http::Request& request,
                             const http::Limits& limits,
                             std::stop_token stop) {
    if (outside_.before_network) outside_.before_network();
    if (outside_.send) return outside_.send(request, limits, std::move(stop));
    const auto over_network = client();
    if (!over_network)
        return {
            .delivery = http::Delivery::not_sent, .response = {}, .error = over_network.error()};
    return (*over_network)->send(request, limits, stop);
}

http::Send Services::way_out() {
    return [this](const http::Request& request, const http::Limits& limits, std::stop_token stop) {
        return send(request, limits, std::move(stop));
    };
}

// A test's own way out cannot be handed to another process.
std::shared_ptr<const auth::RefreshChild> Services::refresh_child() const {
    if (outside_.send) return nullptr;
    return std::make_shared<const auth::RefreshChild>(
        auth::RefreshChild{.folder = paths_->credentials.string(),
                           .cache = paths_->cache.string(),
                           .proxy = config_->proxy,
                           .ca_file = config_->ca_file,
                           .without_environment = {}});
}

Result<const auth::Services*> Services::auth_services() {
    if (!auth_services_) {
        const auto settings = config();
        if (!settings) return settings.failure();
        auth_services_ =
            auth::Services{.store = auth::open_file_store({.folder = paths_->credentials}),
                           .leases = std::make_shared<auth::LeaseTable>(paths_->state / "leases"),
                           .send = way_out(),
                           .clock = outside_.clock,
                           .environment = outside_.environment,
                           .ask_key = outside_.ask_key,
                           .refresh_lead = (*settings)->refresh_lead,
                           .cache_dir = paths_->cache.string(),
                           .refresh_child = refresh_child(),
                           .on_refresh = outside_.on_refresh};
    }
    return &*auth_services_;
}

Result<auth::Broker*> Services::broker() {
    if (!broker_) {
        const auto parts = auth_services();
        if (!parts) return parts.failure();
        broker_ = std::make_unique<auth::Broker>(**parts);
    }
    return broker_.get();
}

Result<limits::Ledgers*> Services::ledgers() {
    if (!ledgers_) {
        const auto where = paths();
        if (!where) return where.failure();
        ledgers_ = std::make_unique<limits::Ledgers>((*where)->state);
    }
    return ledgers_.get();
}

Result<plugins::Instance> Services::instance(const providers::Provider& provider) {
    warn_of_plain_http(provider);
    const auto found = catalogue();
    if (!found) return found.failure();
    const auto file = (*found)->file_of(provider.plugin);
    if (!file) return file.failure();
    const auto plugin = plugins::Plugin::load(
        *file,
        {.trial_results = paths_->state / "plugin-trials.json", .self = outside_.executable});
    if (!plugin) return plugin.failure();
    return (*plugin)->create({.provider = provider.name,
                              .base_url = provider.base_url,
                              .model = provider.model,
                              .options = provider.options});
}

}  // namespace handover::cli
