#include "cli/exit_status.hpp"

namespace handover::cli {

// No default: a new code without a status does not compile.
int exit_status(Errc code) {
    switch (code) {
        case Errc::internal:
            return exit_internal;
        case Errc::usage:
        case Errc::batch_input_invalid:
            return exit_usage;
        case Errc::config_not_found:
        case Errc::config_invalid:
        case Errc::provider_unknown:
            return exit_config;
        case Errc::auth_no_credential:
        case Errc::auth_not_logged_in:
        case Errc::auth_session_expired:
        case Errc::auth_refresh_unavailable:
        case Errc::auth_timeout:
        case Errc::auth_cancelled:
        case Errc::auth_denied:
        case Errc::auth_state_mismatch:
        case Errc::auth_callback_invalid:
        case Errc::auth_port_busy:
        case Errc::auth_token_exchange_failed:
        case Errc::auth_id_token_invalid:
        case Errc::auth_method_unsupported:
        case Errc::store_permissions:
        case Errc::store_corrupt:
        case Errc::store_io:
            return exit_authentication;
        case Errc::provider_rejected:
        case Errc::provider_rate_limited:
        case Errc::provider_quota_exhausted:
        case Errc::provider_unavailable:
            return exit_provider;
        case Errc::plugin_not_found:
        case Errc::plugin_invalid:
        case Errc::plugin_abi_mismatch:
        case Errc::plugin_untrusted:
        case Errc::plugin_failed:
            return exit_plugin;
    }
    return exit_internal;
}

}  // namespace handover::cli
