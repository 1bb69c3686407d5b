// What passes between the process that wants a refresh and the child that carries it out: an order
// there, a report back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/refresh.hpp"

namespace handover::auth {

// Everything the child needs but the secrets: those it reads from the store.
struct RefreshOrder {
    RefreshWork work = {};    // without `seen_access_token`
    std::string folder = {};  // the credentials, as an absolute path
    std::string cache = {};   // discovery documents
    std::string proxy = {};   // [http] of the config
    std::string ca_file = {};
    int log_level = 0;  // log::Level and log::Format of the process that waits
    int log_format = 0;
};

struct RefreshReport {
    bool sent = false;
    bool refreshed = false;  // the store holds the successor
    std::optional<Error> trouble = {};
    std::optional<Credential> unsaved = {};  // the successor, where it could not be stored
    std::uint64_t generation = 0;  // with `unsaved`: of the lock when the request was sent
    std::string log = {};          // lines for stderr
};

std::string print_order(const RefreshOrder& order);
std::optional<RefreshOrder> parse_order(std::string_view json);

// Holds tokens where `unsaved` is set: wipe it.
std::string print_report(const RefreshReport& report);
std::optional<RefreshReport> parse_report(std::string_view json);

}  // namespace handover::auth
