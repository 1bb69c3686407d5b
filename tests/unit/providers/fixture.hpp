// Two plugins and a config, without files or loading.
#pragma once

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <string>

#include "plugins/manifest.hpp"
#include "providers/provider.hpp"

namespace handover::test {

inline const std::string plan_manifest = R"(manifest = 1
[plugin]
id = "plan"
version = "1"
[provider]
dialects = ["responses"]
base_url = "https://plan.example.com/api"
hosts = ["https://files.example.com"]
default_model = "large"
concurrency = 4
[provider.options.originator]
type = "string"
default = "handover"
[provider.options.depth]
type = "integer"
[[auth]]
id = "subscription"
kind = "oauth2"
billing = "subscription"
issuer = "https://id.example.com"
discovery = "fallback"
authorization_endpoint = "{issuer}/authorize"
token_endpoint = "https://id.example.com/token"
client_id = "app"
scopes = ["openid"]
[auth.attach]
Authorization = "Bearer {access_token}"
[[auth]]
id = "api-key"
kind = "api_key"
billing = "metered"
env = ["PLAN_API_KEY"]
)";

inline const std::string openai_manifest = R"(manifest = 1
[plugin]
id = "openai"
version = "1"
[provider]
dialects = ["responses", "chat_completions", "embeddings"]
base_url = "https://api.openai.com/v1"
[[auth]]
id = "api-key"
kind = "api_key"
billing = "metered"
env = ["OPENAI_API_KEY"]
)";

struct World {
    config::Config config = {};

    explicit World(const std::string& toml) {
        auto parsed = config::parse_config(toml, "/etc/c.toml");
        INFO((parsed ? "" : parsed.error().message));
        REQUIRE(parsed);
        config = std::move(*parsed);
        config.exists = true;
    }

    [[nodiscard]] providers::Sources sources() const {
        return {.config = config,
                .manifest_of = [](const std::string& id) -> Result<plugins::Manifest> {
                    if (id == "plan") return plugins::parse_manifest(plan_manifest, "/lib/plan.so");
                    if (id == "openai")
                        return plugins::parse_manifest(openai_manifest, "/lib/openai.so");
                    if (id == "broken") {
                        return fail({.code = Errc::plugin_invalid,
                                     .message = "broken.so holds no manifest"});
                    }
                    return fail({.code = Errc::plugin_not_found,
                                 .message = "there is no plugin \"" + id + "\""});
                },
                .plugin_ids =
                    [] {
                        return std::vector<std::string>{"plan", "openai"};
                    }};
    }

    [[nodiscard]] Result<providers::Provider> resolve(const std::string& name) const {
        return providers::resolve(name, sources());
    }
};

inline providers::Provider resolved(const World& world, const std::string& name) {
    auto provider = world.resolve(name);
    if (!provider) FAIL(provider.error().message << "\n" << provider.error().reason);
    return std::move(*provider);
}

inline const auth::Method& method(const providers::Provider& provider, const std::string& id) {
    const auto found = std::find_if(provider.methods.begin(),
                                    provider.methods.end(),
                                    [&](const auto& one) { return one.id == id; });
    REQUIRE(found != provider.methods.end());
    return *found;
}

}  // namespace handover::test
