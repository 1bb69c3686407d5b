// The token endpoint and what it gives.
#include <boost/json.hpp>

#include "crypto/crypto.hpp"
#include "sandbox/authority_replies.hpp"
#include "sandbox/authorization.hpp"
#include "sandbox/claims.hpp"
#include "sandbox/parameters.hpp"

namespace handover::sandbox {
namespace {

namespace json = boost::json;

std::int64_t unix_seconds(Time time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool has_scope(std::string_view scope, std::string_view wanted) {
    const auto padded = " " + std::string(scope) + " ";
    return padded.find(" " + std::string(wanted) + " ") != std::string::npos;
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

}  // namespace handover::sandbox
