// The command line of handover-sandbox.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace handover::sandbox {

struct Options {
    std::uint16_t port = 0;  // 0: any free one
    std::chrono::milliseconds token_lifetime = std::chrono::hours(1);
    std::vector<std::string> faults = {};  // NAME or NAME=VALUE
    bool exit_with_parent = false;
    bool help = false;
};

// USAGE for anything it does not know.
Result<Options> parse_options(const std::vector<std::string>& arguments);

std::string usage();

}  // namespace handover::sandbox
