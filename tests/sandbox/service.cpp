#include "sandbox/service.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>

#include "crypto/crypto.hpp"

namespace handover::sandbox {
namespace {

namespace json = boost::json;

constexpr std::string_view codex_prefix = "/backend-api/codex";

Reply plain(int status, std::string_view text) {
    return {.status = status,
            .headers = {{"Content-Type", "text/plain"}},
            .body = std::string(text) + "\n"};
}

Reply json_text(std::string body) {
    return {.headers = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

bool starts_with(std::string_view text, std::string_view prefix) {
    return text.substr(0, prefix.size()) == prefix;
}

bool is_model_path(std::string_view path) {
    return starts_with(path, "/v1/") || starts_with(path, codex_prefix);
}

// Paths a client may invent are counted together, so that a scanner cannot grow the table.
std::string endpoint_name(const Request& request) {
    constexpr std::array known = {std::string_view("/.well-known/openid-configuration"),
                                  std::string_view("/.well-known/oauth-authorization-server"),
                                  std::string_view("/.well-known/jwks.json"),
                                  std::string_view("/oauth/authorize"),
                                  std::string_view("/oauth/token"),
                                  std::string_view("/oauth/revoke"),
                                  std::string_view("/oauth/device_authorization"),
                                  std::string_view("/api/accounts/deviceauth/usercode"),
                                  std::string_view("/api/accounts/deviceauth/token"),
                                  std::string_view("/v1/responses"),
                                  std::string_view("/v1/chat/completions"),
                                  std::string_view("/v1/models"),
                                  std::string_view("/backend-api/codex/responses"),
                                  std::string_view("/backend-api/codex/models")};
    const auto found = std::find(known.begin(), known.end(), std::string_view(request.path));
    return found == known.end() ? "other" : std::string(*found);
}

std::string sha256_hex(std::string_view bytes) {
    return crypto::hex(crypto::sha256(bytes));
}

std::string_view credential_of(const Request& request) {
    constexpr std::string_view bearer = "Bearer ";
    const auto authorization = header(request, "authorization");
    if (starts_with(authorization, bearer)) {
        return authorization.substr(bearer.size());
    }
    return header(request, "api-key");  // Azure's header
}

Reply unauthorized(std::string_view code) {
    auto reply =
        openai_error(401, "invalid_request_error", code, "The sandbox refuses this credential.");
    reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    return reply;
}

Reply usage_limit(const Fault& fault, Time now) {
    constexpr std::int64_t hour = 3600;
    const auto wait = fault.number == 0 ? hour : fault.number;
    const auto at =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() + wait;
    return {.status = 429,
            .headers = {{"Content-Type", "application/json"},
                        {"x-codex-primary-used-percent", "100"},
                        {"x-codex-primary-window-minutes", "300"},
                        {"x-codex-primary-reset-at", std::to_string(at)}},
            .body = json::serialize(json::object{{"error",
                                                  {{"type", "usage_limit_reached"},
                                                   {"message", "The usage limit has been reached"},
                                                   {"plan_type", "plus"},
                                                   {"resets_at", at},
                                                   {"resets_in_seconds", wait}}}})};
}

Reply failing_status(int status) {
    if (status == 503) {
        return openai_error(
            status, "service_unavailable_error", "server_is_overloaded", "The sandbox is full.");
    }
    const auto* const type = status < 500 ? "invalid_request_error" : "server_error";
    return openai_error(status, type, "", "The sandbox was told to fail.");
}

Reply challenge_page(const Fault& fault) {
    return {
        .status = fault.number == 0 ? 403 : static_cast<int>(fault.number),
        .headers = {{"Content-Type", "text/html; charset=UTF-8"}, {"cf-mitigated", "challenge"}},
        .body = "<!DOCTYPE html><html><title>Just a moment...</title></html>\n"};
}

// A fault in place of the model's answer, if one is set.
std::optional<Reply> failure_instead(Faults& faults, Time now) {
    if (faults.strikes("model_drop_connection")) {
        return Reply{.ending = Ending::no_answer};
    }
    if (const auto fault = faults.strike("redirect_model")) {
        return Reply{.status = 307, .headers = {{"Location", fault->text}}};
    }
    if (faults.strikes("model_401_once")) {
        return unauthorized("token_expired");
    }
    if (const auto fault = faults.strike("model_html")) {
        return challenge_page(*fault);
    }
    if (const auto fault = faults.strike("model_429_usage_limit")) {
        return usage_limit(*fault, now);
    }
    if (faults.strikes("model_rate_limit")) {
        return openai_error(429,
                            "requests",
                            "rate_limit_exceeded",
                            "Rate limit reached for requests. Please try again in 1s.");
    }
    if (const auto fault = faults.strike("model_status")) {
        return failing_status(fault->number == 0 ? 500 : static_cast<int>(fault->number));
    }
    return std::nullopt;
}

std::string failure_event(std::string_view path, const Fault& fault) {
    const auto code = fault.text.empty() ? std::string("server_error") : fault.text;
    const json::object error{{"code", code}, {"message", "The sandbox was told to fail."}};
    if (path == "/v1/chat/completions") {
        return sse_event("", json::serialize(json::object{{"error", error}}));
    }
    return sse_event(
        "response.failed",
        json::serialize(json::object{{"type", "response.failed"},
                                     {"response", {{"status", "failed"}, {"error", error}}}}));
}

}  // namespace

bool is_loopback_host(std::string_view host) {
    const auto colon = host.rfind(':');
    const auto bracket = host.rfind(']');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        host = host.substr(0, colon);
    }
    return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

Service::Service(AuthorizationSettings settings, Signer signer, Faults faults)
    : faults_(std::move(faults)),
      authorization_(std::move(settings), std::move(signer), faults_, counters_) {}

Reply Service::handle(const Request& request, Time now) {
    if (!is_loopback_host(header(request, "host"))) {
        return plain(403, "Only loopback names are served.");
    }
    if (starts_with(request.path, "/_sandbox/")) {
        // A page in a browser has no business here.
        return header(request, "origin").empty() ? control(request)
                                                 : plain(403, "Not for web pages.");
    }
    counters_.request(endpoint_name(request));
    if (!header(request, "authorization").empty()) {
        counters_.add("with_authorization");
    }
    return is_model_path(request.path) ? model(request, now) : route(request, now);
}

void Service::finished(const Reply& reply, Finish finish) {
    if (finish == Finish::client_went_away) {
        counters_.add("client_disconnects");
    }
    if (!reply.is_model_request) {
        return;
    }
    counters_.model_ended();
    if (finish == Finish::sent && reply.status == 200 && reply.ending == Ending::whole) {
        counters_.add("model_successes");
    }
}

Reply Service::route(const Request& request, Time now) {
    const bool get = request.method == "GET";
    const auto& path = request.path;
    if (path == "/.well-known/openid-configuration" ||
        path == "/.well-known/oauth-authorization-server") {
        return authorization_.metadata();
    }
    if (path == "/.well-known/jwks.json") {
        return authorization_.key_set();
    }
    if (path == "/oauth/authorize") {
        return authorization_.authorize(request, now);
    }
    if (path == "/codex/device" && get) {
        return plain(200, "The sandbox approves every device by itself.");
    }
    if (get) {
        return plain(404, "Nothing here.");
    }
    if (path == "/oauth/token") {
        return authorization_.token(request, now);
    }
    if (path == "/oauth/revoke") {
        return authorization_.revoke(request);
    }
    if (path == "/oauth/device_authorization") {
        return authorization_.device_authorization(request);
    }
    if (path == "/api/accounts/deviceauth/usercode") {
        return authorization_.codex_device_code(request);
    }
    if (path == "/api/accounts/deviceauth/token") {
        return authorization_.codex_device_poll(request, now);
    }
    return plain(404, "Nothing here.");
}

Reply Service::control(const Request& request) {
    const bool post = request.method == "POST";
    if (request.path == "/_sandbox/counters" && !post) {
        return json_text(counters_.to_json());
    }
    if (request.path == "/_sandbox/last_model_request" && !post) {
        return json_text(last_model_request_);
    }
    if (request.path == "/_sandbox/faults") {
        if (post) {
            if (const auto applied = faults_.apply(request.body); !applied) {
                return plain(400, applied.error().message);
            }
        }
        return json_text(faults_.to_json());
    }
    if (request.path == "/_sandbox/reset" && post) {
        faults_ = Faults();
        counters_.reset();
        last_model_request_ = "null";
        return json_text("{}");
    }
    return plain(404, "Nothing here.");
}

Reply Service::model(const Request& request, Time now) {
    const bool generates = request.method == "POST";
    if (generates) {
        counters_.model_began();
        remember(request);
    }
    auto reply = answer(request, now);
    reply.is_model_request = generates;
    if (generates) {
        apply_stream_faults(request, reply);
    }
    if (const auto wait = faults_.peek("retry_after"); wait && reply.status >= 429) {
        reply.headers.emplace_back("Retry-After", std::to_string(wait->number));
    }
    reply.headers.emplace_back("x-request-id", "req_sandbox_" + std::to_string(++answers_));
    if (faults_.strikes("echo_authorization")) {
        reply.headers.emplace_back("x-sandbox-authorization-sha256",
                                   sha256_hex(header(request, "authorization")));
    }
    return reply;
}

Reply Service::answer(const Request& request, Time now) {
    if (!is_authorized(request, now)) {
        counters_.add("model_unauthorized");
        return unauthorized("invalid_api_key");
    }
    const bool codex = starts_with(request.path, codex_prefix);
    const auto path = std::string_view(request.path).substr(codex ? codex_prefix.size() : 3);
    const auto backend = codex ? Backend::codex : Backend::openai;
    if (path == "/models" && request.method == "GET") {
        return list_models(request, backend);
    }
    const bool chat = path == "/chat/completions" && !codex;
    if (request.method != "POST" || (path != "/responses" && !chat)) {
        return openai_error(404, "invalid_request_error", "", "Unknown request URL.");
    }
    if (auto failure = failure_instead(faults_, now)) {
        return *std::move(failure);
    }
    const ModelContext context{.backend = backend,
                               .id = "sandbox" + std::to_string(answers_),
                               .now = now,
                               .empty_output = faults_.strikes("model_empty_output")};
    return chat ? answer_chat_completions(request.body, context)
                : answer_responses(request.body, context);
}

bool Service::is_authorized(const Request& request, Time now) const {
    const auto credential = credential_of(request);
    return starts_with(credential, "sandbox-key") ||
           authorization_.access_token_is_valid(credential, now);
}

void Service::apply_stream_faults(const Request& request, Reply& reply) {
    if (const auto delay = faults_.strike("model_delay_ms")) {
        reply.delay = std::chrono::milliseconds(delay->number);
    }
    if (reply.status != 200) {
        return;
    }
    if (const auto pace = faults_.strike("model_slow_ms")) {
        reply.pace = std::chrono::milliseconds(pace->number);
    }
    if (faults_.strikes("model_drop_mid_stream")) {
        reply.ending = Ending::half_an_answer;
        return;
    }
    if (!reply.streams) {
        return;
    }
    if (const auto fault = faults_.strike("model_error_event")) {
        reply.events.resize(reply.events.size() / 2);
        reply.events.push_back(failure_event(request.path, *fault));
    }
}

// For tests of what reaches a provider; the credential itself is not kept.
void Service::remember(const Request& request) {
    json::object headers;
    for (const auto& [name, value] : request.headers) {
        const bool secret = name == "authorization" || name == "api-key";
        headers[name] = secret ? "sha256:" + sha256_hex(value) : value;
    }
    last_model_request_ = json::serialize(json::object{{"path", request.path},
                                                       {"query", request.query},
                                                       {"headers", std::move(headers)},
                                                       {"body", request.body}});
}

}  // namespace handover::sandbox
