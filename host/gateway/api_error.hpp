// Errors in the shape that OpenAI's clients read.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"

namespace handover::gateway {

class Responder;

struct ApiError {
    int status = 500;
    std::string message = {};
    std::string type = "invalid_request_error";
    std::string code = {};   // empty: null
    std::string param = {};  // empty: null
    std::vector<http::Header> headers = {};
    std::optional<bool> should_retry = {};  // x-should-retry, which both SDKs heed
    std::optional<std::chrono::seconds> retry_after = {};
};

// {"error":{"message","type","param","code","request_id"}}
std::string error_body(const ApiError& error, std::string_view request_id);

// The error's headers and those that its members stand for, Content-Type included.
std::vector<http::Header> error_headers(const ApiError& error);

// The whole answer. Precondition: the head was not sent.
void answer_error(Responder& responder, const ApiError& error, std::string_view request_id);

}  // namespace handover::gateway
