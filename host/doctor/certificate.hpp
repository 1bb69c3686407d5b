// The gateway's TLS certificate, where it has one.
#pragma once

#include <ctime>
#include <string>

#include "doctor/finding.hpp"
#include "tls/validity.hpp"

namespace handover::doctor {

// `file`: where it was found, with its key, and usable.
Finding judge_certificate(const std::string& file, const tls::Validity& validity, std::time_t now);

}  // namespace handover::doctor
