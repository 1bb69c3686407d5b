// `options` of a provider against what the plugin's manifest lists.
#pragma once

#include "config/table_reader.hpp"
#include "providers/layers.hpp"
#include "providers/provider.hpp"

namespace handover::providers {

// Fills `options`, a JSON object with the manifest's defaults filled in, and the origins of its
// values.
void merge_options(const Layers& layers, Provider& provider, config::Problems& problems);

}  // namespace handover::providers
