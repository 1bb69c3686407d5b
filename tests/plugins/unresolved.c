#include "table.h"

void handover_test_symbol_that_nobody_defines(void);

const handover_plugin* HANDOVER_ENTRY(const handover_host* host) {
    (void)host;
    handover_test_symbol_that_nobody_defines();
    return &table;
}
