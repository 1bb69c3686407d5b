// Which trust roots TLS uses. A directory of hashed names is preferred: it costs 3 ms where reading
// Debian's one CA file costs 18.
#pragma once

#include <string>

namespace handover::http {

struct TrustRoots {
    std::string file = {};  // at most one of the two is set; none: the library's own default
    std::string directory = {};

    bool operator==(const TrustRoots&) const = default;
};

// `ca_file` as configured, else SSL_CERT_FILE, else SSL_CERT_DIR, else a system directory with
// hashed names, else a system file.
TrustRoots find_trust_roots(const std::string& ca_file);

// True if the folder holds at least one name as OpenSSL looks certificates up ("9d04f354.0").
bool has_hashed_names(const std::string& folder);

}  // namespace handover::http
