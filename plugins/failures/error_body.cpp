#include "failures/error_body.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace handover::failures {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_plain_text = 500;  // bytes of a body that is not JSON
constexpr double latest_second = 4e12;           // far beyond any date, far below an overflow

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    return out;
}

const json::value* member(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
}

// A text or a whole number as text; OpenRouter's codes are integers.
std::string word(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    if (value == nullptr) return {};
    if (value->is_string()) return lower(value->get_string());
    if (value->is_int64()) return std::to_string(value->get_int64());
    return {};
}

std::optional<std::int64_t> seconds(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    if (value == nullptr || !value->is_number()) return std::nullopt;
    const auto number = value->to_number<double>();
    if (!(number >= 0 && number <= latest_second)) return std::nullopt;
    return static_cast<std::int64_t>(std::ceil(number));
}

// A message is a text, or something whose JSON says it best (FastAPI's list of faults, Mistral's
// object).
std::string words(const json::value& value) {
    if (value.is_string()) return std::string(value.get_string());
    if (value.is_array() && value.get_array().size() == 1) return words(value.get_array().front());
    if (value.is_object()) {
        for (const std::string_view name : {"message", "msg", "detail"}) {
            const auto* inner = member(value.get_object(), name);
            if (inner != nullptr) return words(*inner);
        }
    }
    return json::serialize(value);
}

void fill(ErrorBody& error, const json::object& object) {
    const auto take = [&](std::string& target, std::string_view name) {
        if (target.empty()) target = word(object, name);
    };
    take(error.code, "code");
    take(error.type, "type");
    take(error.plan_type, "plan_type");
    if (!error.resets_at) error.resets_at = seconds(object, "resets_at");
    if (!error.resets_in_seconds) error.resets_in_seconds = seconds(object, "resets_in_seconds");
    for (const std::string_view name : {"message", "detail", "error_description"}) {
        const auto* value = member(object, name);
        if (value != nullptr && error.message.empty()) error.message = words(*value);
    }
}

const json::object* object_at(const json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    return value == nullptr ? nullptr : value->if_object();
}

// The inner object first: it is the more particular one.
void read_object(ErrorBody& error, const json::object& top) {
    const auto* response = object_at(top, "response");
    const auto* holder = response == nullptr ? &top : response;
    if (const auto* inner = object_at(*holder, "error")) {
        fill(error, *inner);
    } else if (const auto* text = member(*holder, "error")) {
        error.message = words(*text);
    }
    fill(error, top);
    // The names of events, not of errors.
    if (error.type == "error" || error.type.substr(0, 9) == "response.") error.type.clear();
}

bool looks_like_html(std::string_view body) {
    const auto start = body.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return false;
    const auto head = lower(body.substr(start, 32));
    return head.substr(0, 9) == "<!doctype" || head.substr(0, 5) == "<html";
}

}  // namespace

ErrorBody read_error_body(std::string_view body) {
    ErrorBody error;
    if (looks_like_html(body)) {
        error.kind = BodyKind::html;
        return error;
    }
    boost::system::error_code failed;
    const auto parsed = json::parse(body, failed);
    if (failed) {
        error.message = std::string(body.substr(0, longest_plain_text));
        return error;
    }
    error.kind = BodyKind::json;
    const auto* list = parsed.if_array();
    const auto& top = list != nullptr && !list->empty() ? list->front() : parsed;
    if (const auto* object = top.if_object()) {
        read_object(error, *object);
    } else if (top.is_string()) {
        error.message = words(top);
    }
    return error;
}

}  // namespace handover::failures
