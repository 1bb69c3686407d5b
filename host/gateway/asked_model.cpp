#include "gateway/asked_model.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

#include "dialects/json_validity.hpp"
#include "run/raw_json.hpp"

namespace handover::gateway {
namespace {

ApiError bad_request(std::string message, std::string code, std::string param) {
    return {.status = 400,
            .message = std::move(message),
            .code = std::move(code),
            .param = std::move(param)};
}

bool is_absent(std::string_view raw) {
    return raw.empty() || raw == "null";
}

std::string_view value_of(const std::vector<run::RawMember>& members, std::string_view name) {
    const auto found = std::find_if(
        members.begin(), members.end(), [&](const auto& member) { return member.name == name; });
    return found == members.end() ? std::string_view() : found->value;
}

// Of a JSON string, which most often says what it is.
std::string text_of(std::string_view raw) {
    if (raw.find('\\') == std::string_view::npos) return std::string(raw.substr(1, raw.size() - 2));
    const boost::json::string_view json(raw.data(), raw.size());
    return std::string(std::string_view(boost::json::parse(json).as_string()));
}

// Whether a member of that name is written with escapes: not every reader would know it.
bool is_disguised(const std::vector<run::RawMember>& members, std::string_view name) {
    return std::any_of(members.begin(), members.end(), [&](const auto& member) {
        const bool escaped = member.name.find('\\') != std::string_view::npos;
        return escaped && text_of('"' + std::string(member.name) + '"') == name;
    });
}

}  // namespace

std::variant<AskedModel, ApiError> read_asked(std::string_view body) {
    const auto checked = dialects::check_json(body);
    if (checked.problem)
        return bad_request(checked.problem->message, "invalid_json", checked.problem->member);
    if (!checked.is_object)
        return bad_request("the body must be a JSON object", "invalid_json", "");

    AskedModel asked;
    const auto& members = checked.members;
    for (const auto* name : {"model", "stream"}) {
        if (is_disguised(members, name))
            return bad_request("a member's name is written with escapes", "invalid_json", name);
    }
    if (const auto raw = value_of(members, "model"); !is_absent(raw)) {
        if (raw.front() != '"')
            return bad_request("\"model\" must be a string", "invalid_type", "model");
        asked.model = text_of(raw);
    }
    if (const auto raw = value_of(members, "stream"); !is_absent(raw)) {
        asked.stream = raw == "true";
        if (!asked.stream && raw != "false")
            return bad_request("\"stream\" must be true or false", "invalid_type", "stream");
    }
    return asked;
}

std::string with_model(std::string_view body, std::string_view model) {
    const auto name = boost::json::serialize(boost::json::string_view(model.data(), model.size()));
    return run::with_raw_member(body, "model", name).value_or(std::string(body));
}

}  // namespace handover::gateway
