// The first load of a plugin's bytes, tried in a child process: whatever its constructors do
// happens there.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "platform/process.hpp"
#include "plugins/index.hpp"

namespace handover::plugins {

// The child's exit status. Far from what programs use, so that a constructor calling exit() is not
// taken for one of them.
enum class TrialEnd : int {
    passed = 211,
    cannot_load = 212,  // the dynamic loader refused it, before any code of the plugin ran
    no_entry = 213,
    no_table = 214,
    threw = 215,
};

// What the end of the child means for the plugin `file`. PLUGIN_FAILED, in different words for
// threw, crashed, exited, hung. Passes `cannot_load` too: loading it here is as harmless and yields
// the loader's own words.
Result<void> judge_trial(const platform::Ended& ended,
                         const std::string& file,
                         std::chrono::milliseconds limit);

// Runs `self __trial DESCRIPTOR`.
Result<void> try_in_child(int descriptor,
                          const std::string& file,
                          const std::filesystem::path& self,
                          std::chrono::milliseconds limit);

// A plugin that passed, remembered by its bytes and, to spare hashing them, by the file they came
// from.
struct PassedTrial {
    std::string sha256 = {};
    std::string host_version = {};
    Identity file = {};

    bool operator==(const PassedTrial&) const = default;
};

// Failures are not remembered: a missing library may have been installed since. A damaged text is
// no results.
std::vector<PassedTrial> parse_trials(std::string_view json);
std::string print_trials(const std::vector<PassedTrial>& trials);

}  // namespace handover::plugins
