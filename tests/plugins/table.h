/* A table that works, for plugins that fail elsewhere. */
#include <handover/plugin.h>

#include <stddef.h>

static handover_status create(const handover_host* host,
                              const handover_config* config,
                              handover_instance** instance,
                              const handover_error_output* error) {
    static char any;
    (void)host;
    (void)config;
    (void)error;
    *instance = (handover_instance*)&any;
    return HANDOVER_OK;
}

static void destroy(handover_instance* instance) {
    (void)instance;
}

static handover_status prepare(const handover_instance* instance,
                               const handover_request* request,
                               const handover_prepare_output* output) {
    static const handover_string path = {"/chat/completions", 17};
    (void)instance;
    (void)request;
    output->set_path(output->context, path);
    return HANDOVER_OK;
}

static void classify(const handover_instance* instance,
                     const handover_failure* failure,
                     const handover_classify_output* output) {
    (void)instance;
    (void)failure;
    (void)output;
}

static const handover_plugin table = {
    sizeof(handover_plugin), HANDOVER_ABI_MINOR, create, destroy, prepare, classify, NULL};
