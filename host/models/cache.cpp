#include "models/cache.hpp"

#include <boost/json.hpp>

#include "crypto/crypto.hpp"
#include "log/log.hpp"
#include "platform/files.hpp"
#include "text/printable.hpp"

namespace handover::models {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_file = 16U << 20U;
constexpr std::size_t longest_text = 256;
constexpr std::size_t longest_etag = 1000;

std::filesystem::path file_of(const std::filesystem::path& folder, const Key& key) {
    const auto digest =
        crypto::hex(crypto::sha256(key.provider + '\n' + key.account + '\n' + key.base_url));
    return folder / ("models-" + digest.substr(0, 32) + ".json");
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                    : std::string();
}

json::value time_value(const std::optional<Time>& time) {
    return time ? json::value(text::format_rfc3339(*time)) : json::value(nullptr);
}

json::object print_model(const plugins::Model& model) {
    return {{"id", model.id},
            {"display_name", model.display_name},
            {"owner", model.owner},
            {"context_window",
             model.context_window ? json::value(*model.context_window) : json::value(nullptr)},
            {"created_at", time_value(model.created)}};
}

std::optional<plugins::Model> parse_model(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return std::nullopt;
    plugins::Model model{
        .id = text_of(*object, "id"),
        .display_name = text::printable(text_of(*object, "display_name"), longest_text),
        .owner = text::printable(text_of(*object, "owner"), longest_text),
        .created = text::parse_rfc3339(text_of(*object, "created_at"))};
    if (model.id.empty() || text::printable(model.id, longest_text) != model.id)
        return std::nullopt;
    const auto* window = object->if_contains("context_window");
    if (window != nullptr && window->is_int64() && window->get_int64() > 0)
        model.context_window = window->get_int64();
    return model;
}

bool belongs_to(const json::object& object, const Key& key) {
    return text_of(object, "provider") == key.provider &&
           text_of(object, "account") == key.account && text_of(object, "base_url") == key.base_url;
}

// It becomes a header's value.
std::string clean_etag(const std::string& etag) {
    return text::printable(etag, longest_etag) == etag ? etag : std::string();
}

}  // namespace

std::string print_kept(const Key& key, const Kept& kept) {
    json::array models;
    for (const auto& model : kept.models) models.push_back(print_model(model));
    return json::serialize(json::object{{"version", 1},
                                        {"provider", key.provider},
                                        {"account", key.account},
                                        {"base_url", key.base_url},
                                        {"fetched_at", text::format_rfc3339(kept.fetched_at)},
                                        {"etag", kept.etag},
                                        {"models", std::move(models)}});
}

std::optional<Kept> parse_kept(const Key& key, std::string_view text) {
    json::error_code error;
    const auto value = json::parse(text, error);
    const auto* object = value.if_object();
    if (error || object == nullptr || !belongs_to(*object, key)) return std::nullopt;
    const auto fetched_at = text::parse_rfc3339(text_of(*object, "fetched_at"));
    const auto* models = object->if_contains("models");
    if (!fetched_at || models == nullptr || !models->is_array()) return std::nullopt;
    Kept kept{.fetched_at = *fetched_at, .etag = clean_etag(text_of(*object, "etag"))};
    for (const auto& entry : models->get_array()) {
        auto model = parse_model(entry);
        if (!model) return std::nullopt;
        kept.models.push_back(*std::move(model));
    }
    return kept;
}

std::optional<Kept> load_kept(const std::filesystem::path& folder, const Key& key) {
    if (folder.empty()) return std::nullopt;
    const auto text = platform::read_file(file_of(folder, key), longest_file);
    if (!text || !*text) return std::nullopt;
    return parse_kept(key, **text);
}

void store_kept(const std::filesystem::path& folder, const Key& key, const Kept& kept) {
    if (folder.empty()) return;
    const auto file = file_of(folder, key);
    if (const auto written = platform::replace_file(file, print_kept(key, kept)); !written)
        log::info("models", "cannot keep " + file.string() + ": " + written.error().reason);
}

}  // namespace handover::models
