// toml++ stays in this file.
#include "config/toml.hpp"

#include "config/toml_depth.hpp"
#include "text/printable.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <utility>

namespace handover::config {
namespace {

Position position(const toml::source_position& at, const std::string& file) {
    return {.file = file, .line = static_cast<int>(at.line), .column = static_cast<int>(at.column)};
}

Failure invalid(Errc code, const Position& at, const std::string& why) {
    return fail({.code = code,
                 .message = at.text() + ": " + why,
                 .reason = {},
                 .fix = "mend the file at that place"});
}

// One document being turned into our tree. toml++ has bounded the depth of nested values,
// `check_depth` that of dotted keys.
struct Conversion {
    const std::string& file;
    Errc code;

    Result<Value> value(const toml::node& node, const Position& at) const {
        if (const auto* text = node.as_string()) return Value{.data = text->get(), .at = at};
        if (const auto* number = node.as_integer()) return Value{.data = number->get(), .at = at};
        if (const auto* real = node.as_floating_point())
            return Value{.data = real->get(), .at = at};
        if (const auto* flag = node.as_boolean()) return Value{.data = flag->get(), .at = at};
        if (const auto* list = node.as_array()) return array(*list, at);
        if (const auto* members = node.as_table()) {
            auto converted = table(*members, at);
            if (!converted) return std::move(converted).failure();
            return Value{.data = std::move(*converted), .at = at};
        }
        return invalid(code, at, "dates and times are not used here; write a string");
    }

    Result<Value> array(const toml::array& list, const Position& at) const {
        Array items;
        items.items.reserve(list.size());
        for (const auto& item : list) {
            auto converted = value(item, position(item.source().begin, file));
            if (!converted) return std::move(converted).failure();
            items.items.push_back(std::move(*converted));
        }
        return Value{.data = std::move(items), .at = at};
    }

    Result<Table> table(const toml::table& members, const Position& at) const {
        Table result;
        result.at = at;
        for (const auto& [key, node] : members) {
            // toml++ walks its keys in order, so each goes at the end.
            auto converted = value(node, position(key.source().begin, file));
            if (!converted) return std::move(converted).failure();
            result.members.emplace_hint(
                result.members.end(), std::string(key.str()), std::move(*converted));
        }
        return result;
    }
};

}  // namespace

std::string Position::text() const {
    if (line == 0) return file;
    return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Value* Table::find(std::string_view key) const {
    const auto found = members.find(key);
    return found == members.end() ? nullptr : &found->second;
}

std::string_view Value::type_name() const {
    struct Namer {
        std::string_view operator()(const std::string&) const { return "a string"; }
        std::string_view operator()(std::int64_t) const { return "an integer"; }
        std::string_view operator()(double) const { return "a number with a fraction"; }
        std::string_view operator()(bool) const { return "a boolean"; }
        std::string_view operator()(const Array&) const { return "a list"; }
        std::string_view operator()(const Table&) const { return "a table"; }
    };
    return std::visit(Namer{}, data);
}

Result<Table> parse_toml(std::string_view text, const std::string& file, Errc code) {
    if (const auto refused = check_depth(text)) {
        return invalid(
            code, {.file = file, .line = refused->line, .column = refused->column}, refused->why);
    }
    const auto parsed = toml::parse(text);
    if (!parsed) {
        const auto& error = parsed.error();
        return invalid(
            code, position(error.source().begin, file), text::printable(error.description()));
    }
    return Conversion{file, code}.table(parsed.table(), {.file = file, .line = 1, .column = 1});
}

Table merge(const Table& under, const Table& over) {
    Table merged = under;
    for (const auto& [key, value] : over.members) {
        const auto [place, fresh] = merged.members.try_emplace(key, value);
        if (fresh) continue;
        const auto* below = std::get_if<Table>(&place->second.data);
        const auto* above = std::get_if<Table>(&value.data);
        if (below != nullptr && above != nullptr) {
            place->second = Value{.data = merge(*below, *above), .at = value.at};
        } else {
            place->second = value;
        }
    }
    return merged;
}

}  // namespace handover::config
