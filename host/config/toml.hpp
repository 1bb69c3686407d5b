// A TOML document as a plain tree that knows where each value stood. toml++ stays inside toml.cpp.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace handover::config {

// Where a value was written. An empty file: it came from no file (a default).
struct Position {
    std::string file = {};
    int line = 0;
    int column = 0;

    [[nodiscard]] std::string text() const;  // "config.toml:12:3"
    bool operator==(const Position&) const = default;
};

struct Value;

struct Table {
    std::map<std::string, Value, std::less<>> members = {};
    Position at = {};

    [[nodiscard]] const Value* find(std::string_view key) const;
};

struct Array {
    std::vector<Value>
        items;  // no initialiser: Value is incomplete here and clang 14 would need it
};

struct Value {
    std::variant<std::string, std::int64_t, double, bool, Array, Table> data = {};
    Position at = {};  // of its key in a table, of itself in a list

    [[nodiscard]] std::string_view type_name() const;  // "a string", "a table", ...
};

// Errors carry `code`, file, line and column, and the parser's words.
Result<Table> parse_toml(std::string_view text, const std::string& file, Errc code);

// `over` on top of `under`: tables merge by key, lists and values replace.
Table merge(const Table& under, const Table& over);

}  // namespace handover::config
