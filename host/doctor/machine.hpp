// Clock, trusted certificates, proxies and the environment. Pure.
#pragma once

#include <handover/result.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/broker.hpp"
#include "doctor/finding.hpp"
#include "http/message.hpp"
#include "http/trust_roots.hpp"
#include "text/time.hpp"

namespace handover::doctor {

// This machine's clock against a server's; positive: ours is ahead.
struct Skew {
    std::string server = {};
    Milliseconds ahead = {};

    bool operator==(const Skew&) const = default;
};

// By the Date header of an answer, asked for at `sent` and there at `received`. Within a second and
// the way it took nothing is known: that counts as none. Nothing without such a header.
std::optional<Skew> skew_of(const std::string& server,
                            const std::vector<http::Header>& headers,
                            Time sent,
                            Time received);

// The server nearest to us counts: one that is wrong itself does not worry anybody.
Finding judge_skew(const std::vector<Skew>& skews);

Finding judge_trust_roots(const http::TrustRoots& used, const Result<void>& checked);

// `variable` as in "https_proxy", or "[http] proxy". The address is shown without a password.
Finding judge_proxy(std::string_view variable, const std::string& address, bool lower_case_set);

// A variable that may hold a provider's key.
struct KeyVariable {
    std::string value = {};
    bool wins = false;
    std::string reason = {};  // why not
};
Finding judge_key_variable(const KeyVariable& variable);

// HANDOVER_SOMETHING that nothing reads; nothing for the others.
std::optional<Finding> judge_own_variable(const std::string& name);

}  // namespace handover::doctor
