#include "batch/result_line.hpp"

#include <boost/json.hpp>

#include "secret/secret.hpp"

namespace handover::batch {
namespace {

namespace json = boost::json;

json::value body_value(const std::string& body) {
    json::error_code error;
    auto parsed = json::parse(body, error);
    if (error) return json::value(body);  // an HTML page of a proxy, say: kept as text
    return parsed;
}

json::value error_value(const std::optional<Error>& error) {
    if (!error) return nullptr;
    std::string message = error->message;
    if (!error->reason.empty()) message += ": " + error->reason;
    return json::object{{"code", code_name(error->code)}, {"message", redact(message)}};
}

}  // namespace

std::string format_result_line(const ResultLine& result) {
    json::value response = nullptr;
    if (result.status_code != 0) {
        response = json::object{{"status_code", result.status_code},
                                {"request_id", result.request_id},
                                {"body", body_value(result.body)}};
    }
    const json::object line{{"id", result.id},
                            {"custom_id", result.custom_id},
                            {"response", std::move(response)},
                            {"error", error_value(result.error)}};
    return json::serialize(line) + "\n";
}

std::optional<Recorded> parse_recorded(std::string_view line) {
    json::error_code error;
    const auto parsed = json::parse(json::string_view(line.data(), line.size()), error);
    if (error || !parsed.is_object()) return std::nullopt;
    const auto& object = parsed.get_object();
    const auto* custom_id = object.if_contains("custom_id");
    if (custom_id == nullptr || !custom_id->is_string()) return std::nullopt;
    const auto* response = object.if_contains("response");
    const auto* failure = object.if_contains("error");
    if (response == nullptr || failure == nullptr) return std::nullopt;
    Recorded recorded{.custom_id = std::string(custom_id->get_string()),
                      .failed = !failure->is_null()};
    if (const auto* answered = response->if_object()) {
        const auto* status = answered->if_contains("status_code");
        recorded.failed = recorded.failed || status == nullptr || !status->is_int64() ||
                          status->get_int64() >= 400;
    } else {
        recorded.failed = true;
    }
    return recorded;
}

}  // namespace handover::batch
