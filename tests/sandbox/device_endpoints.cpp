// Device logins: by RFC 8628, and as auth.openai.com does it.
#include <boost/json.hpp>

#include "sandbox/authority_replies.hpp"
#include "sandbox/authorization.hpp"
#include "sandbox/claims.hpp"
#include "sandbox/parameters.hpp"

namespace handover::sandbox {

Reply Authorization::device_authorization(const Request& request) {
    const auto client_id = value(read_parameters(request), "client_id");
    if (client_id.empty() || faults_.strikes("device_disabled")) {
        return oauth_error("unauthorized_client", "No device login for this client.");
    }
    const auto code = "sandbox-device-" + random_text();
    devices_[code] = client_id;
    const auto page_uri = settings_.issuer + "/codex/device";
    return json_reply(200,
                      {{"device_code", code},
                       {"user_code", "SAND-BOXX"},
                       {"verification_uri", page_uri},
                       {"verification_uri_complete", page_uri + "?user_code=SAND-BOXX"},
                       {"expires_in", 900},
                       {"interval", 1}});
}

Reply Authorization::codex_device_code(const Request& request) {
    const auto client_id = value(read_parameters(request), "client_id");
    if (client_id.empty() || faults_.strikes("device_disabled")) {
        return page(404, "Device login is not enabled.");
    }
    const auto id = "sandbox-device-" + random_text();
    devices_[id] = client_id;
    // The interval is a text at that issuer.
    return json_reply(200, {{"device_auth_id", id}, {"user_code", "SAND-BOXX"}, {"interval", "1"}});
}

Reply Authorization::codex_device_poll(const Request& request, Time now) {
    counters_.add("device_polls");
    const auto device = devices_.find(value(read_parameters(request), "device_auth_id"));
    if (device == devices_.end() || faults_.strikes("device_denied")) {
        return oauth_error("access_denied", "The device code is unknown or was refused.");
    }
    if (faults_.strikes("device_pending")) {
        return page(403, "Not yet.");
    }
    // Here the server makes the PKCE pair and hands both halves to the client.
    const auto verifier = "sandbox-verifier-" + random_text();
    const auto challenge = code_challenge_s256(verifier);
    const auto code = grants_.issue_code({.client_id = device->second,
                                          .subject = "sandbox-user",
                                          .scope = "openid profile email offline_access",
                                          .redirect_uri = settings_.issuer + "/deviceauth/callback",
                                          .code_challenge = challenge},
                                         now);
    devices_.erase(device);
    return json_reply(
        200,
        {{"authorization_code", code}, {"code_challenge", challenge}, {"code_verifier", verifier}});
}

}  // namespace handover::sandbox
