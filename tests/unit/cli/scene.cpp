#include "scene.hpp"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/command_line.hpp"
#include "text/time.hpp"

namespace handover::cli {

Scene::Scene() {
    auto pattern = (std::filesystem::temp_directory_path() / "handover-cli-XXXXXX").string();
    home_ = mkdtemp(pattern.data());
    environment = {{"HANDOVER_HOME", home_}, {"HANDOVER_PLUGIN_PATH", HANDOVER_PLUGINS}};
}

Scene::~Scene() {
    std::filesystem::remove_all(home_);
}

void Scene::write(const std::string& file, const std::string& contents) {
    const std::filesystem::path target = path(file);
    std::filesystem::create_directories(target.parent_path());
    std::filesystem::permissions(target.parent_path(), std::filesystem::perms::owner_all);
    std::ofstream(target) << contents;
    std::filesystem::permissions(
        target, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

bool Scene::exists(const std::string& file) const {
    return std::filesystem::exists(path(file));
}

void Scene::log_in_to_codex(long seconds_left, bool refresh_token) {
    const auto now = std::chrono::system_clock::now();
    const auto at = [&](long seconds) {
        return text::format_rfc3339(now + std::chrono::seconds(seconds));
    };
    write("credentials/codex@default.json",
          R"({"version": 1, "provider": "codex", "account": "default", "method": "subscription",)"
          R"( "access_token": "sandbox-access-1", )" +
              std::string(refresh_token ? R"("refresh_token": "sandbox-refresh-1", )" : "") +
              R"("token_type": "Bearer", "expires_at": ")" + at(seconds_left) +
              R"(", "obtained_at": ")" + at(seconds_left - 3600) + "\"}");
}

Outside Scene::outside() {
    Outside outside;
    outside.environment = [this](const std::string& name) {
        const auto found = environment.find(name);
        return found == environment.end() ? std::nullopt
                                          : std::optional<std::string>(found->second);
    };
    outside.clock = [] { return std::chrono::system_clock::now(); };
    outside.send = [this](const http::Request&, const http::Limits&, const std::stop_token&) {
        ++requests;
        return http::Outcome{.delivery = http::Delivery::not_sent,
                             .response = {},
                             .error = {.message = "no network in this test"}};
    };
    outside.become = [this](const std::vector<std::string>& argv,
                            const EnvironmentChanges& changes) {
        became = argv;
        became_with = changes;
        return become_error;
    };
    return outside;
}

Streams Scene::streams() {
    Streams streams;
    streams.out = [this](std::string_view text) { out += text; };
    streams.err = [this](std::string_view text) { err += text; };
    streams.read_input = [this] { return Result<std::string>(input); };
    streams.ask_secret = [this](const std::string&) {
        return Result<Secret>(Secret(typed_secret));
    };
    streams.confirm = [this](const std::string&) {
        ++questions;
        return Result<bool>(says_yes);
    };
    streams.in_is_terminal = terminal;
    streams.err_is_terminal = terminal;
    streams.err_redraws = terminal;
    return streams;
}

Result<int> Scene::run(const std::vector<std::string>& arguments) {
    out.clear();
    err.clear();
    const auto invocation = parse_command_line(arguments);
    if (!invocation) return invocation.failure();
    Services services(outside(), invocation->global);
    return run_command(invocation->command, services, streams());
}

}  // namespace handover::cli
