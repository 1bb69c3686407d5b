// Says when the gateway's certificate is about to end: whenever it is taken into use, and then once
// a day. Pure.
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "tls/validity.hpp"

namespace handover::gateway {

class CertificateReminder {
public:
    // From now on that one; nothing: none. What is to be said, as for `look`.
    std::optional<std::string> take(std::optional<tls::Validity> validity, std::time_t now);
    std::optional<std::string> look(std::time_t now);

private:
    std::optional<tls::Validity> of_ = {};
    std::optional<std::time_t> said_ = {};
};

}  // namespace handover::gateway
