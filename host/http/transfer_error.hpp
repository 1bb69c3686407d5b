// What is said about an exchange that failed: a pure function of the facts. For the files of this
// folder only.
#pragma once

#include <handover/error.hpp>

#include <chrono>
#include <string>

#include "http/client.hpp"
#include "http/target.hpp"

namespace handover::http {

// How an exchange ended.
enum class Ending {
    answered,  // in full
    stopped,   // by the stop token or the handler
    connect_timeout,
    first_byte_timeout,
    idle_timeout,
    total_timeout,
    head_too_long,
    resend_refused,  // the library wanted to send a request again that must not be
    name_unknown,
    proxy_unknown,
    refused,  // no connection
    untrusted,
    bad_trust_roots,
    no_tls,
    broken,    // the connection broke, or what came is not HTTP
    unusable,  // the library does not take the request
};

struct FailureFacts {
    Ending ending = Ending::broken;
    std::string detail = {};  // the library's or the system's own words
    Target target = {};
    bool proxied = false;
    bool connected = false;                // the request began to leave
    bool answer_begun = false;             // some byte of the answer arrived
    std::string trust_roots = {};          // the file or folder in use
    std::chrono::milliseconds limit = {};  // the time-out that passed
    std::size_t bytes = 0;                 // the limit that was passed
};

struct TransferFailure {
    Fault fault = Fault::none;
    Error error = {};
};

TransferFailure describe_failure(const FailureFacts& facts);

}  // namespace handover::http
