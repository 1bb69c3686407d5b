// What goes out: the plugin's request under the config's headers, with the credential attached
// last. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "plugins/plugin.hpp"
#include "providers/provider.hpp"
#include "run/destination.hpp"

namespace handover::run {

// Headers that neither a plugin nor a config may set, whatever the method attaches.
bool is_host_header(std::string_view name);

// PLUGIN_FAILED or CONFIG_INVALID where the parts do not fit together.
// The request borrows `body`.
Result<http::Request> outgoing_request(const providers::Provider& provider,
                                       const Destination& destination,
                                       const plugins::PreparedRequest& prepared,
                                       std::string_view body,
                                       std::vector<http::SecretHeader> credentials);

}  // namespace handover::run
