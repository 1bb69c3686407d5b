// An auth method as a value: what a manifest declares, with the config's overrides already merged
// in. The broker runs any method from this alone; it never sees a plugin.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace handover::auth {

enum class Kind { oauth2, api_key, none };
enum class Billing { subscription, metered, local };

// Which source of endpoints comes first. One login takes all its endpoints from one source.
enum class Discovery {
    first,     // discovery; the declared endpoints if it fails
    fallback,  // the declared endpoints; discovery if they are gone
    never,     // the declared endpoints only
};

enum class BodyEncoding { form, json };            // RFC 6749 asks for form
enum class Nonce { require, if_present, none };    // OpenID Connect Core 3.1.2.1
enum class DeviceFlow { rfc8628, codex };          // two named flows
enum class ClaimsFrom { id_token, access_token };  // whose claims `claims` points into

// RFC 8414 metadata names. Absent: not declared.
struct Endpoints {
    std::optional<std::string> authorization_endpoint = {};
    std::optional<std::string> token_endpoint = {};
    std::optional<std::string> revocation_endpoint = {};
    std::optional<std::string> device_authorization_endpoint = {};
    std::optional<std::string> device_token_endpoint = {};  // the codex device flow only
    std::optional<std::string> verification_uri = {};       // the codex device flow only

    bool operator==(const Endpoints&) const = default;
};

struct Method {
    std::string id = {};
    Kind kind = Kind::none;
    Billing billing = Billing::metered;
    std::string label = {};

    // oauth2
    std::string issuer = {};
    Discovery discovery = Discovery::first;
    Endpoints endpoints = {};  // declared; `{issuer}` is already replaced
    std::string client_id = {};
    std::vector<std::string> scopes = {};
    std::vector<std::string> redirect_uris = {};  // tried in order; port 0 is any free port
    std::map<std::string, std::string> authorize_params = {};
    std::map<std::string, std::string> token_params = {};  // sent with exchange and refresh
    BodyEncoding refresh_encoding = BodyEncoding::form;
    BodyEncoding revocation_encoding = BodyEncoding::form;
    Nonce nonce = Nonce::require;
    DeviceFlow device_flow = DeviceFlow::rfc8628;
    std::vector<std::string> terminal_errors = {};  // beyond invalid_grant
    std::optional<std::chrono::milliseconds> refresh_lead = {};
    ClaimsFrom claims_from = ClaimsFrom::id_token;
    std::string subject =
        {};  // name of the claim in `claims` that says whose subscription it is; empty: `sub`

    // api_key: variables in order of preference
    std::vector<std::string> env = {};

    std::map<std::string, std::string> claims = {};  // name -> JSON pointer
    std::map<std::string, std::string> attach = {};  // header -> template

    bool operator==(const Method&) const = default;
};

}  // namespace handover::auth
