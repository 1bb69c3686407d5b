#include "doctor/network.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "auth/login/loopback_socket.hpp"
#include "config/url.hpp"

namespace handover::doctor {
namespace {

using namespace std::chrono_literals;

constexpr http::Limits patience = {.connect = 4s, .total = 6s, .max_body = 1U << 16U};

// Worth a word; nobody is to be alarmed by less.
constexpr Milliseconds slow = 2s;

class Gathering {
public:
    void add(const std::string& text, const std::string& use) {
        const auto url = config::parse_url(text);
        if (!url) return;
        const auto origin = url->origin();
        auto found = std::find_if(endpoints_.begin(), endpoints_.end(), [&](const Endpoint& one) {
            return one.origin == origin;
        });
        if (found == endpoints_.end())
            found = endpoints_.insert(found, {.origin = origin, .url = text});
        if (std::find(found->used_for.begin(), found->used_for.end(), use) == found->used_for.end())
            found->used_for.push_back(use);
    }
    std::vector<Endpoint> finish() { return std::move(endpoints_); }

private:
    std::vector<Endpoint> endpoints_;
};

}  // namespace

std::vector<Endpoint> endpoints_of(const std::vector<providers::Provider>& providers) {
    Gathering gathering;
    for (const auto& provider : providers) {
        gathering.add(provider.base_url, "requests of " + provider.name);
        for (const auto& host : provider.hosts) gathering.add(host, "requests of " + provider.name);
        for (const auto& method : provider.methods) {
            if (method.kind != auth::Kind::oauth2) continue;
            if (provider.auth_method && *provider.auth_method != method.id) continue;
            gathering.add(method.issuer, "logins of " + provider.name);
            gathering.add(method.endpoints.token_endpoint.value_or(""),
                          "logins of " + provider.name);
        }
    }
    return gathering.finish();
}

std::vector<Answer> ask(const std::vector<Endpoint>& endpoints,
                        const http::Send& send,
                        const auth::Clock& clock,
                        const std::stop_token& stop) {
    std::vector<Answer> answers(endpoints.size());
    std::vector<std::jthread> asking;
    for (std::size_t index = 0; index < endpoints.size(); ++index) {
        answers[index].endpoint = endpoints[index];
        asking.emplace_back([&, index] {
            auto& answer = answers[index];
            answer.sent = clock();
            answer.outcome = send({.method = "HEAD", .url = answer.endpoint.url}, patience, stop);
            answer.received = clock();
        });
    }
    asking.clear();
    return answers;
}

Finding judge_answer(const Answer& answer) {
    const auto uses = fmt::format("{}", fmt::join(answer.endpoint.used_for, ", "));
    if (answer.outcome.delivery != http::Delivery::answered) {
        auto finding = from_error(answer.outcome.error);
        finding.measured = fmt::format("no answer ({}): {}", uses, finding.measured);
        finding.expected = "any answer within 6 seconds";
        if (finding.fix.empty())
            finding.fix = "check the network, the proxy and the address in the config";
        finding.code = Errc::provider_unavailable;
        return finding;
    }
    const int status = answer.outcome.response.status;
    const auto took = std::chrono::duration_cast<Milliseconds>(answer.received - answer.sent);
    auto measured = fmt::format("answers ({}; HTTP {}{})",
                                uses,
                                status,
                                took < slow ? "" : ", after " + text::describe_duration(took));
    if (status == 407) {
        return {.state = State::problem,
                .measured = std::move(measured),
                .expected = "a proxy that lets requests pass",
                .fix = "put the proxy's user name and password into its address",
                .code = Errc::provider_unavailable};
    }
    if (status >= 502 && status <= 504) {
        return {.state = State::warning,
                .measured = std::move(measured),
                .expected = "a server that is in service",
                .fix = "try again later"};
    }
    return ok(std::move(measured));
}

std::vector<Skew> skews_of(const std::vector<Answer>& answers) {
    std::vector<Skew> skews;
    for (const auto& answer : answers) {
        if (answer.outcome.delivery != http::Delivery::answered) continue;
        auto skew = skew_of(
            answer.endpoint.origin, answer.outcome.response.headers, answer.sent, answer.received);
        if (skew) skews.push_back(std::move(*skew));
    }
    return skews;
}

std::vector<PortFacts> measure_ports(const std::vector<std::string>& redirect_uris) {
    std::vector<PortFacts> ports;
    for (const auto& uri : redirect_uris) {
        const auto sockets = auth::login::listen_on_loopback({uri});
        ports.push_back({.uri = uri, .trouble = sockets ? "" : sockets.error().reason});
    }
    return ports;
}

Finding judge_ports(const std::vector<PortFacts>& ports) {
    std::string measured;
    bool any_free = false;
    for (const auto& port : ports) {
        any_free = any_free || port.trouble.empty();
        measured +=
            fmt::format("{}{} {}",
                        measured.empty() ? "" : "; ",
                        port.uri,
                        port.trouble.empty() ? "is free" : "cannot be had: " + port.trouble);
    }
    if (any_free) return ok(std::move(measured));
    if (ports.empty()) return skipped("no redirect URI is set");
    return {
        .state = State::problem,
        .measured = std::move(measured),
        .expected = "one port that a login can listen on",
        .fix = "finish another login that may be running, or free the port; --device needs none",
        .code = Errc::auth_port_busy};
}

}  // namespace handover::doctor
