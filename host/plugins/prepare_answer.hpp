// What a plugin says through the setters of handover_prepare_output, and whether the host takes it.
#pragma once

#include <handover/plugin.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/plugin.hpp"

namespace handover::plugins {

// What the plugin passed to a setter, or nothing if it is no string at all.
inline std::optional<std::string_view> given(handover_string text) {
    if (text.size == 0) return std::string_view();
    if (text.data == nullptr) return std::nullopt;
    return std::string_view(text.data, text.size);
}

// Nothing of it is believed yet.
struct PrepareAnswer {
    PreparedRequest request = {};
    std::string message = {};
    std::string breach = {};  // the first rule a setter's argument broke
};

// The setters, writing into `answer`.
handover_prepare_output output_into(PrepareAnswer& answer);

// The first rule that the answer breaks.
std::optional<std::string> breach_of(const PrepareAnswer& answer,
                                     std::size_t host_count,
                                     const std::vector<std::string>& owned_headers);

}  // namespace handover::plugins
