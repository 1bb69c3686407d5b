#include "sandbox/authority_replies.hpp"

#include <boost/json.hpp>

namespace handover::sandbox {

namespace json = boost::json;

Reply json_reply(int status, const json::value& body) {
    return {.status = status,
            .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            .body = json::serialize(body)};
}

Reply oauth_error(std::string_view error, std::string_view description) {
    return json_reply(400, {{"error", error}, {"error_description", description}});
}

Reply codex_error(std::string_view code) {
    return json_reply(401,
                      {{"error",
                        {{"message", "The refresh token was refused by the sandbox."},
                         {"type", "invalid_request_error"},
                         {"param", nullptr},
                         {"code", code}}}});
}

Reply page(int status, std::string_view text) {
    return {.status = status,
            .headers = {{"Content-Type", "text/html; charset=utf-8"}},
            .body = "<!doctype html><title>sandbox</title><p>" + std::string(text) + "</p>\n"};
}

Reply redirect(int status, std::string location) {
    return {.status = status, .headers = {{"Location", std::move(location)}}};
}

}  // namespace handover::sandbox
