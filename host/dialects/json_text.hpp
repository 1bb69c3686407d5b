// JSON as the text it was sent as. Values that mean the same in both dialects go over untouched:
// numbers keep their digits, strings their escapes, and megabytes of base64 are copied once. Which
// text is valid JSON is decided beforehand (json_validity.hpp). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "run/raw_json.hpp"

namespace handover::dialects {

// A value inside a text that outlives it; may be absent.
class JsonView {
public:
    JsonView() = default;
    explicit JsonView(std::string_view raw) : raw_(raw) {}

    // There, and not null: the dialects treat the two alike.
    explicit operator bool() const { return !raw_.empty() && raw_ != "null"; }

    [[nodiscard]] std::string_view raw() const { return raw_; }
    [[nodiscard]] bool is_string() const { return begins('"'); }
    [[nodiscard]] bool is_object() const { return begins('{'); }
    [[nodiscard]] bool is_array() const { return begins('['); }
    [[nodiscard]] bool is_true() const { return raw_ == "true"; }
    [[nodiscard]] bool is_boolean() const { return is_true() || raw_ == "false"; }
    [[nodiscard]] bool is_number() const;

    // A string's text between the quotes, still escaped; empty for anything else.
    [[nodiscard]] std::string_view escaped() const;
    // A string's text; empty for anything else.
    [[nodiscard]] std::string text() const;
    // True if it is that string.
    [[nodiscard]] bool says(std::string_view text) const;
    // Nothing unless it is a number that is whole and fits.
    [[nodiscard]] std::optional<std::int64_t> integer() const;
    // Nothing unless it is a number, and not beyond what a double holds.
    [[nodiscard]] std::optional<double> number() const;

private:
    [[nodiscard]] bool begins(char c) const { return !raw_.empty() && raw_.front() == c; }

    std::string_view raw_ = {};
};

// An object's members; none of anything else.
class JsonObject {
public:
    JsonObject() = default;
    explicit JsonObject(JsonView value) : members_(run::raw_members(value.raw())) {}
    explicit JsonObject(std::string_view raw) : members_(run::raw_members(raw)) {}

    // The first of that name.
    [[nodiscard]] JsonView operator[](std::string_view name) const;
    [[nodiscard]] const std::vector<run::RawMember>& members() const { return members_; }

private:
    std::vector<run::RawMember> members_ = {};
};

std::vector<JsonView> json_elements(JsonView array);

// Appends JSON to a text, commas included. All of it stays on one line, so that it fits into a
// server-sent event.
class JsonWriter {
public:
    explicit JsonWriter(std::string& out) : out_(out) {}

    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    JsonWriter& key(std::string_view name);
    JsonWriter& raw(std::string_view json);
    JsonWriter& text(std::string_view text);        // escapes it
    JsonWriter& escaped(std::string_view escaped);  // only adds the quotes
    JsonWriter& number(std::int64_t number);
    JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
    JsonWriter& null() { return raw("null"); }

    // The member as it is, if it is there and not null.
    JsonWriter& member(std::string_view name, JsonView value);

private:
    void comma();

    std::string& out_;
};

// What stands between a JSON string's quotes.
std::string json_escaped(std::string_view text);

}  // namespace handover::dialects
