// Reads a TOML table key by key, remembers which keys were asked for and everything that was wrong.
// Config, presets and manifests are all read with this.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/toml.hpp"

namespace handover::config {

// What was wrong, each with its place. They become one Error: the first (by place) is its message,
// the others its reason.
class Problems {
public:
    void add(const Position& at, std::string what);
    [[nodiscard]] bool empty() const { return items_.empty(); }
    [[nodiscard]] Error error(Errc code, std::string fix) const;  // precondition: !empty()

private:
    struct Problem {
        Position at = {};
        std::string what = {};
    };
    std::vector<Problem> items_;
};

template <typename E>
using Names = std::span<const std::pair<std::string_view, E>>;

// Every getter gives nothing where the key is absent or its value was wrong; the latter is a
// problem.
class TableReader {
public:
    // `name` is what messages call the table: "[providers.codex]". `table` and `problems` outlive
    // the reader.
    TableReader(const Table& table, std::string name, Problems& problems);

    std::optional<std::string> string(std::string_view key);
    std::optional<std::vector<std::string>> strings(std::string_view key);
    std::optional<std::map<std::string, std::string>> string_map(std::string_view key);
    std::optional<int> integer(std::string_view key, int least, int most);
    std::optional<bool> boolean(std::string_view key);
    std::optional<std::chrono::milliseconds> duration(
        std::string_view key);  // "5m", or an integer of seconds
    std::optional<std::uint64_t> size(
        std::string_view key);                             // "32MiB", "1kB", or an integer of bytes
    std::optional<std::string> url(std::string_view key);  // https, or http on loopback
    const Table* table(std::string_view key);
    const Array* array(std::string_view key);
    const Value* value(std::string_view key);  // of any type

    template <typename E>
    std::optional<E> choice(std::string_view key, Names<E> names) {
        const auto text = string(key);
        if (!text) return std::nullopt;
        for (const auto& [name, value] : names) {
            if (name == *text) return value;
        }
        std::vector<std::string> valid;
        for (const auto& entry : names) valid.emplace_back(entry.first);
        not_among(key, *text, valid);
        return std::nullopt;
    }

    // A problem at the key's place, or at the table's if it is absent.
    void wrong(std::string_view key, const std::string& what);
    void not_among(std::string_view key,
                   std::string_view typed,
                   std::span<const std::string> valid);
    void missing(std::string_view key);

    // Every key that nobody asked for is a problem. Called once, at the end.
    void finish();

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] const Table& source() const { return table_; }
    [[nodiscard]] Problems& problems() const { return problems_; }
    [[nodiscard]] bool has(std::string_view key) const { return table_.find(key) != nullptr; }
    [[nodiscard]] Position place(std::string_view key) const;

private:
    template <typename T>
    const T* typed(std::string_view key, std::string_view expected);

    const Table& table_;
    std::string name_;
    Problems& problems_;
    std::vector<std::string_view> asked_;
};

// The smallest rules shared by all of them.
bool is_token(std::string_view text);     // RFC 9110 section 5.6.2: a header's name
bool has_control(std::string_view text);  // a control character: never in a header, query or URL
bool is_host_owned_header(
    std::string_view name);  // Host, Content-Length, ... : set by the HTTP client alone
bool is_provider_name(std::string_view name);  // [A-Za-z0-9._-]+
void check_dialects(TableReader& reader,
                    const std::vector<std::string>& dialects);  // key "dialects"
std::string in_quotes(std::string_view text);                   // made printable, in quotes

}  // namespace handover::config
