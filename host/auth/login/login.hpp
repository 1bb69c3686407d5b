// Login: what happens between `auth login` and a stored credential.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "auth/broker.hpp"
#include "auth/endpoints.hpp"

namespace handover::auth {

// The person at the other end, as the command line sees them.
struct LoginConsole {
    // Says something to the person, a line at a time, on stderr.
    std::function<void(const std::string&)> say = {};
    // Shows the authorization URL, alone on a line of stderr.
    std::function<void(const std::string&)> show_url = {};
    // Shows a URL as a picture for a telephone's camera, where one fits; absent: none is wanted.
    std::function<void(const std::string&)> show_qr_code = {};
    // A descriptor from which a pasted redirect URL may be read (stdin), or -1. On a terminal it is
    // read without echo and in non-canonical mode, so that a line may be longer than a terminal
    // line; the terminal's settings are put back on every way out.
    int paste_fd = -1;
    bool terminal = false;  // stdin and stderr are a terminal
};

struct LoginRequest {
    bool open_browser = true;  // false: --no-browser
    std::optional<std::chrono::milliseconds> timeout =
        {};  // default: 120 s where a browser was opened, else 15 minutes
    std::chrono::milliseconds browser_timeout = std::chrono::seconds(120);  // [auth] login_timeout
    std::string browser =
        {};  // $BROWSER, a colon-separated list; empty: the platform's opener on a terminal
    bool trust_roots_configured = false;  // [http] ca_file is set: the system's are not looked for
};

// One login; what it refers to outlives it.
struct Login {
    Broker& broker;
    const Services& services;
    const Target& target;
    const Method& method;
    const LoginRequest& request;
    const LoginConsole& console;
    std::stop_token stop = {};

    [[nodiscard]] DiscoveryServices discovery() const {
        return {.send = services.send, .clock = services.clock, .cache_dir = services.cache_dir};
    }
};

// Authorization code with PKCE and the loopback listener (RFC 6749 4.1, 7636, 8252, 9207; OIDC
// Core 3.1). Preflight, bind, show the URL, open the browser, wait for the redirect or a pasted
// one, exchange, check the ID token, store. A failed login leaves the old credential as it was.
// Errors: AUTH_TIMEOUT, AUTH_CANCELLED (stop requested), AUTH_DENIED, AUTH_STATE_MISMATCH (pasted
// redirects only; a wrong request never ends the login), AUTH_CALLBACK_INVALID, AUTH_PORT_BUSY,
// AUTH_TOKEN_EXCHANGE_FAILED, AUTH_ID_TOKEN_INVALID, STORE_*.
Result<Credential> login_with_browser(const Login& login);

// Waits so long, or until the stop; false if it was the stop.
using WaitFor = std::function<bool(std::chrono::milliseconds, const std::stop_token&)>;
bool wait_for(std::chrono::milliseconds duration, const std::stop_token& stop);

// A code that the person enters on another device, by the method's `device_flow` (RFC 8628, or the
// codex flow). Preflight, ask for a code, show it, poll no faster than the authority wants, check
// the ID token, store. While polling, a network that fails is waited for. `request.timeout` may end
// it before the code expires; nothing else of `request` but trust_roots_configured counts. Errors:
// AUTH_METHOD_UNSUPPORTED (no device login here), AUTH_TIMEOUT, AUTH_CANCELLED, AUTH_DENIED,
// AUTH_TOKEN_EXCHANGE_FAILED, AUTH_ID_TOKEN_INVALID, STORE_*.
Result<Credential> login_with_device_code(const Login& login, const WaitFor& wait = wait_for);

// A key typed at a prompt or read from stdin. Surrounding white space is stripped; empty keys, keys
// with control characters and keys that begin `hok_` (the gateway's own) are refused.
Result<Credential> login_with_api_key(
    Broker& broker, const Target& target, const Method& method, const Secret& key, Time now);

}  // namespace handover::auth
