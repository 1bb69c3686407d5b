#include <stdexcept>

#include "table.h"

namespace {

struct Throws {
    Throws() { throw std::runtime_error("thrown by a constructor"); }
};

const Throws throws;

}  // namespace

const handover_plugin* HANDOVER_ENTRY(const handover_host*) {
    return &table;
}
