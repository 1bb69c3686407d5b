// Which methods can be logged in to with a code on another device.
#pragma once

#include <string>

#include "auth/broker.hpp"
#include "auth/endpoints.hpp"

namespace handover::auth::login {

// All the endpoints that the method's device flow needs are among these.
bool has_device_endpoints(const Method& method, const EffectiveEndpoints& endpoints);

// "handover auth login codex --device"
std::string device_login_command(const Target& target);

}  // namespace handover::auth::login
