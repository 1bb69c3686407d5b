#include <unistd.h>

#include "table.h"

/* With the status of success: the host must not take that for a plugin that loaded. */
__attribute__((constructor)) static void leave(void) {
    _exit(0);
}

const handover_plugin* HANDOVER_ENTRY(const handover_host* host) {
    (void)host;
    return &table;
}
