// [providers.NAME] and presets are one grammar.
#pragma once

#include <string>

#include "config/config.hpp"
#include "config/table_reader.hpp"

namespace handover::config {

enum class SettingsOf {
    user,
    preset
};  // presets may also say `description` and `base_url_example`

// What is wrong goes into `problems`. `name` is what messages call the table.
ProviderSettings read_provider_settings(const Table& table,
                                        const std::string& name,
                                        SettingsOf whose,
                                        Problems& problems);

}  // namespace handover::config
