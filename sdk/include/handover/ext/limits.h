/* Extension "handover.limits/1": what a response's headers say about the provider's limits.
 *
 * Answered by handover_plugin.get_extension with a handover_limits table. The host calls `read` for every answer, success or failure,
 * keeps what it learns per credential, and shows it (`handover limits`, `handover auth status`).
 */
#ifndef HANDOVER_EXT_LIMITS_H
#define HANDOVER_EXT_LIMITS_H

#include <handover/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HANDOVER_EXT_LIMITS "handover.limits/1"

/* One window of a limit. A member that is not known is negative (numbers) or empty (strings). */
typedef struct handover_limit_window {
    uint32_t size;
    uint32_t reserved;
    handover_string name;   /* what is limited, stable: "primary", "requests", "tokens" */
    double used_percent;    /* 0 to 100 */
    int64_t limit;          /* how much the window holds */
    int64_t remaining;      /* how much of it is left */
    int64_t window_seconds; /* how long the window is */
    int64_t resets_at;      /* Unix time in seconds when it is full again */
} handover_limit_window;

/* Where `read` puts its answer. */
typedef struct handover_limits_output {
    uint32_t size;
    uint32_t reserved;
    void* context;
    /* Adds a window; copied before this returns. A second one of the same name replaces the first.  [any-thread] */
    void (*add_window)(void* context, const handover_limit_window* window);
} handover_limits_output;

typedef struct handover_limits {
    uint32_t size;
    uint32_t reserved;
    /* Reads the windows from the headers of one answer. `now` is Unix time in seconds: relative times count from it. Headers it does not
     * know are ignored. Borrowed: everything, until the call returns.  [any-thread] */
    void (*read)(const handover_instance* instance,
                 const handover_pair* headers,
                 size_t header_count,
                 int64_t now,
                 const handover_limits_output* output);
} handover_limits;

#ifdef __cplusplus
}
#endif

#endif
