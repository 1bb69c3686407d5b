// Streams of the real process: descriptors 0, 1 and 2.
#pragma once

#include "cli/options.hpp"
#include "cli/streams.hpp"

namespace handover::cli {

Streams process_streams(ColorWhen color);

}  // namespace handover::cli
