// `handover serve`: the local gateway, its keys, and the lines that make a client use it.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <utility>

#include "cli/commands.hpp"
#include "cli/interrupts.hpp"
#include "cli/serve_generation.hpp"
#include "cli/table.hpp"
#include "gateway/client_config.hpp"
#include "gateway/gateway_keys.hpp"
#include "gateway/server.hpp"
#include "log/events.hpp"
#include "log/log.hpp"
#include "tls/identity.hpp"

namespace handover::cli {
namespace {

constexpr int first_handed_over = 3;  // SD_LISTEN_FDS_START

Result<config::ListenAddress> listen_address(const ServeOptions& options,
                                             const config::Config& settings) {
    const auto& text = options.listen.empty() ? settings.listen : options.listen;
    const auto listen = config::parse_listen_address(text);
    if (listen) return *listen;
    return fail({.code = Errc::usage,
                 .message = "--listen takes ADDRESS:PORT or unix:PATH",
                 .reason = {},
                 .fix = "--listen 127.0.0.1:4141"});
}

std::string scheme(bool tls) {
    return tls ? "https://" : "http://";
}

// Where clients find the gateway that listens there.
Result<std::string> url_of(const config::ListenAddress& listen, bool tls) {
    if (!listen.unix_path.empty()) return to_text(listen);
    if (listen.port != 0) return scheme(tls) + to_text(listen);
    return fail({.code = Errc::usage,
                 .message = "port 0 stands for any free port: nobody knows yet which it will be",
                 .reason = {},
                 .fix = "name the port that the running gateway said, with --listen"});
}

Result<int> add_key(const ServeOptions& options,
                    gateway::GatewayKeyFile& file,
                    Time now,
                    const Streams& streams) {
    const auto key = file.add(options.add_key, now);
    if (!key) return key.failure();
    streams.out(fmt::format("{}\n", key->key.reveal()));
    return 0;
}

Result<int> list_keys(gateway::GatewayKeyFile& file, const Streams& streams) {
    const auto keys = file.read();
    if (!keys) return keys.failure();
    if (keys->empty()) {
        streams.say("The gateway has no keys. `handover serve --add-key NAME` makes one.");
        return 0;
    }
    std::vector<std::vector<std::string>> rows = {{"NAME", "MADE"}};
    for (const auto& key : *keys) rows.push_back({key.name, key.created_at});
    streams.out(table(rows));
    return 0;
}

// Of the default provider, where the config says it in letters that need no quoting.
std::string example_model(const config::Config& settings) {
    const auto provider = settings.providers.find(settings.default_provider.value_or(""));
    if (provider == settings.providers.end() || !provider->second.model) return {};
    auto model = provider->first + '/' + *provider->second.model;
    return model.find_first_of("'\"\\") == std::string::npos ? model : "";
}

Result<int> print_for_client(const ServeOptions& options,
                             const config::Config& settings,
                             gateway::GatewayKeyFile& file,
                             Time now,
                             const Streams& streams) {
    const auto listen = listen_address(options, settings);
    if (!listen) return listen.failure();
    const auto url = url_of(*listen, !settings.front.tls_certificate.empty());
    if (!url) return url.failure();
    if (!options.print_config.empty()) {
        const auto lines =
            gateway::client_config(options.print_config, *url, example_model(settings));
        if (!lines) return lines.failure();
        streams.out(*lines);
        return 0;
    }
    const auto keys = file.read_or_make(now);
    if (!keys) return keys.failure();
    streams.out(gateway::environment_lines(*url, keys->front().key.reveal()));
    return 0;
}

int handed_over_sockets(const auth::Environment& environment) {
    return gateway::handed_over_sockets(
        environment("LISTEN_PID"), environment("LISTEN_FDS"), getpid());
}

Result<std::vector<gateway::ListeningSocket>> open_sockets(const ServeOptions& options,
                                                           const config::Config& settings,
                                                           const auth::Environment& environment) {
    std::vector<gateway::ListeningSocket> sockets;
    const int handed_over = handed_over_sockets(environment);
    for (int i = 0; i < handed_over; ++i) {
        auto socket = gateway::ListeningSocket::adopt(platform::Descriptor(first_handed_over + i),
                                                      options.allow_remote);
        if (!socket) return std::move(socket).failure();
        sockets.push_back(std::move(*socket));
    }
    if (handed_over > 0) return sockets;
    const auto listen = listen_address(options, settings);
    if (!listen) return listen.failure();
    auto socket = gateway::ListeningSocket::open(*listen, options.allow_remote);
    if (!socket) return std::move(socket).failure();
    sockets.push_back(std::move(*socket));
    return sockets;
}

// Every stream needs two descriptors.
void raise_descriptor_limit() {
    rlimit limit = {};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

// What answers now, and the keys. Loops ask for it on their own threads.
class Serving {
public:
    Serving(Services& services,
            ServeProcess process,
            gateway::GatewayKeyFile file,
            bool address_is_configured)
        : services_(services),
          process_(std::move(process)),
          file_(std::move(file)),
          address_is_configured_(address_is_configured) {}

    Result<gateway::FrontState> load() {
        // Taken before the keys: what changes meanwhile is then seen by the next look.
        auto version = file_.version();
        auto keys = file_.read_or_make(services_.outside().clock());
        if (!keys) return std::move(keys).failure();
        if (version.empty()) version = file_.version();  // it was made just now
        auto made = make_serve_generation(services_.outside(), services_.options(), process_);
        if (!made) return std::move(made).failure();
        auto front = std::move(made->front);
        front.rules.keys = std::move(*keys);
        const std::lock_guard lock(mutex_);
        // The old one knows the tickets of clients that come back.
        const bool same = front.identity && identity_ && front.identity->same_as(*identity_);
        if (same) front.identity = identity_;
        identity_ = front.identity;
        version_ = std::move(version);
        api_ = std::move(made->api);
        api_->take_over();
        heed_address(made->listen);
        return front;
    }

    std::shared_ptr<gateway::ModelApi> api() {
        const std::lock_guard lock(mutex_);
        return api_;
    }

    // The keys, if their file is not what it was.
    std::optional<std::vector<gateway::GatewayKey>> changed_keys() {
        auto version = file_.version();
        const std::lock_guard lock(mutex_);
        if (version == version_) return std::nullopt;
        version_ = std::move(version);
        auto keys = file_.read();
        if (keys) return std::move(*keys);
        log::warning("serve", "the keys stay as they were: " + keys.error().message);
        return std::nullopt;
    }

private:
    // Sockets are opened once. Requires mutex_.
    void heed_address(const std::string& wanted) {
        if (address_.empty()) address_ = wanted;
        if (!address_is_configured_ || wanted == address_) return;
        log::warning(
            "serve",
            fmt::format(
                "[serve] listen = \"{}\" needs a restart; until then it is {}", wanted, address_));
    }

    Services& services_;
    ServeProcess process_;
    gateway::GatewayKeyFile file_;
    const bool address_is_configured_;
    std::mutex mutex_;          // guards what follows
    std::string address_ = {};  // of the config that it was started with
    std::shared_ptr<gateway::ModelApi> api_ = {};
    std::string version_ = {};
    std::shared_ptr<const tls::Identity> identity_ = {};
};

// A line for each socket.
std::string addresses(const std::vector<gateway::ListeningSocket>& sockets,
                      const gateway::FrontState& front) {
    std::string lines;
    for (const auto& socket : sockets) {
        const bool local = socket.entrance() == gateway::Entrance::local;
        const auto before = local ? std::string() : scheme(front.identity != nullptr);
        lines += "listening " + before + socket.address() + "\n";
    }
    return lines;
}

void announce(const std::string& addresses,
              const std::vector<gateway::GatewayKey>& keys,
              const Streams& streams) {
    streams.out(addresses);
    if (!streams.err_is_terminal || keys.empty()) return;
    streams.say(fmt::format("key: {}", keys.front().key.reveal()));
    streams.say("other terminals: eval \"$(handover serve --print-env)\"");
}

// sd_notify(3): the time belongs to it.
std::string reloading() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return fmt::format("RELOADING=1\nMONOTONIC_USEC={}",
                       std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

Result<int> listen_and_serve(const ServeOptions& options,
                             const config::Config& settings,
                             gateway::GatewayKeyFile file,
                             Services& services,
                             const Streams& streams) {
    log::say_events();
    raise_descriptor_limit();
    const bool address_is_configured =
        options.listen.empty() && handed_over_sockets(services.outside().environment) == 0;
    gateway::Metrics metrics(gateway::usable_cpus());
    const ServeProcess process = {.on_refresh = [&](const auth::CredentialId& id, bool ok) {
        metrics.elsewhere().refresh(id.provider, ok ? "ok" : "failed");
    }};
    Serving serving(services, process, std::move(file), address_is_configured);
    auto front = serving.load();
    if (!front) return front.failure();
    auto sockets = open_sockets(options, settings, services.outside().environment);
    if (!sockets) return std::move(sockets).failure();
    const bool remote = std::any_of(sockets->begin(), sockets->end(), [](const auto& socket) {
        return socket.entrance() == gateway::Entrance::remote;
    });
    if (remote && !front->identity) {
        log::warning("serve",
                     "others can reach this gateway, and keys and answers go over the wire without "
                     "encryption: set tls_certificate and tls_key in the config's [serve]");
    }

    if (services.outside().before_network) services.outside().before_network();
    const auto notify_socket = services.outside().environment("NOTIFY_SOCKET");
    const auto ready = [&, lines = addresses(*sockets, *front), keys = front->rules.keys] {
        announce(lines, keys, streams);
        gateway::tell_service_manager(notify_socket, "READY=1");
    };
    const std::stop_callback stopping(services.outside().stop, [&] {
        gateway::tell_service_manager(notify_socket, "STOPPING=1");
    });
    gateway::run_server(
        {.listening = std::move(*sockets),
         .front = std::move(*front),
         .make_routes =
             [&](const gateway::LoopContext& loop) {
                 auto routes = std::make_shared<gateway::Routes>();
                 gateway::add_own_routes(*routes, metrics);
                 serving.api()->add_routes(*routes, loop);
                 return routes;
             },
         .reload =
             [&] {
                 gateway::tell_service_manager(notify_socket, reloading());
                 return serving.load();
             },
         .reload_ended = [&] { gateway::tell_service_manager(notify_socket, "READY=1"); },
         .changed_keys = [&] { return serving.changed_keys(); },
         .stop = services.outside().stop,
         .ready = ready,
         .finish = [&] { process.lasting->workers.finish(); }},
        metrics);
    // The way a service is ended: it has ended well. Ctrl-C stays what it is for every command.
    if (interrupted_status() == terminated_status) forget_interrupt();
    return 0;
}

Result<void> check_options(const ServeOptions& options) {
    const int asked = (options.print_env ? 1 : 0) + (options.print_config.empty() ? 0 : 1) +
                      (options.list_keys ? 1 : 0) + (options.add_key.empty() ? 0 : 1) +
                      (options.remove_key.empty() ? 0 : 1);
    if (asked <= 1) return {};
    return fail({.code = Errc::usage,
                 .message = "--print-env, --print-config and the options about keys go one at a "
                            "time",
                 .reason = {},
                 .fix = "handover serve --help"});
}

}  // namespace

Result<int> serve(const ServeOptions& options, Services& services, const Streams& streams) {
    if (auto checked = check_options(options); !checked) return checked.failure();
    const auto paths = services.paths();
    if (!paths) return paths.failure();
    const auto settings = services.config();
    if (!settings) return settings.failure();
    gateway::GatewayKeyFile file((*paths)->state);
    const auto now = services.outside().clock();
    if (!options.add_key.empty()) return add_key(options, file, now, streams);
    if (!options.remove_key.empty()) {
        if (auto removed = file.remove(options.remove_key); !removed) return removed.failure();
        return 0;
    }
    if (options.list_keys) return list_keys(file, streams);
    if (options.print_env || !options.print_config.empty())
        return print_for_client(options, **settings, file, now, streams);
    return listen_and_serve(options, **settings, std::move(file), services, streams);
}

}  // namespace handover::cli
