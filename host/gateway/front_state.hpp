// What the front judges requests by; replaced as a whole by a reload.
#pragma once

#include <cstdint>
#include <memory>

#include "config/front_settings.hpp"
#include "gateway/admission.hpp"

namespace handover::tls {
class Identity;
}

namespace handover::gateway {

struct FrontState {
    config::FrontSettings settings = {};
    std::uint64_t max_body = 32U << 20U;
    AdmissionRules rules = {};
    // Of connections over TCP; null: they are plain.
    std::shared_ptr<const tls::Identity> identity = {};
};

}  // namespace handover::gateway
