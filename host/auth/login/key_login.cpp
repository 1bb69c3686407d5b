#include <algorithm>

#include "auth/login/login.hpp"

namespace handover::auth {
namespace {

constexpr std::string_view own_key_prefix = "hok_";
constexpr std::size_t longest_key = 16U << 10U;

std::string_view stripped(std::string_view text) {
    constexpr std::string_view blank = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(blank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(blank) - first + 1);
}

Failure refused(const Target& target, std::string reason) {
    return fail({.code = Errc::auth_no_credential,
                 .message = "this cannot be an API key of " + target.provider,
                 .reason = std::move(reason),
                 .fix = "give the key alone, on one line: handover auth login " + target.provider +
                        " --with-api-key"});
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < ' ' || c == '\x7f';
    });
}

Result<void> check_key(const Target& target, std::string_view key) {
    if (key.empty()) return refused(target, "it is empty");
    if (key.size() > longest_key) return refused(target, "it is longer than any key");
    if (has_control_character(key))
        return refused(target, "it holds a control character, or more than one line");
    // Handover's own key would make the gateway call itself.
    if (key.starts_with(own_key_prefix))
        return refused(target, "it is a key of Handover's own gateway");
    return {};
}

}  // namespace

Result<Credential> login_with_api_key(
    Broker& broker, const Target& target, const Method& method, const Secret& key, Time now) {
    if (method.kind != Kind::api_key) {
        return fail({.code = Errc::auth_method_unsupported,
                     .message = "the auth method \"" + method.id + "\" of " + target.provider +
                                " takes no API key",
                     .reason = {},
                     .fix = "handover auth login " + target.provider});
    }
    const auto text = stripped(key.reveal());
    if (auto checked = check_key(target, text); !checked) return checked.failure();
    Credential credential;
    credential.id = {.provider = target.provider, .account = target.account};
    credential.method = method.id;
    credential.api_key = Secret(std::string(text));
    credential.obtained_at = now;
    credential.origins = target.origins;
    if (auto stored = broker.store_login(target, method, credential); !stored)
        return stored.failure();
    return credential;
}

}  // namespace handover::auth
