// What a plugin may put into a request. The credential is attached afterwards, so these rules
// decide where it can go. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace handover::plugins {

// Each says what is wrong, for an error's reason; nothing if all is well.

// "GET" or "POST".
std::optional<std::string> method_breach(std::string_view method);

// Path and query that stay below any base URL they are appended to, however a server or a proxy on
// the way decodes them.
std::optional<std::string> path_breach(std::string_view path);

// A header the host does not own. `owned` are those of the auth method's attach, compared without
// case.
std::optional<std::string> header_breach(std::string_view name,
                                         std::string_view value,
                                         const std::vector<std::string>& owned);

}  // namespace handover::plugins
