// Whether the servers in use answer: one HEAD to each origin, all at a time, no credential sent.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "doctor/finding.hpp"
#include "doctor/machine.hpp"
#include "http/message.hpp"
#include "providers/provider.hpp"

namespace handover::doctor {

struct Endpoint {
    std::string origin = {};
    std::string url = {};                    // the first of that origin
    std::vector<std::string> used_for = {};  // "base URL of codex"

    bool operator==(const Endpoint&) const = default;
};

// By origin, in the order of the providers. Pure.
std::vector<Endpoint> endpoints_of(const std::vector<providers::Provider>& providers);

struct Answer {
    Endpoint endpoint = {};
    http::Outcome outcome = {};
    Time sent = {};
    Time received = {};
};

std::vector<Answer> ask(const std::vector<Endpoint>& endpoints,
                        const http::Send& send,
                        const auth::Clock& clock,
                        const std::stop_token& stop);

Finding judge_answer(const Answer& answer);

// What the answers tell of the time.
std::vector<Skew> skews_of(const std::vector<Answer>& answers);

// One redirect URI of a login, and whether its port can be had: 0, or an error number's text.
struct PortFacts {
    std::string uri = {};
    std::string trouble = {};  // empty: it is free
};
std::vector<PortFacts> measure_ports(const std::vector<std::string>& redirect_uris);
Finding judge_ports(const std::vector<PortFacts>& ports);

}  // namespace handover::doctor
