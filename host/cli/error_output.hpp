// How an error looks on stderr. Every text passes redaction and loses its control characters here.
#pragma once

#include <handover/error.hpp>

#include <string>

namespace handover::cli {

// "error: MESSAGE [CODE]", then "  reason: ..." and "  fix: ..." where there are any.
std::string error_text(const Error& error, bool color);

// {"error": {"code", "message", "reason", "fix"}} on one line.
std::string error_json(const Error& error);

}  // namespace handover::cli
