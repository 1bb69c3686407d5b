#include "sandbox/grants.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <stdexcept>

#include "crypto/crypto.hpp"
#include "text/encoding.hpp"

namespace handover::sandbox {
namespace {

// RFC 6749 section 4.1.2 allows ten minutes; a loopback login needs a moment.
constexpr auto code_lifetime = std::chrono::minutes(1);

}  // namespace

std::string Grants::issue_code(Grant grant, Time now) {
    auto code = "sandbox-code-" + random_();
    codes_[code] = Code{.grant = std::move(grant), .expires_at = now + code_lifetime};
    return code;
}

std::variant<Redeemed, Refusal> Grants::redeem_code(std::string_view code,
                                                    std::string_view client_id,
                                                    std::string_view redirect_uri,
                                                    std::string_view code_verifier,
                                                    Time now) {
    const auto found = codes_.find(code);
    if (found == codes_.end()) {
        return Refusal::invalid_grant;
    }
    auto& known = found->second;
    if (known.family != 0) {
        families_[known.family].revoked = true;
        return Refusal::reused;
    }
    if (now >= known.expires_at) {
        return Refusal::expired;
    }
    if (known.grant.client_id != client_id || known.grant.redirect_uri != redirect_uri ||
        known.grant.code_challenge != code_challenge_s256(code_verifier)) {
        return Refusal::invalid_grant;
    }
    known.family = start_family();
    return Redeemed{.grant = known.grant, .family = known.family};
}

std::string Grants::issue_refresh_token(const Grant& grant, int family) {
    auto token = "sandbox-rt-" + random_();
    refresh_tokens_[token] = RefreshToken{.grant = grant, .family = family};
    return token;
}

std::variant<Rotated, Refusal> Grants::refresh(std::string_view refresh_token,
                                               std::string_view client_id,
                                               Rotation rotation) {
    const auto found = refresh_tokens_.find(refresh_token);
    if (found == refresh_tokens_.end()) {
        return Refusal::invalid_grant;
    }
    auto& known = found->second;
    auto& family = families_[known.family];
    if (known.grant.client_id != client_id) {
        return Refusal::invalid_client;
    }
    if (family.revoked) {
        return Refusal::revoked;
    }
    if (known.spent || family.reused) {
        family.reused = true;
        return Refusal::reused;
    }
    const auto grant = known.grant;
    const auto number = known.family;
    if (rotation == Rotation::keep) {
        return Rotated{
            .grant = grant, .family = number, .refresh_token = std::string(refresh_token)};
    }
    known.spent = true;
    return Rotated{
        .grant = grant, .family = number, .refresh_token = issue_refresh_token(grant, number)};
}

void Grants::remember_access_token(const std::string& access_token, int family, Time expires_at) {
    access_tokens_[access_token] = AccessToken{.family = family, .expires_at = expires_at};
}

bool Grants::access_token_is_valid(std::string_view access_token, Time now) const {
    const auto found = access_tokens_.find(access_token);
    return found != access_tokens_.end() && !found->second.revoked &&
           now < found->second.expires_at;
}

void Grants::revoke(std::string_view token) {
    if (const auto access = access_tokens_.find(token); access != access_tokens_.end()) {
        access->second.revoked = true;
        return;
    }
    const auto found = refresh_tokens_.find(token);
    if (found == refresh_tokens_.end()) {
        return;
    }
    families_[found->second.family].revoked = true;
    for (auto& [_, access] : access_tokens_) {
        access.revoked = access.revoked || access.family == found->second.family;
    }
}

std::string code_challenge_s256(std::string_view code_verifier) {
    const auto digest = crypto::sha256(code_verifier);
    return text::base64url_encode(
        std::string_view(reinterpret_cast<const char*>(digest.data()), digest.size()));
}

bool is_loopback_redirect(std::string_view uri) {
    const auto url = boost::urls::parse_uri(uri);
    if (!url || url->scheme() != "http" || url->has_fragment() || url->has_userinfo()) {
        return false;
    }
    const auto host = url->encoded_host();
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace handover::sandbox
