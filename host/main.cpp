// Handover's way in and out: signals, options, services, one command, an exit status.
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/refresh_child.hpp"
#include "cli/command_line.hpp"
#include "cli/commands.hpp"
#include "cli/error_output.hpp"
#include "cli/exit_status.hpp"
#include "cli/interrupts.hpp"
#include "cli/terminal.hpp"
#include "http/client.hpp"
#include "log/log.hpp"
#include "platform/files.hpp"
#include "platform/process.hpp"
#include "platform/standard_streams.hpp"
#include "plugins/plugin.hpp"
#include "secret/secret.hpp"

namespace handover::cli {
namespace {

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::vector<std::string> environment_names() {
    std::vector<std::string> names;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        names.emplace_back(text.substr(0, text.find('=')));
    }
    return names;
}

void configure_log(const GlobalOptions& options) {
    auto most = log::Level::warning;
    if (options.verbose == 1) most = log::Level::info;
    if (options.verbose > 1) most = log::Level::debug;
    if (options.quiet) most = log::Level::error;
    log::configure(most, options.log_format);
}

// The program gets its caller's signals and limits, not ours.
int become(const std::vector<std::string>& argv, const EnvironmentChanges& changes) {
    platform::Program program = {.argv = argv, .without_environment = changes.unset};
    for (const auto& [name, value] : changes.set)
        program.environment.push_back(name + '=' + std::string(value.reveal()));
    give_back_signals();
    restore_core_limit();
    return platform::become(std::move(program));
}

Outside real_outside(const Streams& streams) {
    Outside outside;
    outside.environment = environment;
    outside.environment_names = environment_names;
    outside.clock = [] { return std::chrono::system_clock::now(); };
    outside.executable = platform::own_executable();
    outside.stop = interrupt_token();
    outside.become = become;
    outside.before_network = watch_for_interrupts;
    if (streams.interactive()) {
        outside.ask_key = [ask = streams.ask_secret](const auth::Target& target,
                                                     const auth::Method& /*method*/) {
            return ask("API key for " + target.provider + ": ");
        };
    }
    return outside;
}

// A stop that the person asked for needs no explanation; only what a login left behind does.
bool worth_saying(const Error& error) {
    return !interrupted_status() || error.code == Errc::auth_cancelled;
}

int finish(const Result<int>& result, bool json, const Streams& streams) {
    if (!result && worth_saying(result.error())) {
        streams.err(json ? error_json(result.error()) : error_text(result.error(), streams.color));
    }
    if (const auto status = interrupted_status()) return *status;
    return result ? *result : exit_status(result.error().code);
}

int run(const std::vector<std::string>& arguments) {
    const bool json = wants_json(arguments);
    const auto invocation = parse_command_line(arguments);
    if (!invocation)
        return finish(invocation.failure(), json, process_streams(ColorWhen::automatic));
    configure_log(invocation->global);
    const auto streams = process_streams(invocation->global.color);
    Services services(real_outside(streams), invocation->global);
    return finish(run_command(invocation->command, services, streams), json, streams);
}

std::optional<int> descriptor(std::string_view text) {
    int fd = -1;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), fd);
    return parsed.ec == std::errc() && fd > STDERR_FILENO ? std::optional(fd) : std::nullopt;
}

// `handover __trial FD`: the child that loads a plugin for the first time (host/plugins).
int trial(std::string_view text) {
    const auto fd = descriptor(text);
    return fd ? plugins::run_trial(*fd) : exit_usage;
}

// `handover __refresh LOCK MAILBOX`: the child that carries out a refresh
// (host/auth/refresh_child.hpp).
int refresh(const std::vector<std::string>& arguments) {
    const auto lock = descriptor(arguments[1]);
    const auto mailbox = descriptor(arguments[2]);
    if (!lock || !mailbox) return exit_usage;
    std::unique_ptr<http::Client> client;
    return auth::run_refresh_child(
        *lock, *mailbox, [&](const std::string& proxy, const std::string& ca_file) {
            client = std::make_unique<http::Client>(
                http::ClientOptions{.proxy = proxy, .ca_file = ca_file});
            return [&](const http::Request& request,
                       const http::Limits& limits,
                       const std::stop_token& stop) { return client->send(request, limits, stop); };
        });
}

// `handover __complete -- WORD...`: asked by the completion scripts, which must never see an error.
int complete(const std::vector<std::string>& arguments) {
    try {
        const auto streams = process_streams(ColorWhen::never);
        complete_words({arguments.begin() + 2, arguments.end()}, real_outside(streams), streams);
    } catch (const std::exception&) {
        return exit_internal;
    }
    return exit_done;
}

// Nothing gets past here: a fault of ours is reported as one.
int guarded(const std::vector<std::string>& arguments) {
    try {
        return run(arguments);
    } catch (const std::exception& exception) {
        const Error error = {.code = Errc::internal,
                             .message = "an internal error ended the command",
                             .reason = exception.what(),
                             .fix = "please report it with the command and the output of -vv"};
        (void)platform::write_all(
            STDERR_FILENO, wants_json(arguments) ? error_json(error) : error_text(error, false));
        return exit_internal;
    }
}

}  // namespace
}  // namespace handover::cli

int main(int argc, char** argv) {
    handover::platform::open_missing_standard_streams();
    handover::protect_process_memory();
    const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (arguments.size() == 2 && arguments[0] == "__trial")
        return handover::cli::trial(arguments[1]);
    if (arguments.size() == 3 && arguments[0] == "__refresh")
        return handover::cli::refresh(arguments);
    handover::cli::install_signal_handlers();
    const bool completes =
        arguments.size() > 1 && arguments[0] == "__complete" && arguments[1] == "--";
    const int status =
        completes ? handover::cli::complete(arguments) : handover::cli::guarded(arguments);
    // The watching thread sleeps to the end; nothing is left that a static destructor would have to
    // do.
    _exit(status);
}
