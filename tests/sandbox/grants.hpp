// The authorization server's memory: codes, refresh token families and access tokens. No clock, no
// randomness, no sockets of its own, so that every rule of rotation is a table row.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "text/time.hpp"

namespace handover::sandbox {

// What a user allowed a client.
struct Grant {
    std::string client_id = {};
    std::string subject = {};
    std::string scope = {};
    std::string nonce = {};
    std::string redirect_uri = {};
    std::string code_challenge = {};  // S256; RFC 7636 section 4.2

    bool operator==(const Grant&) const = default;
};

// Named by their codes on the wire (RFC 6749 section 5.2).
enum class Refusal {
    invalid_grant,
    expired,  // invalid_grant
    reused,   // invalid_grant; the whole family is revoked
    revoked,  // invalid_grant
    invalid_client
};

struct Redeemed {
    Grant grant = {};
    int family = 0;
};

struct Rotated {
    Grant grant = {};
    int family = 0;
    std::string refresh_token = {};
};

class Grants {
public:
    // `random` yields unguessable text, URL-safe.
    explicit Grants(std::function<std::string()> random) : random_(std::move(random)) {}

    // Good for one exchange within a minute.
    std::string issue_code(Grant grant, Time now);

    // RFC 6749 section 4.1.3 and RFC 7636 section 4.6. A second use revokes what the first one
    // yielded.
    std::variant<Redeemed, Refusal> redeem_code(std::string_view code,
                                                std::string_view client_id,
                                                std::string_view redirect_uri,
                                                std::string_view code_verifier,
                                                Time now);

    // A new family, for a grant that came without a code (device flow).
    int start_family() { return ++last_family_; }

    std::string issue_refresh_token(const Grant& grant, int family);

    // Single use: the token is spent and its successor returned (RFC 9700 section 4.14.2). A spent
    // token revokes the family. `keep` leaves the token as it is and returns it again, as servers
    // without rotation do.
    enum class Rotation { rotate, keep };
    std::variant<Rotated, Refusal> refresh(std::string_view refresh_token,
                                           std::string_view client_id,
                                           Rotation rotation);

    void remember_access_token(const std::string& access_token, int family, Time expires_at);

    // Access tokens outlive a family that reuse has ended, as self-contained tokens do; an explicit
    // revocation ends them.
    [[nodiscard]] bool access_token_is_valid(std::string_view access_token, Time now) const;

    // RFC 7009: a refresh token takes its family and that family's access tokens with it; unknown
    // tokens are nobody's loss.
    void revoke(std::string_view token);

private:
    struct Code {
        Grant grant = {};
        Time expires_at = {};
        int family = 0;  // once spent
    };
    struct RefreshToken {
        Grant grant = {};
        int family = 0;
        bool spent = false;
    };
    struct AccessToken {
        int family = 0;
        Time expires_at = {};
        bool revoked = false;
    };
    struct Family {
        bool reused = false;
        bool revoked = false;
    };

    std::function<std::string()> random_;
    int last_family_ = 0;
    std::map<std::string, Code, std::less<>> codes_;
    std::map<std::string, RefreshToken, std::less<>> refresh_tokens_;
    std::map<std::string, AccessToken, std::less<>> access_tokens_;
    std::map<int, Family> families_;
};

// BASE64URL(SHA256(code_verifier)), RFC 7636 section 4.2.
std::string code_challenge_s256(std::string_view code_verifier);

// http to localhost, 127.0.0.1 or [::1] with any port (RFC 8252 section 7.3), without a fragment.
bool is_loopback_redirect(std::string_view uri);

}  // namespace handover::sandbox
