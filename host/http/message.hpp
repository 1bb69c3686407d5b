// HTTP messages as values, and what is known of a request's fate. No library shows here: the auth
// core builds requests and judges responses with these, the client in client.hpp moves them.
#pragma once

#include <handover/error.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "http/header_name.hpp"
#include "http/target.hpp"
#include "secret/secret.hpp"

namespace handover::http {

struct Header {
    std::string name = {};
    std::string value = {};

    bool operator==(const Header&) const = default;
};

// A header whose value is a credential: set by the host after everything else, dropped on
// redirects, never shown.
struct SecretHeader {
    std::string name = {};
    Secret value = {};
};

struct Request {
    std::string method = "GET";
    std::string url = {};
    std::vector<Header> headers = {};
    std::vector<SecretHeader> credentials = {};
    std::string body = {};
    std::string_view borrowed_body = {};  // in place of `body`; outlives the request
    Secret secret_body = {};  // in place of both where it carries tokens, codes or verifiers
    // Where `url` leads, for who knows it already: what parse_target(url) says.
    std::shared_ptr<const Target> target = {};
};

struct Response {
    int status = 0;
    std::vector<Header> headers = {};
    std::string body = {};
};

// The first header of that name, compared without case (RFC 9110 section 5.1); nothing if there is
// none.
inline std::optional<std::string_view> find_header(const std::vector<Header>& headers,
                                                   std::string_view name) {
    const auto same = [&](const Header& header) { return same_name(header.name, name); };
    const auto found = std::find_if(headers.begin(), headers.end(), same);
    return found == headers.end() ? std::nullopt : std::optional<std::string_view>(found->value);
}

// How far a request got. The difference decides whether a single-use token may be sent again.
enum class Delivery {
    not_sent,  // DNS, connect or TLS failed: no byte of the request left
    answered,  // a complete response arrived
    unknown,   // anything after the first byte without a complete answer
};

struct Outcome {
    Delivery delivery = Delivery::not_sent;
    Response response = {};  // meaningful when answered
    Error error = {};        // meaningful otherwise
};

struct Limits {
    std::chrono::milliseconds connect = std::chrono::seconds(10);
    std::chrono::milliseconds total = std::chrono::seconds(30);
    std::size_t max_body = 1 << 20;  // a longer answer ends the exchange as `unknown`
};

// Sends one request on a connection of its own that is never reused, follows no redirect, and waits
// for the whole answer. Blocking; safe to call from any thread; a stop request ends it (the outcome
// then says how far it got).
using Send = std::function<Outcome(const Request&, const Limits&, std::stop_token)>;

}  // namespace handover::http
