// A provider's auth methods: the manifest's, with the preset's and the config's overrides, and
// those that they add.
#pragma once

#include "config/table_reader.hpp"
#include "providers/layers.hpp"
#include "providers/provider.hpp"

namespace handover::providers {

// Fills `methods`, `config_env` and the origins of their values. `base_url` and
// `manifest_env_applies` are set already.
void merge_methods(const Layers& layers, Provider& provider, config::Problems& problems);

}  // namespace handover::providers
