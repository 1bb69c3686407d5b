/* Extension "handover.models/1": which models the provider serves.
 *
 * Answered by handover_plugin.get_extension with a handover_models table. The host asks `prepare` for a request, sends it with the
 * credential attached as for any other, and gives the body of a good answer to `read`. It keeps what it learns for an hour per provider and
 * account (`handover models`, the gateway's list), and falls back to an older list where the provider cannot be reached.
 *
 * A list is no generation: for a subscription it does not wait for the one request that may be in flight.
 */
#ifndef HANDOVER_EXT_MODELS_H
#define HANDOVER_EXT_MODELS_H

#include <handover/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HANDOVER_EXT_MODELS "handover.models/1"

/* One model. A member that is not known is negative (numbers) or empty (strings); only `id` is required. */
typedef struct handover_model {
    uint32_t size;
    uint32_t reserved;
    handover_string id;           /* what a request names; at most 256 bytes, no control characters */
    handover_string display_name; /* for people; empty where it would repeat the id */
    handover_string owner;        /* who made it, as the provider says */
    int64_t context_window;       /* tokens that prompt and answer may have together */
    int64_t created;              /* Unix time in seconds */
} handover_model;

/* Where `read` puts its answer. */
typedef struct handover_models_output {
    uint32_t size;
    uint32_t reserved;
    void* context;
    /* Adds a model, in the order in which people should see them; copied before this returns. A second one with the same id is
     * ignored.  [any-thread] */
    void (*add_model)(void* context, const handover_model* model);
    /* What went wrong, when `read` does not return HANDOVER_OK.  [any-thread] */
    void (*set_message)(void* context, handover_string message);
} handover_models_output;

typedef struct handover_models {
    uint32_t size;
    uint32_t reserved;
    /* The request that asks for the list, through the setters of the provider's `prepare` and under the same rules. GET if set_method is
     * never called; there is no client's body to forward, so use_request_body sends none; set_upstream_streams is ignored.
     * HANDOVER_INVALID_REQUEST with a message where this provider has no list. Pure.  [any-thread] */
    handover_status (*prepare)(const handover_instance* instance, const handover_prepare_output* output);

    /* Reads the body of a good answer (at most 8 MiB). Models that the provider hides from choice are left out. HANDOVER_FAILED with
     * a message if it is no list of models. Borrowed: everything, until the call returns.  [any-thread] */
    handover_status (*read)(const handover_instance* instance, handover_string body, const handover_models_output* output);
} handover_models;

#ifdef __cplusplus
}
#endif

#endif
