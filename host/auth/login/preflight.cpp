#include "auth/login/preflight.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace handover::auth::login {
namespace {

using namespace std::chrono;

// A machine whose clock is earlier has lost its battery: every token would seem to come from the
// future.
constexpr auto earliest = sys_days(2026y / January / 1);

bool holds_something(const std::filesystem::path& path) {
    std::error_code error;
    if (std::filesystem::is_directory(path, error))
        return !std::filesystem::is_empty(path, error) && !error;
    return std::filesystem::file_size(path, error) > 0 && !error;
}

bool has_trust_roots(const Environment& environment) {
    for (const auto* variable : {"SSL_CERT_FILE", "SSL_CERT_DIR"}) {
        const auto value = environment ? environment(variable) : std::nullopt;
        if (value && !value->empty()) return holds_something(*value);
    }
    constexpr std::array places = {
        "/etc/ssl/certs", "/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt"};
    return std::any_of(
        places.begin(), places.end(), [](const char* place) { return holds_something(place); });
}

bool speaks_https(const Method& method) {
    const auto begins = [](const std::string& url) { return url.starts_with("https://"); };
    return begins(method.issuer) || begins(method.endpoints.token_endpoint.value_or(""));
}

}  // namespace

Result<void> check_clock(Time now) {
    if (now >= earliest) return {};
    return fail({.code = Errc::auth_id_token_invalid,
                 .message = "this machine's clock is wrong",
                 .reason = "it says " + text::format_rfc3339(now),
                 .fix = "set the clock, then run the login again"});
}

Result<void> check_trust_roots(TrustRoots roots, const Environment& environment) {
    if (roots == TrustRoots::configured || has_trust_roots(environment)) return {};
    return fail(
        {.code = Errc::config_invalid,
         .message = "no trusted certificates are installed, so no https server can be trusted",
         .reason = "SSL_CERT_FILE, SSL_CERT_DIR and the system's folders hold none",
         .fix = "install ca-certificates, or set [http] ca_file"});
}

Result<void> check_before_login(const Login& login) {
    const auto ready = login.broker.preflight(
        {.provider = login.target.provider, .account = login.target.account});
    if (!ready) return ready.failure();
    if (auto clock = check_clock(login.services.clock()); !clock) return clock.failure();
    if (!speaks_https(login.method)) return {};
    const auto roots =
        login.request.trust_roots_configured ? TrustRoots::configured : TrustRoots::system;
    return check_trust_roots(roots, login.services.environment);
}

}  // namespace handover::auth::login
