// Values as `handover config show` writes them: TOML, each with where it came from behind it, and
// nothing that looks like a secret. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace handover::providers {

constexpr std::string_view hidden = "[hidden]";

// A header, parameter or option that may carry a secret, by its name or by its value.
bool looks_secret(std::string_view name, std::string_view value);
// A proxy's URL may carry a password.
std::string without_userinfo(const std::string& url);

std::string in_toml(std::string_view text);
std::string in_toml(const std::vector<std::string>& texts);
std::string in_toml(std::chrono::milliseconds time);
std::string size_in_toml(std::uint64_t bytes);
std::string key_in_toml(std::string_view key);

class TomlPage {
public:
    explicit TomlPage(const config::Config& config) : config_(config) {}

    void comment(std::string_view text);
    void header(std::string_view name);
    // `value` as TOML writes it.
    void line(std::string_view key, std::string_view value, const std::string& origin);
    [[nodiscard]] std::string text() && { return std::move(text_); }

    // Where a key of the config's own sections came from.
    [[nodiscard]] std::string origin(std::string_view section, std::string_view key) const;

private:
    [[nodiscard]] std::string shortened(const std::string& origin) const;

    const config::Config& config_;
    std::string text_;
};

}  // namespace handover::providers
