// The lines that make a client use the gateway. Pure.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace handover::gateway {

// For `eval` in a shell: OPENAI_BASE_URL and OPENAI_API_KEY. A Unix socket has no URL: there the
// key alone, as HANDOVER_GATEWAY_KEY, which no client takes for a key of OpenAI's.
std::string environment_lines(const std::string& url, std::string_view key);

// codex, openai-node, openai-python, curl. They read the key from the environment: it stands in
// none of them. `model`: for a request as an example; a placeholder if empty. USAGE names the
// clients there are.
Result<std::string> client_config(const std::string& client,
                                  const std::string& url,
                                  const std::string& model);

}  // namespace handover::gateway
