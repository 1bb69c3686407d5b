// A credential's limits as `auth status` and `limits` show them.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "limits/ledger.hpp"

namespace handover::cli {

// `windows` and `blocked`.
boost::json::object ledger_json(const limits::Ledger& ledger);

// What is known of the credential of a row of `auth status`.
limits::Ledger known_limits(const auth::StatusReport& report, const std::filesystem::path& state);

// Lines for people; none where nothing is known.
std::vector<std::string> limit_notes(const limits::Ledger& ledger, Time now);

}  // namespace handover::cli
