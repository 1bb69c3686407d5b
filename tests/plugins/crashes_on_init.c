#include <signal.h>

#include "table.h"

/* The default action first: a sanitizer's handler would turn the signal into an exit status. */
__attribute__((constructor)) static void crash(void) {
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
}

const handover_plugin* HANDOVER_ENTRY(const handover_host* host) {
    (void)host;
    return &table;
}
