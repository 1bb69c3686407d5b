// What commands work with, each built on first use and in order of dependency: a command that needs
// no plugin reads none, one that makes no request loads no HTTP library.
#pragma once

#include <handover/result.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "cli/exec_environment.hpp"
#include "cli/options.hpp"
#include "config/config.hpp"
#include "config/paths.hpp"
#include "http/client.hpp"
#include "limits/ledgers.hpp"
#include "plugins/catalogue.hpp"
#include "plugins/plugin.hpp"
#include "providers/provider.hpp"

namespace handover::cli {

// The world outside, as the process sees it; tests pass their own.
struct Outside {
    auth::Environment environment = {};
    std::function<std::vector<std::string>()> environment_names = {};  // absent: none
    auth::Clock clock = {};
    auth::AskKey ask_key = {};  // absent where there is no terminal
    http::Send send = {};       // absent: over the network
    std::filesystem::path executable = {};
    std::stop_token stop = {};
    // Turns the process into another program; comes back only where that fails, with the errno.
    std::function<int(const std::vector<std::string>& argv, const EnvironmentChanges& changes)>
        become = {};
    // Called before the first byte goes to the network: from then on a signal must not end the
    // process at once.
    std::function<void()> before_network = {};
    auth::RefreshObserver on_refresh = {};
};

// Where a provider's requests go without encryption, which the config allowed.
void warn_of_plain_http(const providers::Provider& provider);

class Services {
public:
    Services(Outside outside, GlobalOptions options);
    ~Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    [[nodiscard]] const Outside& outside() const { return outside_; }
    [[nodiscard]] const GlobalOptions& options() const { return options_; }

    // Not even the index of the plugins is written from here on. Before the catalogue is asked for.
    void change_nothing() { changes_nothing_ = true; }

    Result<const config::Paths*> paths();                           // needs: the environment
    Result<const config::Config*> config();                         // needs: paths
    Result<plugins::Catalogue*> catalogue();                        // needs: config
    Result<providers::Sources> sources();                           // needs: config, catalogue
    Result<providers::Provider> provider(const std::string& name);  // needs: config, catalogue
    Result<std::vector<std::string>> provider_names();              // needs: config, catalogue
    Result<const auth::Services*> auth_services();                  // needs: paths, config
    Result<auth::Broker*> broker();                                 // needs: auth_services
    Result<http::Client*> client();                                 // needs: config
    Result<limits::Ledgers*> ledgers();                             // needs: paths
    Result<plugins::Instance> instance(
        const providers::Provider& provider);  // needs: catalogue, paths; loads the plugin

    // Sends one request and waits for the whole answer, as `Outside::send` or over the network.
    [[nodiscard]] http::Send way_out();

    [[nodiscard]] auth::Patience patience() const { return {.stop = outside_.stop}; }

private:
    http::Outcome send(const http::Request& request,
                       const http::Limits& limits,
                       std::stop_token stop);

    [[nodiscard]] std::shared_ptr<const auth::RefreshChild> refresh_child() const;

    Outside outside_;
    GlobalOptions options_;
    bool changes_nothing_ = false;
    std::optional<config::Paths> paths_;
    std::optional<config::Config> config_;
    std::unique_ptr<plugins::Catalogue> catalogue_;
    std::unique_ptr<http::Client> client_;
    std::optional<auth::Services> auth_services_;
    std::unique_ptr<auth::Broker> broker_;
    std::unique_ptr<limits::Ledgers> ledgers_;
};

}  // namespace handover::cli
