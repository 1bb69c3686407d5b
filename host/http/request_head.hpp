// The head of an HTTP/1.1 request as bytes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "http/target.hpp"

namespace handover::http {

// What is sent as body: `secret_body` where it is set, else `borrowed_body`, else `body`.
std::string_view body_of(const Request& request);

// Appends the request line, the headers and the empty line. The request has passed check_head() and
// its URL parse_target(). What frames the message is written here and nowhere else: Host,
// Connection, Content-Length and their like among the request's own headers are left out.
void append_request_head(std::string& out,
                         const Request& request,
                         const Target& target,
                         std::string_view user_agent);

}  // namespace handover::http
