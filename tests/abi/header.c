/* plugin.h alone compiles as C11, and its layout is what version 1.0 promised. A change here breaks
 * every plugin that exists. */
#include <handover/ext/limits.h>
#include <handover/ext/models.h>
#include <handover/plugin.h>

#define AT(type, member, offset) \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " moved")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " changed its size")

SIZE(handover_string, 16);
SIZE(handover_pair, 32);
SIZE(handover_status, 4);
SIZE(handover_verdict, 4);
SIZE(handover_log_level, 4);

AT(handover_host, size, 0);
AT(handover_host, abi_minor, 4);
AT(handover_host, context, 8);
AT(handover_host, log, 16);
SIZE(handover_host, 24);

AT(handover_config, provider, 8);
AT(handover_config, base_url, 24);
AT(handover_config, model, 40);
AT(handover_config, options, 56);
AT(handover_config, version, 72);
SIZE(handover_config, 88);

AT(handover_error_output, context, 8);
AT(handover_error_output, set_message, 16);
SIZE(handover_error_output, 24);

AT(handover_request, stream, 4);
AT(handover_request, dialect, 8);
AT(handover_request, model, 24);
AT(handover_request, body, 40);
AT(handover_request, session, 56);
SIZE(handover_request, 72);

AT(handover_prepare_output, context, 8);
AT(handover_prepare_output, set_method, 16);
AT(handover_prepare_output, set_path, 24);
AT(handover_prepare_output, set_host, 32);
AT(handover_prepare_output, add_header, 40);
AT(handover_prepare_output, set_body, 48);
AT(handover_prepare_output, use_request_body, 56);
AT(handover_prepare_output, set_upstream_streams, 64);
AT(handover_prepare_output, set_message, 72);
SIZE(handover_prepare_output, 80);

AT(handover_failure, status, 4);
AT(handover_failure, headers, 8);
AT(handover_failure, header_count, 16);
AT(handover_failure, body, 24);
AT(handover_failure, now, 40);
SIZE(handover_failure, 48);

AT(handover_classify_output, context, 8);
AT(handover_classify_output, set_verdict, 16);
AT(handover_classify_output, set_until, 24);
AT(handover_classify_output, set_message, 32);
SIZE(handover_classify_output, 40);

AT(handover_plugin, size, 0);
AT(handover_plugin, abi_minor, 4);
AT(handover_plugin, create, 8);
AT(handover_plugin, destroy, 16);
AT(handover_plugin, prepare, 24);
AT(handover_plugin, classify, 32);
AT(handover_plugin, get_extension, 40);
SIZE(handover_plugin, 48);

AT(handover_limit_window, name, 8);
AT(handover_limit_window, used_percent, 24);
AT(handover_limit_window, limit, 32);
AT(handover_limit_window, remaining, 40);
AT(handover_limit_window, window_seconds, 48);
AT(handover_limit_window, resets_at, 56);
SIZE(handover_limit_window, 64);

AT(handover_limits_output, context, 8);
AT(handover_limits_output, add_window, 16);
SIZE(handover_limits_output, 24);

AT(handover_limits, read, 8);
SIZE(handover_limits, 16);

AT(handover_model, id, 8);
AT(handover_model, display_name, 24);
AT(handover_model, owner, 40);
AT(handover_model, context_window, 56);
AT(handover_model, created, 64);
SIZE(handover_model, 72);

AT(handover_models_output, context, 8);
AT(handover_models_output, add_model, 16);
AT(handover_models_output, set_message, 24);
SIZE(handover_models_output, 32);

AT(handover_models, prepare, 8);
AT(handover_models, read, 16);
SIZE(handover_models, 24);

_Static_assert(HANDOVER_VERDICT_TRANSIENT == 6 && HANDOVER_FAILED == 2 && HANDOVER_LOG_DEBUG == 3,
               "numbers are the ABI");
