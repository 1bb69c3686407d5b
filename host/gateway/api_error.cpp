#include "gateway/api_error.hpp"

#include <boost/json.hpp>

#include "gateway/responder.hpp"
#include "secret/secret.hpp"
#include "text/printable.hpp"

namespace handover::gateway {
namespace {

// Errors repeat what the client sent: a name from a path can hold any bytes.
constexpr std::size_t longest_text = 4096;  // bytes

boost::json::value text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return boost::json::string(text::printable(text, longest_text));
}

}  // namespace

std::string error_body(const ApiError& error, std::string_view request_id) {
    const boost::json::object inner = {
        {"message", text::printable(redact(error.message), longest_text)},
        {"type", error.type},
        {"param", text_or_null(error.param)},
        {"code", text_or_null(error.code)},
        {"request_id", request_id}};
    return boost::json::serialize(boost::json::object{{"error", inner}}) + "\n";
}

std::vector<http::Header> error_headers(const ApiError& error) {
    auto headers = error.headers;
    headers.push_back({"Content-Type", "application/json"});
    if (error.should_retry)
        headers.push_back({"x-should-retry", *error.should_retry ? "true" : "false"});
    if (error.retry_after)
        headers.push_back({"Retry-After", std::to_string(error.retry_after->count())});
    return headers;
}

void answer_error(Responder& responder, const ApiError& error, std::string_view request_id) {
    responder.whole(error.status, error_headers(error), error_body(error, request_id));
}

}  // namespace handover::gateway
