// Which URLs may be an endpoint of an authorization server, and what two URLs have in common. Pure.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace handover::auth::oauth2 {

// 127.0.0.0/8, ::1 (also in brackets) or `localhost`; nothing else, no matter what DNS says.
bool is_loopback_host(std::string_view host);

// The URL's host is a loopback one.
bool is_loopback_url(std::string_view url);

// An absolute URL that is https, or http on a loopback host, without user information and without a
// fragment (RFC 6749 section 3.1). `name` says which endpoint it is; the error is CONFIG_INVALID.
Result<void> check_endpoint_url(std::string_view url, std::string_view name);

// "https://example.com" or "http://127.0.0.1:9000": scheme and host in lower case, the port where
// it is not the scheme's own. Nothing for what is not an absolute http or https URL.
std::optional<std::string> origin_of(std::string_view url);

}  // namespace handover::auth::oauth2
