// What a failed answer means for the user: the plugin's verdict as one of our errors, the
// provider's words quoted. Pure.
#pragma once

#include <handover/error.hpp>

#include <optional>
#include <string>
#include <vector>

#include "auth/method.hpp"
#include "http/message.hpp"
#include "plugins/plugin.hpp"

namespace handover::run {

// Where the answer came from, for the texts.
struct Origin {
    std::string provider = {};
    std::string account = {};
    auth::Kind kind = auth::Kind::none;
    std::string source = {};  // "stored", "env:NAME"
};

// A verdict of `other` is decided by the status (facts: official SDKs' classes); 0 for an event
// inside a stream.
plugins::Verdict settled_verdict(plugins::Verdict verdict, int status);

// Rate limited, overloaded and transient. Never quota, invalid requests or a refused credential.
bool is_worth_retrying(plugins::Verdict verdict);

// `failed` is the answer, with status 0 for an event inside a stream. `asked` is how long the
// server asked to wait.
Error provider_error(const plugins::Classification& classification,
                     const http::Response& failed,
                     const Origin& origin,
                     std::optional<Milliseconds> asked,
                     Time now);

// An answer that leads elsewhere; it is not followed.
Error redirect_error(int status, const std::vector<http::Header>& headers, const Origin& origin);

}  // namespace handover::run
