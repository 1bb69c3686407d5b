// Which source serves a target: a pure function of the methods, what is stored and the environment.
// `resolve`, `status` and `explain` all use it, so that they cannot disagree.
#pragma once

#include <optional>
#include <vector>

#include "auth/broker.hpp"

namespace handover::auth {

// What the store said about a target's credential.
struct StoredSource {
    std::optional<Credential> credential = {};
    std::optional<Error> trouble =
        {};  // it could not be read: it may be a subscription for all we know
};

struct Choice {
    std::vector<Candidate> candidates = {};  // in the order of resolution
    const Method* winner = nullptr;          // of the target's methods
    Source source = {};
    Secret key = {};                  // environment: the key
    std::optional<Error> error = {};  // why there is no winner
};

// `can_ask`: a key could be asked for on a terminal.
Choice choose(const Target& target,
              const StoredSource& stored,
              const Environment& environment,
              bool can_ask);

// Why a key cannot be used; empty if it can. The gateway's own keys are refused: a client's
// environment would loop.
std::string refused_key(std::string_view key);

std::string_view without_white_space(std::string_view text);

// "handover auth login codex --account work"
std::string login_command(const CredentialId& id);
std::string refresh_command(const CredentialId& id);

}  // namespace handover::auth
