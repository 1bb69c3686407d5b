#include <handover/plugin.h>

#include <stddef.h>

const handover_plugin* HANDOVER_ENTRY(const handover_host* host) {
    (void)host;
    return NULL;
}
