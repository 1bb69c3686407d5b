// The plugin for OpenAI and everything that speaks its wire APIs: requests pass through, failures
// are told apart.
#pragma once

#include <handover/plugin.hpp>

#include <string>
#include <vector>

namespace handover::openai {

struct Settings {
    std::string model = {};  // where a request names none
    std::string organization = {};
    std::string project = {};
    std::string user_agent = {};
};

// Throws std::runtime_error if the options are not what the manifest lists.
Settings read_settings(const sdk::Config& config);

sdk::PrepareAnswer prepare(const Settings& settings, const sdk::Request& request);
sdk::Classification classify(const sdk::Failure& failure);
std::vector<sdk::LimitWindow> limits(const sdk::AnswerHeaders& answer);
sdk::ModelsRequest models_request(const Settings& settings);

}  // namespace handover::openai
