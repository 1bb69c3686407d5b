// URLs as config and manifests may state them: where a credential may go is decided by these few
// questions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace handover::config {

struct Url {
    std::string scheme = {};       // lower case
    std::string host = {};         // lower case; an IPv6 address in brackets
    std::optional<int> port = {};  // as written
    std::string path = {};         // still percent-encoded
    bool has_userinfo = false;
    bool has_query = false;
    bool has_fragment = false;

    [[nodiscard]] bool loopback() const;  // localhost, 127.0.0.0/8, [::1]
    [[nodiscard]] std::string origin()
        const;  // "https://host:443": scheme, host and effective port
};

// Nothing unless `text` is an absolute http or https URL with a host (RFC 3986).
std::optional<Url> parse_url(std::string_view text);

// What is wrong with `text` as an https URL, or http one on a loopback address, without user name,
// query and fragment; empty if nothing.
std::string url_fault(std::string_view text);

}  // namespace handover::config
