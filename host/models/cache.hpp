// Lists of models on disk: cache/models-HASH.json, one per provider, account and base URL. What
// cannot be read or written is as if nothing were kept.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/plugin.hpp"

namespace handover::models {

// Whose list it is. A list is another one where any of these differs.
struct Key {
    std::string provider = {};
    std::string account = {};
    std::string base_url = {};

    bool operator==(const Key&) const = default;
};

struct Kept {
    std::vector<plugins::Model> models = {};
    Time fetched_at = {};
    std::string etag = {};  // of the answer it came from; may be empty

    bool operator==(const Kept&) const = default;
};

// Pure. A text of another key, or that is damaged, is nothing.
std::string print_kept(const Key& key, const Kept& kept);
std::optional<Kept> parse_kept(const Key& key, std::string_view text);

std::optional<Kept> load_kept(const std::filesystem::path& folder, const Key& key);
void store_kept(const std::filesystem::path& folder, const Key& key, const Kept& kept);

}  // namespace handover::models
