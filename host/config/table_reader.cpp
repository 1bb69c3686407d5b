#include "config/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <tuple>

#include "config/url.hpp"
#include "text/nearest.hpp"
#include "text/printable.hpp"
#include "text/time.hpp"

namespace handover::config {
namespace {

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 9> size_units = {{
    {"", 1},
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000'000},
    {"GB", 1000'000'000},
    {"KiB", 1ULL << 10U},
    {"MiB", 1ULL << 20U},
    {"GiB", 1ULL << 30U},
}};

std::optional<std::uint64_t> parse_size(std::string_view text) {
    std::uint64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc()) return std::nullopt;
    auto unit = text.substr(static_cast<std::size_t>(end - text.data()));
    while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
    for (const auto& [name, factor] : size_units) {
        if (name != unit) continue;
        if (count > UINT64_MAX / factor) return std::nullopt;
        return count * factor;
    }
    return std::nullopt;
}

bool same_without_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
        return std::tolower(x) == std::tolower(y);
    });
}

}  // namespace

void Problems::add(const Position& at, std::string what) {
    items_.push_back({at, std::move(what)});
}

Error Problems::error(Errc code, std::string fix) const {
    auto sorted = items_;
    std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
        return std::tie(a.at.line, a.at.column) < std::tie(b.at.line, b.at.column);
    });
    const auto line = [](const Problem& problem) {
        return problem.at.text() + ": " + problem.what;
    };
    Error error{.code = code, .message = line(sorted.front()), .reason = {}, .fix = std::move(fix)};
    for (std::size_t i = 1; i < sorted.size(); ++i) {
        error.reason += (i == 1 ? "" : "\n") + line(sorted[i]);
    }
    return error;
}

TableReader::TableReader(const Table& table, std::string name, Problems& problems)
    : table_(table), name_(std::move(name)), problems_(problems) {}

Position TableReader::place(std::string_view key) const {
    const auto* found = table_.find(key);
    return found == nullptr ? table_.at : found->at;
}

const Value* TableReader::value(std::string_view key) {
    asked_.push_back(key);
    return table_.find(key);
}

template <typename T>
const T* TableReader::typed(std::string_view key, std::string_view expected) {
    const auto* found = value(key);
    if (found == nullptr) return nullptr;
    const auto* data = std::get_if<T>(&found->data);
    if (data == nullptr)
        wrong(key, fmt::format("must be {}, not {}", expected, found->type_name()));
    return data;
}

std::optional<std::string> TableReader::string(std::string_view key) {
    const auto* text = typed<std::string>(key, "a string");
    return text == nullptr ? std::nullopt : std::optional(*text);
}

std::optional<std::vector<std::string>> TableReader::strings(std::string_view key) {
    const auto* list = typed<Array>(key, "a list of strings");
    if (list == nullptr) return std::nullopt;
    std::vector<std::string> result;
    result.reserve(list->items.size());
    for (const auto& item : list->items) {
        const auto* text = std::get_if<std::string>(&item.data);
        if (text == nullptr) {
            problems_.add(
                item.at,
                fmt::format(
                    "{} in {} must hold strings, not {}", in_quotes(key), name_, item.type_name()));
            return std::nullopt;
        }
        result.push_back(*text);
    }
    return result;
}

std::optional<std::map<std::string, std::string>> TableReader::string_map(std::string_view key) {
    const auto* members = typed<Table>(key, "a table of strings");
    if (members == nullptr) return std::nullopt;
    std::map<std::string, std::string> result;
    for (const auto& [name, item] : members->members) {
        const auto* text = std::get_if<std::string>(&item.data);
        if (text == nullptr) {
            problems_.add(item.at,
                          fmt::format("{} of {} in {} must be a string, not {}",
                                      in_quotes(name),
                                      in_quotes(key),
                                      name_,
                                      item.type_name()));
            return std::nullopt;
        }
        result.emplace_hint(result.end(), name, *text);
    }
    return result;
}

std::optional<int> TableReader::integer(std::string_view key, int least, int most) {
    const auto* number = typed<std::int64_t>(key, "an integer");
    if (number == nullptr) return std::nullopt;
    if (*number < least || *number > most) {
        wrong(key, fmt::format("must be between {} and {}, not {}", least, most, *number));
        return std::nullopt;
    }
    return static_cast<int>(*number);
}

std::optional<bool> TableReader::boolean(std::string_view key) {
    const auto* flag = typed<bool>(key, "true or false");
    return flag == nullptr ? std::nullopt : std::optional(*flag);
}

std::optional<std::chrono::milliseconds> TableReader::duration(std::string_view key) {
    const auto* found = value(key);
    if (found == nullptr) return std::nullopt;
    std::optional<std::chrono::milliseconds> result;
    if (const auto* text = std::get_if<std::string>(&found->data))
        result = text::parse_duration(*text);
    if (const auto* seconds = std::get_if<std::int64_t>(&found->data)) {
        result = text::parse_duration(std::to_string(*seconds));
    }
    if (!result) wrong(key, R"(must be a duration like "30s", "5m" or "250ms")");
    return result;
}

std::optional<std::uint64_t> TableReader::size(std::string_view key) {
    const auto* found = value(key);
    if (found == nullptr) return std::nullopt;
    std::optional<std::uint64_t> result;
    if (const auto* text = std::get_if<std::string>(&found->data)) result = parse_size(*text);
    if (const auto* bytes = std::get_if<std::int64_t>(&found->data);
        bytes != nullptr && *bytes >= 0) {
        result = static_cast<std::uint64_t>(*bytes);
    }
    if (!result) wrong(key, "must be a size like \"32MiB\" or a number of bytes");
    return result;
}

std::optional<std::string> TableReader::url(std::string_view key) {
    auto text = string(key);
    if (!text) return std::nullopt;
    const auto fault = url_fault(*text);
    if (fault.empty()) return text;
    wrong(key, fault);
    return std::nullopt;
}

const Table* TableReader::table(std::string_view key) {
    return typed<Table>(key, "a table");
}

const Array* TableReader::array(std::string_view key) {
    return typed<Array>(key, "a list");
}

void TableReader::wrong(std::string_view key, const std::string& what) {
    problems_.add(place(key), fmt::format("{} in {} {}", in_quotes(key), name_, what));
}

void TableReader::not_among(std::string_view key,
                            std::string_view typed,
                            std::span<const std::string> valid) {
    wrong(key,
          fmt::format("does not know {}.{} It takes: {}.",
                      in_quotes(typed),
                      text::did_you_mean(typed, valid),
                      fmt::join(valid, ", ")));
}

void TableReader::missing(std::string_view key) {
    problems_.add(table_.at, fmt::format("{} needs {}", name_, in_quotes(key)));
}

void TableReader::finish() {
    for (const auto& [key, value] : table_.members) {
        if (std::find(asked_.begin(), asked_.end(), key) != asked_.end()) continue;
        const std::vector<std::string> valid(asked_.begin(), asked_.end());
        problems_.add(
            value.at,
            fmt::format(
                "unknown key {} in {}.{}", in_quotes(key), name_, text::did_you_mean(key, valid)));
    }
}

bool is_token(std::string_view text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](unsigned char c) {
        return (c < 0x80 && std::isalnum(c) != 0) ||
               marks.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool has_control(std::string_view text) {
    return std::any_of(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; });
}

bool is_host_owned_header(std::string_view name) {
    constexpr std::array<std::string_view, 10> owned = {"Host",
                                                        "Connection",
                                                        "Content-Length",
                                                        "Transfer-Encoding",
                                                        "TE",
                                                        "Upgrade",
                                                        "Expect",
                                                        "Cookie",
                                                        "Trailer",
                                                        "Keep-Alive"};
    if (same_without_case(name.substr(0, 6), "Proxy-")) return true;
    return std::any_of(owned.begin(), owned.end(), [&](std::string_view one) {
        return same_without_case(one, name);
    });
}

bool is_provider_name(std::string_view name) {
    return !name.empty() && name.size() <= 128 &&
           std::all_of(name.begin(), name.end(), [](unsigned char c) {
               return (c < 0x80 && std::isalnum(c) != 0) || c == '.' || c == '_' || c == '-';
           });
}

void check_dialects(TableReader& reader, const std::vector<std::string>& dialects) {
    constexpr std::string_view key = "dialects";
    const std::vector<std::string> known = {"responses", "chat_completions", "embeddings"};
    if (dialects.empty() && reader.has(key)) reader.wrong(key, "must hold at least one");
    for (auto one = dialects.begin(); one != dialects.end(); ++one) {
        if (std::find(known.begin(), known.end(), *one) == known.end()) {
            reader.not_among(key, *one, known);
        } else if (std::find(dialects.begin(), one, *one) != one) {
            reader.wrong(key, "holds " + in_quotes(*one) + " twice");
        }
    }
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest_shown = 100;
    return "\"" + text::printable(text, longest_shown) + "\"";
}

}  // namespace handover::config
