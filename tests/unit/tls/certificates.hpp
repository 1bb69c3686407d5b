// Certificates that sign themselves, made when a test asks for them.
#pragma once

#include <ctime>
#include <string>

namespace handover::tls {

struct Made {
    std::string certificate = {};  // PEM
    std::string key = {};
    std::string locked_key = {};  // the same, with a passphrase
};

// Valid from a day before `now` on, for so many seconds from `now` on.
Made make_certificate(std::time_t now, long seconds);

}  // namespace handover::tls
