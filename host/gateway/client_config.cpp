#include "gateway/client_config.hpp"

#include <fmt/format.h>

#include "text/nearest.hpp"

namespace handover::gateway {
namespace {

constexpr std::string_view unix_scheme = "unix:";

constexpr std::string_view codex_lines =
    R"TEXT(# ~/.codex/config.toml; the key: eval "$(handover serve --print-env)"
model_provider = "handover"

[model_providers.handover]
name = "Handover"
base_url = "{}"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
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
    R"TEXT(# the key: eval "$(handover serve --print-env)"
curl {}/responses -H "Authorization: Bearer $OPENAI_API_KEY" \
  -H "Content-Type: application/json" -d '{{"input": "Say hello"}}'
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

Failure no_url() {
    return fail({.code = Errc::usage,
                 .message = "this client takes a URL, not a Unix socket",
                 .reason = {},
                 .fix = "listen on ADDRESS:PORT for it"});
}

}  // namespace

std::string environment_lines(const std::string& url, std::string_view key) {
    if (url.starts_with(unix_scheme)) {
        return fmt::format("export HANDOVER_GATEWAY_SOCKET={}\nexport OPENAI_API_KEY={}\n",
                           shell_word(std::string_view(url).substr(unix_scheme.size())),
                           shell_word(key));
    }
    return fmt::format("export OPENAI_BASE_URL={}\nexport OPENAI_API_KEY={}\n",
                       shell_word(url + "/v1"),
                       shell_word(key));
}

Result<std::string> client_config(const std::string& client, const std::string& url) {
    const bool is_unix = url.starts_with(unix_scheme);
    const auto base = url + "/v1";
    if (client == "curl") {
        if (!is_unix) return fmt::format(fmt::runtime(curl_lines), base);
        const auto path = shell_word(std::string_view(url).substr(unix_scheme.size()));
        return fmt::format(fmt::runtime(curl_lines),
                           "--unix-socket " + path + " http://localhost/v1");
    }
    std::string_view lines;
    if (client == "codex") lines = codex_lines;
    if (client == "openai-node") lines = node_lines;
    if (client == "openai-python") lines = python_lines;
    if (lines.empty()) return no_such_client(client);
    if (is_unix) return no_url();
    return fmt::format(fmt::runtime(lines), base);
}

}  // namespace handover::gateway
