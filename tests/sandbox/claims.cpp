#include "sandbox/claims.hpp"

#include <boost/json.hpp>

namespace handover::sandbox {
namespace {

namespace json = boost::json;

// Who the subject is: the same for one subject in every token.
json::object person(const Claims& claims, const Grant& grant) {
    const auto email = grant.subject + "@sandbox.invalid";
    return {{"iss", claims.issuer},
            {"sub", grant.subject},
            {"iat", claims.issued_at},
            {"exp", claims.expires_at},
            {"https://api.openai.com/auth",
             {{"chatgpt_account_id", "account-of-" + grant.subject},
              {"chatgpt_plan_type", "plus"},
              {"chatgpt_user_id", grant.subject},
              {"user_id", grant.subject}}},
            {"https://api.openai.com/profile", {{"email", email}, {"email_verified", true}}}};
}

}  // namespace

std::string id_token_claims(const Claims& claims, const Grant& grant) {
    auto all = person(claims, grant);
    all["aud"] = json::array{claims.audience};
    all["email"] = grant.subject + "@sandbox.invalid";
    all["email_verified"] = true;
    if (!grant.nonce.empty()) {
        all["nonce"] = grant.nonce;
    }
    return json::serialize(all);
}

std::string access_token_claims(const Claims& claims, const Grant& grant) {
    auto all = person(claims, grant);
    all["aud"] = claims.audience;
    all["client_id"] = grant.client_id;
    all["scope"] = grant.scope;
    all["jti"] = claims.id;
    return json::serialize(all);
}

}  // namespace handover::sandbox
