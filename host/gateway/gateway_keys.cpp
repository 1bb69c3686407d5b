#include "gateway/gateway_keys.hpp"

#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/json.hpp>
#include <set>
#include <utility>

#include "auth/private_folder.hpp"
#include "crypto/crypto.hpp"
#include "platform/files.hpp"
#include "text/encoding.hpp"

namespace handover::gateway {
namespace {

constexpr std::string_view prefix = "hok_";
constexpr auto file_name = "gateway-keys.json";
constexpr auto lock_name = "gateway-keys.lock";
constexpr std::size_t longest_file = 1U << 20U;
constexpr std::size_t longest_key_name = 64;
// Shorter values could be guessed; the host itself makes 43 characters after the prefix.
constexpr std::size_t shortest_key = 24;

Failure corrupt(std::string reason) {
    return fail({.code = Errc::store_corrupt,
                 .message = std::string(file_name) + " does not hold the gateway's keys",
                 .reason = std::move(reason),
                 .fix = "mend it, or remove it: a new key is then made at the next start"});
}

bool is_key(std::string_view text) {
    return text.starts_with(prefix) && text.size() >= shortest_key &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

std::string member_text(const boost::json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

Result<GatewayKey> parse_key(const boost::json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return corrupt("one of the keys is no object");
    GatewayKey key{.name = member_text(*object, "name"),
                   .key = Secret(member_text(*object, "key")),
                   .created_at = member_text(*object, "created_at")};
    if (!is_key_name(key.name)) return corrupt("a key has no name, or one that is none");
    if (!is_key(key.key.reveal()))
        return corrupt("the key \"" + key.name + "\" does not begin hok_ or is too short");
    return key;
}

Failure no_such_key(const std::string& name) {
    return fail({.code = Errc::usage,
                 .message = "the gateway has no key named \"" + name + '"',
                 .reason = {},
                 .fix = "handover serve --list-keys"});
}

auto named(const std::string& name) {
    return [&name](const GatewayKey& key) { return key.name == name; };
}

// Held while the file is read, changed and replaced; released with the descriptor.
Result<platform::Descriptor> lock(auth::PrivateFolder& folder) {
    auto file = folder.open_for_writing(lock_name);
    if (!file) return file;
    while (flock(file->get(), LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        return fail({.code = Errc::store_io,
                     .message = "cannot lock " + folder.path_of(lock_name).string(),
                     .reason = platform::error_text(errno),
                     .fix = {}});
    }
    return file;
}

}  // namespace

Secret make_gateway_key() {
    return Secret(std::string(prefix) + text::base64url_encode(crypto::random_bytes(32)));
}

bool is_key_name(std::string_view name) {
    constexpr std::string_view marks = "._-";
    return !name.empty() && name.size() <= longest_key_name &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      marks.find(c) != std::string_view::npos;
           });
}

Result<std::vector<GatewayKey>> parse_gateway_keys(std::string_view json) {
    boost::json::error_code error;
    const auto document = boost::json::parse({json.data(), json.size()}, error);
    if (error) return corrupt("it is not JSON");
    const auto* top = document.if_object();
    const auto* list = top == nullptr ? nullptr : top->if_contains("keys");
    const auto* array = list == nullptr ? nullptr : list->if_array();
    if (array == nullptr) return corrupt("it has no array \"keys\"");
    std::vector<GatewayKey> keys;
    std::set<std::string> names;
    for (const auto& value : *array) {
        auto key = parse_key(value);
        if (!key) return std::move(key).failure();
        if (!names.insert(key->name).second)
            return corrupt("two keys are named \"" + key->name + '"');
        keys.push_back(std::move(*key));
    }
    return keys;
}

std::string format_gateway_keys(const std::vector<GatewayKey>& keys) {
    boost::json::array list;
    for (const auto& key : keys) {
        list.push_back(boost::json::object{{"name", key.name},
                                           {"key", boost::json::string_view(key.key.reveal())},
                                           {"created_at", key.created_at}});
    }
    return boost::json::serialize(boost::json::object{{"version", 1}, {"keys", list}}) + "\n";
}

const GatewayKey* find_key(const std::vector<GatewayKey>& keys, std::string_view shown) {
    const GatewayKey* found = nullptr;
    for (const auto& key : keys) {
        if (equal_in_constant_time(key.key.reveal(), shown)) found = &key;
    }
    return found;
}

GatewayKeyFile::GatewayKeyFile(std::filesystem::path state_folder)
    : folder_(std::move(state_folder)) {}

std::filesystem::path GatewayKeyFile::path() const {
    return folder_ / file_name;
}

Result<std::vector<GatewayKey>> GatewayKeyFile::read() {
    auto text = auth::PrivateFolder(folder_).read(file_name, longest_file);
    if (!text) return std::move(text).failure();
    if (!*text) return std::vector<GatewayKey>();
    auto keys = parse_gateway_keys(**text);
    wipe(**text);
    return keys;
}

Result<void> GatewayKeyFile::write(const std::vector<GatewayKey>& keys) {
    auto text = format_gateway_keys(keys);
    auto written = auth::PrivateFolder(folder_).replace(file_name, text);
    wipe(text);
    return written;
}

Result<std::vector<GatewayKey>> GatewayKeyFile::read_or_make(Time now) {
    auto keys = read();
    if (!keys || !keys->empty()) return keys;
    auth::PrivateFolder folder(folder_);
    const auto held = lock(folder);
    if (!held) return held.failure();
    keys = read();  // another one may have been first
    if (!keys || !keys->empty()) return keys;
    keys->push_back(
        {.name = "default", .key = make_gateway_key(), .created_at = text::format_rfc3339(now)});
    if (auto written = write(*keys); !written) return written.failure();
    return keys;
}

Result<GatewayKey> GatewayKeyFile::add(const std::string& name, Time now) {
    if (!is_key_name(name)) {
        return fail({.code = Errc::usage,
                     .message = "a key's name is made of letters, digits, '.', '_' and '-'",
                     .reason = {},
                     .fix = "handover serve --add-key NAME"});
    }
    auth::PrivateFolder folder(folder_);
    const auto held = lock(folder);
    if (!held) return held.failure();
    auto keys = read();
    if (!keys) return std::move(keys).failure();
    auto place = std::find_if(keys->begin(), keys->end(), named(name));
    if (place == keys->end()) place = keys->emplace(place);
    *place = {.name = name, .key = make_gateway_key(), .created_at = text::format_rfc3339(now)};
    if (auto written = write(*keys); !written) return written.failure();
    return *place;
}

Result<void> GatewayKeyFile::remove(const std::string& name) {
    auth::PrivateFolder folder(folder_);
    const auto held = lock(folder);
    if (!held) return held.failure();
    auto keys = read();
    if (!keys) return std::move(keys).failure();
    if (std::erase_if(*keys, named(name)) == 0) return no_such_key(name);
    return write(*keys);
}

std::string GatewayKeyFile::version() const {
    struct stat status = {};
    if (stat(path().c_str(), &status) != 0) return {};
    return std::to_string(status.st_ino) + ':' + std::to_string(status.st_mtim.tv_sec) + '.' +
           std::to_string(status.st_mtim.tv_nsec);
}

}  // namespace handover::gateway
