#include "sandbox/authorization.hpp"

#include <boost/json.hpp>

#include "crypto/crypto.hpp"
#include "sandbox/claims.hpp"

namespace handover::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view device_grant = "urn:ietf:params:oauth:grant-type:device_code";

std::int64_t unix_seconds(Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string random_text() {
    constexpr std::size_t bytes = 24;
    return text::base64url_encode(crypto::random_bytes(bytes));
}

// RFC 6749 section 5.1: token answers are not stored anywhere on the way.
Reply json_reply(int status, const json::value& body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            .body = json::serialize(body)};
}

// RFC 6749 section 5.2.
Reply oauth_error(std::string_view error, std::string_view description) {
    return json_reply(400, {{"error", error}, {"error_description", description}});
}

// The shape in which auth.openai.com refuses a refresh token.
Reply codex_error(std::string_view code) {
    return json_reply(401,
                      {{"error",
                        {{"message", "The refresh token was refused by the sandbox."},
                         {"type", "invalid_request_error"},
                         {"param", nullptr},
                         {"code", code}}}});
}

Reply page(int status, std::string_view text) {
    return {.status = status,
            .headers = {{"Content-Type", "text/html; charset=utf-8"}},
            .body = "<!doctype html><title>sandbox</title><p>" + std::string(text) + "</p>\n"};
}

Reply redirect(int status, std::string location) {
    return {.status = status, .headers = {{"Location", std::move(location)}}};
}

std::string value(const text::Parameters& parameters, std::string_view name) {
    for (const auto& [key, found] : parameters) {
        if (key == name) {
            return found;
        }
    }
    return {};
}

bool has_scope(std::string_view scope, std::string_view wanted) {
    const auto padded = " " + std::string(scope) + " ";
    return padded.find(" " + std::string(wanted) + " ") != std::string::npos;
}

text::Parameters read_json(std::string_view body) {
    boost::system::error_code error;
    const auto parsed = json::parse(body, error);
    text::Parameters parameters;
    if (error || !parsed.is_object()) {
        return parameters;
    }
    for (const auto& [name, member] : parsed.get_object()) {
        if (member.is_string()) {
            parameters.emplace_back(std::string(name), std::string(member.get_string()));
        }
    }
    return parameters;
}

// What is wrong with an authorization request that may be told to the client (RFC 6749
// section 4.1.2.1), or nothing.
std::string_view fault_of(const text::Parameters& parameters) {
    constexpr std::size_t challenge_size = 43;  // BASE64URL of 32 bytes
    if (value(parameters, "response_type") != "code") {
        return "unsupported_response_type";
    }
    if (value(parameters, "code_challenge_method") != "S256" ||
        value(parameters, "code_challenge").size() != challenge_size) {
        return "invalid_request";
    }
    return {};
}

void break_answer(Reply& reply, Faults& faults) {
    if (faults.strikes("token_lose_answer")) {
        reply.ending = Ending::no_answer;
    } else if (faults.strikes("token_half_answer")) {
        reply.ending = Ending::half_an_answer;
    } else if (faults.strikes("token_not_json")) {
        reply.body.resize(reply.body.size() / 2);
    }
}

// The faults that strike before a token request is looked at.
std::optional<Reply> refuse_unread(Faults& faults) {
    if (faults.strikes("token_drop_connection")) {
        return Reply{.ending = Ending::no_answer};
    }
    if (const auto fault = faults.strike("redirect_token")) {
        return redirect(307, fault->text);
    }
    if (faults.strikes("token_html")) {
        return page(503, "The authority is being repaired.");
    }
    const auto status = faults.strike("token_status");
    if (!status) {
        return std::nullopt;
    }
    auto reply = json_reply(status->number == 0 ? 503 : static_cast<int>(status->number),
                            {{"error", "temporarily_unavailable"}});
    if (const auto wait = faults.strike("retry_after")) {
        reply.headers.emplace_back("Retry-After", std::to_string(wait->number));
    }
    return reply;
}

}  // namespace

text::Parameters read_parameters(const Request& request) {
    if (request.method == "GET") {
        return text::form_decode(request.query).value_or(text::Parameters{});
    }
    if (header(request, "content-type").substr(0, 16) == "application/json") {
        return read_json(request.body);
    }
    return text::form_decode(request.body).value_or(text::Parameters{});
}

Authorization::Authorization(AuthorizationSettings settings,
                             Signer signer,
                             Faults& faults,
                             Counters& counters)
    : settings_(std::move(settings)),
      signer_(std::move(signer)),
      faults_(faults),
      counters_(counters),
      grants_(random_text) {}

Reply Authorization::metadata() {
    if (faults_.strikes("discovery_down")) {
        return page(503, "No metadata today.");
    }
    const auto base =
        settings_.issuer + (faults_.strikes("discovery_other_endpoints") ? "/elsewhere" : "/oauth");
    return json_reply(
        200,
        {{"issuer", settings_.issuer},
         {"authorization_endpoint", base + "/authorize"},
         {"token_endpoint", base + "/token"},
         {"revocation_endpoint", base + "/revoke"},
         {"device_authorization_endpoint", base + "/device_authorization"},
         {"jwks_uri", settings_.issuer + "/.well-known/jwks.json"},
         {"scopes_supported", {"openid", "profile", "email", "offline_access"}},
         {"response_types_supported", json::array{"code"}},
         {"grant_types_supported", {"authorization_code", "refresh_token", device_grant}},
         {"subject_types_supported", json::array{"public"}},
         {"id_token_signing_alg_values_supported", json::array{"RS256"}},
         {"token_endpoint_auth_methods_supported", json::array{"none"}},
         {"code_challenge_methods_supported", json::array{"S256"}},
         {"authorization_response_iss_parameter_supported", true}});
}

Reply Authorization::key_set() const {
    return {.headers = {{"Content-Type", "application/json"}}, .body = signer_.key_set()};
}

Reply Authorization::authorize(const Request& request, Time now) {
    const auto parameters = read_parameters(request);
    const auto redirect_uri = value(parameters, "redirect_uri");
    // RFC 6749 section 4.1.2.1: with these two wrong nothing is sent to the redirect URI.
    if (value(parameters, "client_id").empty() || !is_loopback_redirect(redirect_uri)) {
        return page(400, "A client_id and a loopback redirect_uri are needed.");
    }
    counters_.add("authorizations");
    text::Parameters answer;
    if (const auto wrong = fault_of(parameters); !wrong.empty()) {
        answer.emplace_back("error", wrong);
    } else if (faults_.strikes("authorize_deny")) {
        answer = {{"error", "access_denied"}, {"error_description", "The user said no."}};
    } else {
        const auto hint = value(parameters, "login_hint");
        answer.emplace_back(
            "code",
            grants_.issue_code({.client_id = value(parameters, "client_id"),
                                .subject = hint.empty() ? "sandbox-user" : hint,
                                .scope = value(parameters, "scope"),
                                .nonce = value(parameters, "nonce"),
                                .redirect_uri = redirect_uri,
                                .code_challenge = value(parameters, "code_challenge")},
                               now));
    }
    const auto* twist = faults_.strikes("authorize_wrong_state") ? "x" : "";
    answer.emplace_back("state", value(parameters, "state") + twist);
    if (!faults_.strikes("authorize_no_iss")) {
        answer.emplace_back(
            "iss",
            faults_.strikes("authorize_wrong_iss") ? "http://127.0.0.1:1" : settings_.issuer);
    }
    const auto* join = redirect_uri.find('?') == std::string::npos ? "?" : "&";
    return redirect(302, redirect_uri + join + text::form_encode(answer));
}

Reply Authorization::token(const Request& request, Time now) {
    const auto delay = faults_.strike("token_delay_ms");
    const auto parameters = read_parameters(request);
    const auto grant_type = value(parameters, "grant_type");
    if (grant_type == "refresh_token") {
        counters_.add("refreshes");
    }
    auto reply = [&] {
        if (auto refused = refuse_unread(faults_)) {
            return *std::move(refused);
        }
        if (grant_type == "authorization_code") {
            return grant_code(parameters, now);
        }
        if (grant_type == "refresh_token") {
            return grant_refresh(parameters, now);
        }
        if (grant_type == device_grant) {
            return grant_device(parameters, now);
        }
        return oauth_error("unsupported_grant_type", "The sandbox does not know this grant.");
    }();
    if (reply.status == 200 && reply.ending == Ending::whole) {
        break_answer(reply, faults_);
    }
    reply.delay = std::chrono::milliseconds(delay ? delay->number : 0);
    return reply;
}

Reply Authorization::grant_code(const text::Parameters& parameters, Time now) {
    counters_.add("code_exchanges");
    const auto redeemed = grants_.redeem_code(value(parameters, "code"),
                                              value(parameters, "client_id"),
                                              value(parameters, "redirect_uri"),
                                              value(parameters, "code_verifier"),
                                              now);
    if (std::holds_alternative<Refusal>(redeemed)) {
        return oauth_error(
            "invalid_grant",
            "The code is unknown, used or expired, or the client_id, redirect_uri or "
            "code_verifier does not belong to it.");
    }
    const auto& [grant, family] = std::get<Redeemed>(redeemed);
    return tokens(grant, family, grants_.issue_refresh_token(grant, family), now);
}

Reply Authorization::grant_refresh(const text::Parameters& parameters, Time now) {
    if (const auto fault = faults_.strike("refresh_error")) {
        const auto error = fault->text.empty() ? "invalid_grant" : fault->text;
        return error.substr(0, 14) == "refresh_token_"
                   ? codex_error(error)
                   : oauth_error(error, "The sandbox was told to refuse.");
    }
    const auto rotation =
        faults_.strikes("refresh_same_token") ? Grants::Rotation::keep : Grants::Rotation::rotate;
    const auto rotated = grants_.refresh(
        value(parameters, "refresh_token"), value(parameters, "client_id"), rotation);
    if (const auto* refusal = std::get_if<Refusal>(&rotated)) {
        return refuse(*refusal);
    }
    counters_.add("refresh_successes");
    const auto& [grant, family, refresh_token] = std::get<Rotated>(rotated);
    return tokens(grant, family, refresh_token, now);
}

Reply Authorization::grant_device(const text::Parameters& parameters, Time now) {
    counters_.add("device_polls");
    const auto device = devices_.find(value(parameters, "device_code"));
    if (device == devices_.end() || device->second != value(parameters, "client_id")) {
        return oauth_error("invalid_grant", "The device code is unknown.");
    }
    if (faults_.strikes("device_pending")) {
        return oauth_error("authorization_pending", "The user is still thinking.");
    }
    if (faults_.strikes("device_slow_down")) {
        return oauth_error("slow_down", "The client asks too often.");
    }
    if (faults_.strikes("device_expired")) {
        return oauth_error("expired_token", "The device code is too old.");
    }
    if (faults_.strikes("device_denied")) {
        return oauth_error("access_denied", "The user said no.");
    }
    const Grant grant{
        .client_id = device->second, .subject = "sandbox-user", .scope = "openid offline_access"};
    devices_.erase(device);
    const auto family = grants_.start_family();
    return tokens(grant, family, grants_.issue_refresh_token(grant, family), now);
}

Reply Authorization::refuse(Refusal refusal) {
    if (refusal == Refusal::reused) {
        counters_.add("reuse_detections");
    }
    if (refusal == Refusal::invalid_client) {
        return oauth_error("invalid_client", "The refresh token belongs to another client.");
    }
    if (!faults_.strikes("codex_error_codes")) {
        return oauth_error("invalid_grant", "The refresh token is unknown, used or revoked.");
    }
    return codex_error(refusal == Refusal::reused    ? "refresh_token_reused"
                       : refusal == Refusal::revoked ? "refresh_token_invalidated"
                                                     : "refresh_token_expired");
}

Reply Authorization::tokens(const Grant& grant,
                            int family,
                            const std::string& refresh_token,
                            Time now) {
    json::object body{{"access_token", access_token(grant, family, now)},
                      {"token_type", "Bearer"},
                      {"scope", grant.scope}};
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(settings_.token_lifetime).count();
    if (faults_.strikes("expires_in_text")) {
        body["expires_in"] = std::to_string(seconds);
    } else if (!faults_.strikes("no_expires_in")) {
        body["expires_in"] = seconds;
    }
    if (!faults_.strikes("no_refresh_token")) {
        body["refresh_token"] = refresh_token;
    }
    if (has_scope(grant.scope, "openid") && !faults_.strikes("no_id_token")) {
        body["id_token"] = id_token(grant, now);
    }
    return json_reply(200, body);
}

std::string Authorization::access_token(const Grant& grant, int family, Time now) {
    const auto expires_at = now + settings_.token_lifetime;
    const auto id = random_text();
    auto token = faults_.strikes("opaque_access_token")
                     ? "sandbox-at-" + id
                     : signer_.sign(access_token_claims({.issuer = settings_.issuer,
                                                         .audience = settings_.issuer + "/v1",
                                                         .issued_at = unix_seconds(now),
                                                         .expires_at = unix_seconds(expires_at),
                                                         .id = id},
                                                        grant));
    grants_.remember_access_token(token, family, expires_at);
    return token;
}

std::string Authorization::id_token(const Grant& grant, Time now) {
    constexpr auto lifetime = std::chrono::hours(1);
    const auto expired = faults_.strikes("id_token_expired");
    const auto wrong_iss = faults_.strikes("id_token_wrong_iss");
    const auto wrong_aud = faults_.strikes("id_token_wrong_aud");
    auto shown = grant;
    if (faults_.strikes("id_token_wrong_nonce")) {
        shown.nonce = "another-nonce";
    }
    const auto claims =
        id_token_claims({.issuer = wrong_iss ? "http://127.0.0.1:1" : settings_.issuer,
                         .audience = wrong_aud ? "another-client" : grant.client_id,
                         .issued_at = unix_seconds(expired ? now - 2 * lifetime : now),
                         .expires_at = unix_seconds(expired ? now - lifetime : now + lifetime)},
                        shown);
    return faults_.strikes("id_token_alg_none") ? unsigned_token(claims) : signer_.sign(claims);
}

Reply Authorization::revoke(const Request& request) {
    if (const auto fault = faults_.strike("revoke_status")) {
        return page(fault->number == 0 ? 503 : static_cast<int>(fault->number), "No revocation.");
    }
    const auto token = value(read_parameters(request), "token");
    if (token.empty()) {
        return oauth_error("invalid_request", "A token is needed.");
    }
    counters_.add("revocations");
    grants_.revoke(token);
    return {.headers = {{"Content-Type", "application/json"}}, .body = "{}"};
}

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
