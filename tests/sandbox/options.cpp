#include "sandbox/options.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "text/nearest.hpp"
#include "text/time.hpp"

namespace handover::sandbox {
namespace {

const std::array<std::string, 5> known = {
    "--port", "--token-lifetime", "--fault", "--exit-with-parent", "--help"};

Failure wrong(std::string message, std::string reason) {
    return fail({.code = Errc::usage,
                 .message = std::move(message),
                 .reason = std::move(reason),
                 .fix = "handover-sandbox --help"});
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return port;
}

Result<void> set_valued(Options& options, std::string_view name, const std::string& value) {
    if (name == "--fault") {
        options.faults.push_back(value);
        return {};
    }
    if (name == "--port") {
        const auto port = parse_port(value);
        if (!port) {
            return wrong("--port " + value + " is no port", "a number from 0 to 65535 is wanted");
        }
        options.port = *port;
        return {};
    }
    const auto lifetime = text::parse_duration(value);
    // A token's expiry is told in whole seconds (RFC 6749 section 5.1, expires_in).
    if (!lifetime || *lifetime < std::chrono::seconds(1)) {
        return wrong("--token-lifetime " + value + " is no lifetime", "1s or more is wanted");
    }
    options.token_lifetime = *lifetime;
    return {};
}

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments) {
    Options options;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const auto equals = arguments[i].find('=');
        const auto name = arguments[i].substr(0, equals);
        if (name == "--help") {
            options.help = true;
            continue;
        }
        if (name == "--exit-with-parent") {
            options.exit_with_parent = true;
            continue;
        }
        if (name != "--port" && name != "--token-lifetime" && name != "--fault") {
            return wrong(
                "unknown argument \"" + arguments[i] + "\"" + text::did_you_mean(name, known), "");
        }
        if (equals == std::string::npos && i + 1 == arguments.size()) {
            return wrong(name + " wants a value", "");
        }
        const auto value =
            equals == std::string::npos ? arguments[++i] : arguments[i].substr(equals + 1);
        if (auto set = set_valued(options, name, value); !set) {
            return set.failure();
        }
    }
    return options;
}

std::string usage() {
    return "handover-sandbox: an authorization server and a model API on loopback, for demos and "
           "tests\n"
           "\n"
           "  --port N                   listen on 127.0.0.1:N (0, the default: any free port)\n"
           "  --token-lifetime DURATION  life of an access token (default 1h)\n"
           "  --fault NAME[=VALUE]       start with a fault set; repeatable "
           "(tests/sandbox/README.md)\n"
           "  --exit-with-parent         end when the process that started it ends\n"
           "\n"
           "Prints one JSON line with its URLs, then serves until SIGTERM or SIGINT.\n";
}

}  // namespace handover::sandbox
