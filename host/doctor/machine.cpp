#include "doctor/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "auth/resolution.hpp"
#include "text/http_time.hpp"
#include "text/nearest.hpp"

namespace handover::doctor {
namespace {

using namespace std::chrono_literals;

// The leeway on claims (docs/auth.md): less than this changes nothing.
constexpr Milliseconds harmless = 60s;
// From here on a token looks expired when it is fresh, or the other way round.
constexpr Milliseconds harmful = 5min;
// The header has whole seconds.
constexpr Milliseconds granularity = 1s;

Milliseconds size_of(Milliseconds duration) {
    return duration < 0ms ? -duration : duration;
}

std::string without_password(const std::string& address) {
    const auto scheme = address.find("://");
    const auto begin = scheme == std::string::npos ? 0 : scheme + 3;
    const auto end = std::min(address.find('/', begin), address.size());
    const auto at = address.rfind('@', end);
    if (at == std::string::npos || at < begin) return address;
    return address.substr(0, begin) + address.substr(at + 1);
}

}  // namespace

std::optional<Skew> skew_of(const std::string& server,
                            const std::vector<http::Header>& headers,
                            Time sent,
                            Time received) {
    const auto header = http::find_header(headers, "date");
    const auto date = header ? text::parse_http_date(*header, received) : std::nullopt;
    if (!date) return std::nullopt;
    const auto milliseconds = [](auto duration) {
        return std::chrono::duration_cast<Milliseconds>(duration);
    };
    // The server wrote it somewhen between.
    if (sent > *date + granularity)
        return Skew{.server = server, .ahead = milliseconds(sent - *date) - granularity};
    if (received < *date) return Skew{.server = server, .ahead = milliseconds(received - *date)};
    return Skew{.server = server};
}

Finding judge_skew(const std::vector<Skew>& skews) {
    if (skews.empty()) return skipped("no server told its time");
    const auto nearest =
        std::min_element(skews.begin(), skews.end(), [](const Skew& a, const Skew& b) {
            return size_of(a.ahead) < size_of(b.ahead);
        });
    const auto off = size_of(nearest->ahead);
    if (off <= harmless) return ok("as " + nearest->server + " has it");
    return {.state = off > harmful ? State::problem : State::warning,
            .measured = fmt::format("{} {} {}",
                                    text::describe_duration(off),
                                    nearest->ahead > 0ms ? "ahead of" : "behind",
                                    nearest->server),
            .expected = "within a minute of the servers' time",
            .fix = "set the clock, or let it be set (systemd-timesyncd, chrony)",
            .code = Errc::auth_id_token_invalid};
}

Finding judge_trust_roots(const http::TrustRoots& used, const Result<void>& checked) {
    if (!checked) {
        auto finding = from_error(checked.error());
        finding.expected = "certificates of those who vouch for servers";
        return finding;
    }
    if (!used.file.empty()) return ok("the file " + used.file);
    if (!used.directory.empty()) return ok("the folder " + used.directory);
    return ok("the TLS library's own");
}

Finding judge_proxy(std::string_view variable, const std::string& address, bool lower_case_set) {
    if (variable == "HTTP_PROXY") {
        if (lower_case_set) return ok("not used: http_proxy counts");
        return {.state = State::warning,
                .measured = without_password(address) + ", but this name is never used",
                .expected = "http_proxy, in lower case (https_proxy counts in both)",
                .fix = "export http_proxy=\"$HTTP_PROXY\" if plain http needs a proxy"};
    }
    if (address.find_first_of(" \t\r\n") == std::string::npos) return ok(without_password(address));
    return {.state = State::problem,
            .measured = "holds white space",
            .expected = "an address such as http://proxy.example.com:3128",
            .fix = fmt::format("set {} again, without blanks", variable),
            .code = Errc::config_invalid};
}

Finding judge_key_variable(const KeyVariable& variable) {
    const auto key = auth::without_white_space(variable.value);
    if (key.empty()) {
        return {.state = State::warning,
                .measured = "set, but blank: that counts as not set",
                .expected = "a key, or no such variable",
                .fix = "unset it, or export a key"};
    }
    if (const auto refused = auth::refused_key(key); !refused.empty()) {
        return {.state = State::problem,
                .measured = "refused: " + refused,
                .expected = "the provider's own key",
                .fix = "unset it, or export the provider's key",
                .code = Errc::auth_no_credential};
    }
    if (key.find_first_of(" \t\r\n") != std::string_view::npos) {
        return {.state = State::warning,
                .measured = "holds blanks in its midst",
                .expected = "a key without blanks",
                .fix = "export the key alone"};
    }
    const std::string blanks =
        key.size() == variable.value.size() ? "" : "; the blanks around the key are left out";
    if (variable.wins) return ok("set, and used" + blanks);
    return ok("set, but not used: " + variable.reason + blanks);
}

std::optional<Finding> judge_own_variable(const std::string& name) {
    static const std::array<std::string, 4> known = {
        "HANDOVER_HOME", "HANDOVER_CONFIG", "HANDOVER_PROVIDER", "HANDOVER_PLUGIN_PATH"};
    if (!name.starts_with("HANDOVER_")) return std::nullopt;
    if (std::find(known.begin(), known.end(), name) != known.end()) return std::nullopt;
    return Finding{
        .state = State::warning,
        .measured = "nothing reads this variable." + text::did_you_mean(name, known),
        .expected = fmt::format("{}, {}, {} or {}", known[0], known[1], known[2], known[3]),
        .fix = "unset " + name};
}

}  // namespace handover::doctor
