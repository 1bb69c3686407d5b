// Certificates, made when a test asks for them.
#pragma once

#include <ctime>
#include <string>

namespace handover::tls {

struct Made {
    std::string certificate = {};  // PEM
    std::string key = {};
    std::string locked_key = {};  // the same, with a passphrase
};

struct Wanted {
    std::string names = {};        // "DNS:gateway.test,IP:127.0.0.1"; empty: none but the subject's
    const Made* signer = nullptr;  // null: it signs itself
};

// For "gateway.test"; valid from a day before `now` on, for so many seconds from `now` on.
Made make_certificate(std::time_t now, long seconds, const Wanted& wanted = {});

}  // namespace handover::tls
