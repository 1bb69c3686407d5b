#include "gateway/client_config.hpp"

#include <fmt/format.h>

#include "text/nearest.hpp"

namespace handover::gateway {
namespace {

constexpr std::string_view unix_scheme = "unix:";
// The variables that hold a key of the gateway.
constexpr std::string_view url_key = "OPENAI_API_KEY";
constexpr std::string_view socket_key = "HANDOVER_GATEWAY_KEY";

constexpr std::string_view codex_lines =
    R"TEXT(# ~/.codex/config.toml; the key: eval "$(handover serve --print-env)"
# This line before the first [table] of the file, in place of one of that name:
model_provider = "handover"

# These at its end:
[model_providers.handover]
name = "Handover"
base_url = "{}"
wire_api = "responses"
env_key = "OPENAI_API_KEY"

# A model behind a chat API knows no groups of tools, and often no web search. For one, also:
# web_search = "disabled"    (before the first [table])
# [features]
# multi_agent = false
)TEXT";

constexpr std::string_view node_lines =
    R"TEXT(// the key: eval "$(handover serve --print-env)"
import OpenAI from 'openai';

const client = new OpenAI({{ baseURL: '{}', apiKey: process.env.OPENAI_API_KEY }});
)TEXT";

constexpr std::string_view python_lines =
    R"TEXT(# the key: eval "$(handover serve --print-env)"
import os
from openai import OpenAI

client = OpenAI(base_url="{}", api_key=os.environ["OPENAI_API_KEY"])
)TEXT";

constexpr std::string_view curl_lines =
    R"TEXT(# the key: eval "$(handover serve --print-env)"{1}
curl {0}/responses -H "Authorization: Bearer ${2}" \
  -H "Content-Type: application/json" -d '{{"model": "{3}", "input": "Say hello"}}'
)TEXT";

// In single quotes, as a POSIX shell reads it.
std::string shell_word(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out.push_back(c);
        }
    }
    return out + "'";
}

Failure no_such_client(const std::string& client) {
    const std::vector<std::string> known = {"codex", "openai-node", "openai-python", "curl"};
    return fail({.code = Errc::usage,
                 .message = "no lines are known for the client \"" + client + "\"." +
                            text::did_you_mean(client, known),
                 .reason = {},
                 .fix = "one of codex, openai-node, openai-python, curl"});
}

std::string curl_command(const std::string& url, const std::string& model) {
    const bool is_unix = url.starts_with(unix_scheme);
    const auto where = is_unix ? "--unix-socket " + shell_word(url.substr(unix_scheme.size())) +
                                     " http://localhost/v1"
                               : url + "/v1";
    return fmt::format(fmt::runtime(curl_lines),
                       where,
                       model.empty() ? "\n# MODEL: one of those that `handover models` lists" : "",
                       is_unix ? socket_key : url_key,
                       model.empty() ? "MODEL" : model);
}

Failure no_url() {
    return fail({.code = Errc::usage,
                 .message = "this client takes a URL, not a Unix socket",
                 .reason = {},
                 .fix = "listen on ADDRESS:PORT for it"});
}

}  // namespace

std::string environment_lines(const std::string& url, std::string_view key) {
    if (url.starts_with(unix_scheme)) {
        // No variable tells the openai packages of a socket: with OPENAI_API_KEY alone they would
        // show this key to api.openai.com.
        return fmt::format("export {}={}\n", socket_key, shell_word(key));
    }
    return fmt::format("export OPENAI_BASE_URL={}\nexport OPENAI_API_KEY={}\n",
                       shell_word(url + "/v1"),
                       shell_word(key));
}

Result<std::string> client_config(const std::string& client,
                                  const std::string& url,
                                  const std::string& model) {
    const bool is_unix = url.starts_with(unix_scheme);
    const auto base = url + "/v1";
    if (client == "curl") return curl_command(url, model);
    std::string_view lines;
    if (client == "codex") lines = codex_lines;
    if (client == "openai-node") lines = node_lines;
    if (client == "openai-python") lines = python_lines;
    if (lines.empty()) return no_such_client(client);
    if (is_unix) return no_url();
    return fmt::format(fmt::runtime(lines), base);
}

}  // namespace handover::gateway
