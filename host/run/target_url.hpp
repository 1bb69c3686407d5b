// The URL a request goes to: the provider's base or one of the manifest's hosts, the plugin's path
// below it, the config's query. Pure.
#pragma once

#include <handover/result.hpp>

#include <map>
#include <string>

namespace handover::run {

struct UrlParts {
    std::string base = {};                          // base URL or host; a trailing slash is ignored
    std::string path = {};                          // the plugin's path and query, begins with '/'
    std::map<std::string, std::string> query = {};  // the config's, appended percent-encoded
    bool allow_http = false;                        // plain http to a host that is not loopback
};

// The result has the base's scheme and authority, whatever the path says. PLUGIN_FAILED for a path
// that would leave the base, CONFIG_INVALID for a base that cannot be used.
Result<std::string> target_url(const UrlParts& parts);

}  // namespace handover::run
