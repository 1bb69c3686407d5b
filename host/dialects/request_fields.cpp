#include "dialects/request_fields.hpp"

#include <algorithm>
#include <string>

namespace handover::dialects {
namespace {

std::string without_blanks(std::string_view json) {
    std::string text(json);
    text.erase(
        std::remove_if(text.begin(),
                       text.end(),
                       [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }),
        text.end());
    return text;
}

bool is_neutral(JsonView value, std::string_view neutral) {
    if (!value) return true;
    if (neutral.empty()) return false;
    if (const auto number = value.number()) return number == JsonView(neutral).number();
    return without_blanks(value.raw()) == neutral;
}

}  // namespace

bool is_dropped(const config::Compatibility& upstream, std::string_view field) {
    return upstream.drop &&
           std::find(upstream.drop->begin(), upstream.drop->end(), field) != upstream.drop->end();
}

JsonView RequestFields::get(std::string_view name) const {
    const auto value = request_[name];
    if (!value || !is_dropped(upstream_, name)) return value;
    notes_.drop(Path(name));
    return {};
}

JsonView RequestFields::boolean(std::string_view name) const {
    const auto value = get(name);
    if (value && !value.is_boolean()) notes_.wrong_type(Path(name), "true or false");
    return value;
}

JsonView RequestFields::number(std::string_view name) const {
    const auto value = get(name);
    if (value && !value.is_number()) notes_.wrong_type(Path(name), "a number");
    return value;
}

void RequestFields::refuse_unmapped(const run::RawMember& member,
                                    std::span<const Unmapped> known,
                                    std::string_view whose) const {
    const Path at(member.name);
    const auto found = std::find_if(
        known.begin(), known.end(), [&](const auto& field) { return field.name == member.name; });
    if (found == known.end())
        return notes_.refuse(at, "unknown_parameter", "is no field of " + std::string(whose));
    if (!is_neutral(JsonView(member.value), found->neutral))
        notes_.unsupported(at, std::string(found->why));
}

void RequestFields::write_model(JsonWriter& out) const {
    const auto value = request_["model"];
    if (!value) return notes_.missing(Path("model"));
    if (!value.is_string()) return notes_.wrong_type(Path("model"), "a string");
    out.member("model", value);
}

}  // namespace handover::dialects
