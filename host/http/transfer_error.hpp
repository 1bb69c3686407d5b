// What is said about a transfer that failed: a pure function of the facts. For the files of this
// folder only.
#pragma once

#include <curl/curl.h>
#include <handover/error.hpp>

#include <string>

#include "http/client.hpp"
#include "http/target.hpp"

namespace handover::http {

// What ended a transfer before libcurl did.
enum class Ending {
    by_library,
    stopped,  // the stop token or the handler
    connect_timeout,
    first_byte_timeout,
    idle_timeout,
    total_timeout,
    body_too_long,
    head_too_long,
    resend_refused,  // the library wanted to send a request again that must not be
};

struct FailureFacts {
    Ending ending = Ending::by_library;
    CURLcode code = CURLE_OK;
    std::string detail = {};  // libcurl's own words
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
