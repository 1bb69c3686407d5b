// What the front judges requests by; replaced as a whole by a reload.
#pragma once

#include <cstdint>

#include "config/front_settings.hpp"
#include "gateway/admission.hpp"

namespace handover::gateway {

struct FrontState {
    config::FrontSettings settings = {};
    std::uint64_t max_body = 32U << 20U;
    AdmissionRules rules = {};
};

}  // namespace handover::gateway
