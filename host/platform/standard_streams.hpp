// Descriptors 0, 1 and 2.
#pragma once

namespace handover::platform {

// /dev/null in place of those that the caller closed: otherwise the next file that is opened would
// be taken for standard output. Called first of all.
void open_missing_standard_streams();

}  // namespace handover::platform
