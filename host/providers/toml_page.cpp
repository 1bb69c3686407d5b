#include "providers/toml_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <variant>

#include "text/printable.hpp"

namespace handover::providers {

bool looks_secret(std::string_view name, std::string_view value) {
    constexpr std::array<std::string_view, 9> words = {
        "auth", "token", "key", "secret", "passw", "cookie", "credential", "signature", "session"};
    std::string folded(name);
    std::transform(folded.begin(), folded.end(), folded.begin(), [](unsigned char c) {
        return static_cast<char>(std::tolower(c));
    });
    const bool named =
        folded == "sig" || std::any_of(words.begin(), words.end(), [&](std::string_view word) {
            return folded.find(word) != std::string::npos;
        });
    const auto begins = [&](std::string_view prefix) {
        return value.substr(0, prefix.size()) == prefix;
    };
    return named || begins("Bearer ") || begins("Basic ") || begins("sk-") || begins("eyJ") ||
           begins("hok_");
}

std::string in_toml(std::string_view text) {
    return text::quoted(text);
}

std::string in_toml(const std::vector<std::string>& texts) {
    std::vector<std::string> items;
    items.reserve(texts.size());
    for (const auto& text : texts) items.push_back(in_toml(text));
    return fmt::format("[{}]", fmt::join(items, ", "));
}

std::string in_toml(std::chrono::milliseconds time) {
    const auto count = time.count();
    if (count % 60'000 == 0 && count != 0) return fmt::format("\"{}m\"", count / 60'000);
    return count % 1000 == 0 ? fmt::format("\"{}s\"", count / 1000)
                             : fmt::format("\"{}ms\"", count);
}

std::string size_in_toml(std::uint64_t bytes) {
    constexpr std::uint64_t mebibyte = 1U << 20U;
    return bytes % mebibyte == 0 ? fmt::format("\"{}MiB\"", bytes / mebibyte)
                                 : std::to_string(bytes);
}

std::string key_in_toml(std::string_view key) {
    const bool bare = !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_');
    });
    return bare ? std::string(key) : in_toml(key);
}

std::string without_userinfo(const std::string& url) {
    const auto at = url.rfind('@');
    if (at == std::string::npos) return url;
    const auto scheme = url.find("//");
    return (scheme < at ? url.substr(0, scheme + 2) : std::string()) + std::string(hidden) +
           url.substr(at);
}

void TomlPage::comment(std::string_view text) {
    text_ += fmt::format("# {}\n", text);
}

void TomlPage::header(std::string_view name) {
    text_ += fmt::format("\n[{}]\n", name);
}

void TomlPage::line(std::string_view key, std::string_view value, const std::string& origin) {
    text_ +=
        fmt::format("{} = {}  # {}\n", key_in_toml(key), value, text::printable(shortened(origin)));
}

std::string TomlPage::origin(std::string_view section, std::string_view key) const {
    const auto* table = &config_.source;
    if (!section.empty()) {
        const auto* value = config_.source.find(section);
        table = value == nullptr ? nullptr : std::get_if<config::Table>(&value->data);
    }
    const auto* value = table == nullptr ? nullptr : table->find(key);
    return value == nullptr ? "default" : value->at.text();
}

// The file's whole name stands at the top once.
std::string TomlPage::shortened(const std::string& origin) const {
    const auto file = config_.file.string();
    if (file.empty() || origin.compare(0, file.size(), file) != 0) return origin;
    return config_.file.filename().string() + origin.substr(file.size());
}

}  // namespace handover::providers
