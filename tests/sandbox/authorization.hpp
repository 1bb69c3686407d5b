// The authorization server's endpoints: requests in, replies out, over the memory in grants.hpp.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "sandbox/counters.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/grants.hpp"
#include "sandbox/signer.hpp"
#include "text/encoding.hpp"
#include "text/time.hpp"

namespace handover::sandbox {

struct AuthorizationSettings {
    std::string issuer = {};
    std::chrono::milliseconds token_lifetime = std::chrono::hours(1);
};

class Authorization {
public:
    Authorization(AuthorizationSettings settings,
                  Signer signer,
                  Faults& faults,
                  Counters& counters);

    // OpenID Connect Discovery 1.0 and RFC 8414, which agree on the names used here.
    Reply metadata();
    [[nodiscard]] Reply key_set() const;

    // Approves at once, for the user `login_hint` names ("sandbox-user" unless given).
    Reply authorize(const Request& request, Time now);

    // Form and JSON bodies. authorization_code, refresh_token and the device grant of RFC 8628.
    Reply token(const Request& request, Time now);

    // RFC 7009; form and JSON bodies.
    Reply revoke(const Request& request);

    Reply device_authorization(const Request& request);  // RFC 8628 section 3.1
    Reply codex_device_code(const Request& request);     // the device flow of auth.openai.com,
    Reply codex_device_poll(const Request& request, Time now);  // which is not RFC 8628

    [[nodiscard]] bool access_token_is_valid(std::string_view token, Time now) const {
        return grants_.access_token_is_valid(token, now);
    }

private:
    Reply grant_code(const text::Parameters& parameters, Time now);
    Reply grant_refresh(const text::Parameters& parameters, Time now);
    Reply grant_device(const text::Parameters& parameters, Time now);
    Reply refuse(Refusal refusal);
    Reply tokens(const Grant& grant, int family, const std::string& refresh_token, Time now);
    std::string access_token(const Grant& grant, int family, Time now);
    std::string id_token(const Grant& grant, Time now);

    AuthorizationSettings settings_;
    Signer signer_;
    Faults& faults_;
    Counters& counters_;
    Grants grants_;
    std::map<std::string, std::string, std::less<>> devices_;  // device code -> client id
};

// RFC 8628 section 3.4.
inline constexpr std::string_view device_grant = "urn:ietf:params:oauth:grant-type:device_code";

// For ids and codes that nobody can guess.
std::string random_text();

}  // namespace handover::sandbox
