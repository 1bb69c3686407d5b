// The plugin for the codex backend: how a request has to look there, and what its failures mean.
#pragma once

#include <handover/plugin.hpp>

#include <string>
#include <vector>

namespace handover::codex {

struct Settings {
    std::string provider = "codex";
    std::string model = {};  // where a request names none
    std::string originator = "handover";
    std::string version = {};  // the host's
};

// Throws std::runtime_error if the options are not what the manifest lists.
Settings read_settings(const sdk::Config& config);

sdk::PrepareAnswer prepare(const Settings& settings, const sdk::Request& request);
sdk::Classification classify(const sdk::Failure& failure);
std::vector<sdk::LimitWindow> limits(const sdk::AnswerHeaders& answer);

}  // namespace handover::codex
