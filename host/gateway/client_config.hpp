// The lines that make a client use the gateway. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace handover::gateway {

// For `eval` in a shell: OPENAI_BASE_URL and OPENAI_API_KEY. A Unix socket has no URL: there the
// socket's path and the key alone.
std::string environment_lines(const std::string& url, std::string_view key);

// codex, openai-node, openai-python, curl. They read the key from OPENAI_API_KEY: it stands in none
// of them. USAGE names the clients there are.
Result<std::string> client_config(const std::string& client, const std::string& url);

}  // namespace handover::gateway
