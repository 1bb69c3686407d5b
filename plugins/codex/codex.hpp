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
    // Models that need a newer client than this are not listed; the backend insists on one.
    std::string client_version = "99.99.99";
    std::string version = {};  // the host's
};

// Throws std::runtime_error if the options are not what the manifest lists.
Settings read_settings(const sdk::Config& config);

sdk::PrepareAnswer prepare(const Settings& settings, const sdk::Request& request);
sdk::Classification classify(const sdk::Failure& failure);
std::vector<sdk::LimitWindow> limits(const sdk::AnswerHeaders& answer);
sdk::ModelsRequest models_request(const Settings& settings);

}  // namespace handover::codex
