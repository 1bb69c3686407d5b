// What `handover exec` puts into a program's environment. Pure.
#pragma once

#include <handover/result.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "secret/secret.hpp"

namespace handover::cli {

// What the placeholders stand for: {key}, {base_url}, {model}, {claim:NAME}.
struct ExecValues {
    Secret key = {};
    std::string base_url = {};
    std::string model = {};
    std::map<std::string, std::string> claims = {};
};

struct EnvironmentChanges {
    std::vector<std::pair<std::string, Secret>> set = {};
    std::vector<std::string> unset = {};
};

// `assignments` are the values of --env, "NAME=TEMPLATE"; without any, OPENAI_API_KEY={key} and
// OPENAI_BASE_URL={base_url}, and the other variables by which OpenAI's clients are told where to
// go or as whom are unset: they belong to another key. A brace that opens no placeholder stands for
// itself. USAGE for what is no assignment, an unknown placeholder, one that has no value, and a
// name given twice.
Result<EnvironmentChanges> exec_environment(const std::vector<std::string>& assignments,
                                            const ExecValues& values);

}  // namespace handover::cli
