// The URL a request goes to: the provider's base or one of the manifest's hosts, the plugin's path
// below it, the config's query. Pure.
#pragma once

#include <handover/result.hpp>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "http/target.hpp"

namespace handover::run {

// What requests may go below, checked once for all of them.
struct Base {
    std::string url = {};           // without a slash at its end, without a query
    std::size_t authority_end = 0;  // of `url`: scheme and authority stand before it
    std::shared_ptr<const http::Target> target = {};
};

// CONFIG_INVALID for a URL that cannot be one. `allow_http`: plain http to a host that is not
// loopback.
Result<Base> usable_base(std::string_view url, bool allow_http);

// `path` is the plugin's path and query and begins with '/'; `query` is the config's, appended
// percent-encoded. The result has the base's scheme and authority, whatever the path says:
// PLUGIN_FAILED for one that would leave the base.
Result<std::string> url_below(const Base& base,
                              std::string_view path,
                              const std::map<std::string, std::string>& query);

}  // namespace handover::run
