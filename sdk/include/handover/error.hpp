// The one error type of Handover: what happened, why, and how to mend it. Standard library only.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace handover {

// Stable codes. The printed form is the upper-case name (`AUTH_TIMEOUT`); docs/errors.md lists cause and fix of each.
enum class Errc {
    auth_no_credential,
    auth_not_logged_in,
    auth_session_expired,
    auth_refresh_unavailable,
    auth_timeout,
    auth_cancelled,
    auth_denied,
    auth_state_mismatch,
    auth_callback_invalid,
    auth_port_busy,
    auth_token_exchange_failed,
    auth_id_token_invalid,
    auth_method_unsupported,
    store_permissions,
    store_corrupt,
    store_io,
    config_not_found,
    config_invalid,
    provider_unknown,
    provider_rejected,
    provider_rate_limited,
    provider_quota_exhausted,
    provider_unavailable,
    plugin_not_found,
    plugin_invalid,
    plugin_abi_mismatch,
    plugin_untrusted,
    plugin_failed,
    batch_input_invalid,
    usage,
    internal,
};

inline constexpr std::array errc_names = {
    std::string_view("AUTH_NO_CREDENTIAL"),
    std::string_view("AUTH_NOT_LOGGED_IN"),
    std::string_view("AUTH_SESSION_EXPIRED"),
    std::string_view("AUTH_REFRESH_UNAVAILABLE"),
    std::string_view("AUTH_TIMEOUT"),
    std::string_view("AUTH_CANCELLED"),
    std::string_view("AUTH_DENIED"),
    std::string_view("AUTH_STATE_MISMATCH"),
    std::string_view("AUTH_CALLBACK_INVALID"),
    std::string_view("AUTH_PORT_BUSY"),
    std::string_view("AUTH_TOKEN_EXCHANGE_FAILED"),
    std::string_view("AUTH_ID_TOKEN_INVALID"),
    std::string_view("AUTH_METHOD_UNSUPPORTED"),
    std::string_view("STORE_PERMISSIONS"),
    std::string_view("STORE_CORRUPT"),
    std::string_view("STORE_IO"),
    std::string_view("CONFIG_NOT_FOUND"),
    std::string_view("CONFIG_INVALID"),
    std::string_view("PROVIDER_UNKNOWN"),
    std::string_view("PROVIDER_REJECTED"),
    std::string_view("PROVIDER_RATE_LIMITED"),
    std::string_view("PROVIDER_QUOTA_EXHAUSTED"),
    std::string_view("PROVIDER_UNAVAILABLE"),
    std::string_view("PLUGIN_NOT_FOUND"),
    std::string_view("PLUGIN_INVALID"),
    std::string_view("PLUGIN_ABI_MISMATCH"),
    std::string_view("PLUGIN_UNTRUSTED"),
    std::string_view("PLUGIN_FAILED"),
    std::string_view("BATCH_INPUT_INVALID"),
    std::string_view("USAGE"),
    std::string_view("INTERNAL"),
};
static_assert(errc_names.size() == static_cast<std::size_t>(Errc::internal) + 1);

// The stable printed name of a code.
constexpr std::string_view code_name(Errc code) {
    return errc_names.at(static_cast<std::size_t>(code));
}

// Printed in this order; never carries a secret. Text that came from outside is quoted as such.
struct Error {
    Errc code = Errc::internal;
    std::string message = {};  // what happened, to which provider, file or URL
    std::string reason = {};   // why, as far as is known
    std::string fix = {};      // what to do next, as a command where there is one

    bool operator==(const Error&) const = default;
};

}  // namespace handover
