#include "gateway/asked_model.hpp"

#include <fmt/format.h>

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

// The longest that an escape makes of one byte of ASCII ("\u006d").
constexpr std::size_t longest_escape = 6;

// Whether that member is written with escapes: not every reader would know it.
bool is_disguised(const run::RawMember& member, std::string_view name) {
    return member.name.size() <= longest_escape * name.size() &&
           text_of('"' + std::string(member.name) + '"') == name;
}

// A member that is disguised as one that counts here; empty: none is.
std::string_view disguised(const std::vector<run::RawMember>& members) {
    for (const auto& member : members) {
        if (member.name.find('\\') == std::string_view::npos) continue;
        for (const std::string_view name : {"model", "stream"}) {
            if (is_disguised(member, name)) return name;
        }
    }
    return {};
}

// What check_json found.
ApiError unreadable(const dialects::JsonProblem& problem) {
    if (!problem.too_many_values)
        return bad_request(problem.message, "invalid_json", problem.member);
    return bad_request(
        fmt::format("the body holds more than {} JSON values", most_values), "too_many_values", "");
}

}  // namespace

std::variant<AskedModel, ApiError> read_asked(std::string_view body, Numbers numbers) {
    const auto checked = dialects::check_json(
        body, {.values = most_values, .numbers_count = numbers == Numbers::count});
    if (checked.problem) return unreadable(*checked.problem);
    if (!checked.is_object)
        return bad_request("the body must be a JSON object", "invalid_json", "");

    AskedModel asked;
    const auto& members = checked.members;
    if (const auto name = disguised(members); !name.empty()) {
        return bad_request(
            "a member's name is written with escapes", "invalid_json", std::string(name));
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
