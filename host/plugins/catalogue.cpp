#include "plugins/catalogue.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "log/log.hpp"
#include "platform/files.hpp"
#include "plugins/elf_section.hpp"
#include "plugins/index.hpp"
#include "plugins/trust.hpp"
#include "text/nearest.hpp"

namespace handover::plugins {
namespace {

// Another build of the host may judge a manifest differently, so the index belongs to the
// executable that wrote it.
std::string this_build() {
    struct stat status = {};
    if (stat("/proc/self/exe", &status) != 0) return HANDOVER_VERSION;
    const auto self = identity_of(status);
    return fmt::format("{} {} {} {}", HANDOVER_VERSION, self.inode, self.size, self.modified_ns);
}

Entry entry_of(const std::filesystem::path& file, const Manifest& manifest) {
    Entry entry;
    entry.file = file;
    entry.id = manifest.id;
    entry.version = manifest.version;
    entry.name = manifest.name;
    for (const auto& method : manifest.methods) entry.auth_methods.push_back(method.id);
    entry.dialects = manifest.dialects;
    return entry;
}

Entry broken(const std::filesystem::path& file, Error error) {
    Entry entry;
    entry.file = file;
    entry.error = std::move(error);
    return entry;
}

Result<Manifest> read_opened(int descriptor, const std::string& file) {
    auto contents = read_plugin_file(descriptor, file);
    if (!contents) return contents.failure();
    if (auto checked = check_abi(contents->abis, file); !checked) return checked.failure();
    return parse_manifest(contents->manifest, file);
}

struct CloseFolder {
    void operator()(DIR* folder) const { (void)closedir(folder); }
};

struct Name {
    std::string text = {};
    bool may_be_link = false;

    auto operator<=>(const Name&) const = default;
};

std::vector<Name> plugin_names(DIR* folder) {
    std::vector<Name> names;
    while (const dirent* entry = readdir(folder)) {
        const std::string_view name(entry->d_name);
        if (!name.ends_with(".so") || name.starts_with('.')) continue;
        names.push_back({.text = std::string(name), .may_be_link = entry->d_type != DT_REG});
    }
    std::sort(names.begin(), names.end());
    return names;
}

// One pass over the folders. What the index knows is taken from there; the rest is read.
class Scan {
public:
    Scan(const std::filesystem::path& index_file, bool use_index)
        : index_file_(index_file), made_by_(this_build()) {
        if (use_index) load_index();
    }

    void folder(const std::filesystem::path& path) {
        const std::unique_ptr<DIR, CloseFolder> opened(opendir(path.c_str()));
        if (opened == nullptr) {
            if (errno != ENOENT && errno != ENOTDIR) note_unreadable(path, errno);
            return;
        }
        struct stat status = {};
        const int descriptor = dirfd(opened.get());
        if (fstat(descriptor, &status) != 0) return note_unreadable(path, errno);
        if (!seen_.emplace(status.st_dev, status.st_ino).second)
            return;  // the same folder by another name
        const auto names = plugin_names(opened.get());
        if (names.empty()) return;
        const auto trusted = check_folder_trust(path);
        for (const auto& name : names) {
            auto file = path / name.text;
            entries_.push_back(trusted ? read(descriptor, std::move(file), name)
                                       : broken(file, trusted.error()));
        }
    }

    std::vector<Entry> finish() {
        if (fresh_ > 0 || indexed_.size() != known_.size()) store_index();
        return std::move(entries_);
    }

private:
    void note_unreadable(const std::filesystem::path& path, int error_number) {
        log::warning(
            "plugins",
            fmt::format("cannot read {}: {}", path.string(), platform::error_text(error_number)));
    }

    Entry read(int folder, std::filesystem::path file, const Name& name) {
        struct stat status = {};
        if (fstatat(folder, name.text.c_str(), &status, 0) != 0) {
            return broken(file,
                          {.code = Errc::plugin_invalid,
                           .message = "cannot read " + file.string(),
                           .reason = platform::error_text(errno),
                           .fix = "remove it from the plugin folder"});
        }
        if (auto trusted = check_file_trust(status, file); !trusted)
            return broken(file, trusted.error());
        const auto identity = identity_of(status);
        if (!name.may_be_link) {
            const auto known = known_.find(file.native());
            if (known != known_.end() && known->second->identity == identity) {
                indexed_.push_back(*known->second);
                return known->second->entry;
            }
        }
        return read_anew(std::move(file), identity, name.may_be_link);
    }

    Entry read_anew(std::filesystem::path file, const Identity& identity, bool may_be_link) {
        ++fresh_;
        const auto opened = open_trusted(file);
        if (!opened) return broken(file, opened.error());
        const auto manifest = read_opened(opened->get(), file.string());
        auto entry = manifest ? entry_of(file, *manifest) : broken(file, manifest.error());
        struct stat status = {};
        const bool same = fstat(opened->get(), &status) == 0 && identity_of(status) == identity;
        if (same && !may_be_link && settled(identity, std::chrono::system_clock::now())) {
            indexed_.push_back({.identity = identity, .entry = entry});
        }
        return entry;
    }

    void load_index() {
        const auto bytes = platform::read_file(index_file_, 64U << 20U);
        if (!bytes || !*bytes) return;
        auto files = decode_index(**bytes, made_by_);
        if (!files) return;
        stored_ = std::move(*files);
        known_.reserve(stored_.size());
        for (const auto& file : stored_) known_.emplace(file.entry.file.native(), &file);
    }

    void store_index() {
        if (index_file_.empty()) return;
        const auto stored = platform::replace_file(index_file_, encode_index(indexed_, made_by_));
        if (!stored) log::debug("plugins", stored.error().message + ": " + stored.error().reason);
    }

    const std::filesystem::path& index_file_;
    std::string made_by_;
    std::vector<Indexed> stored_;
    std::unordered_map<std::string_view, const Indexed*> known_;  // into stored_, by path
    std::vector<Indexed> indexed_;
    std::vector<Entry> entries_;
    std::set<std::pair<dev_t, ino_t>> seen_;
    std::size_t fresh_ = 0;
};

void mark_shadowed(std::vector<Entry>& entries) {
    std::map<std::string, const Entry*, std::less<>> winners;
    for (auto& entry : entries) {
        if (entry.error) continue;
        const auto [winner, won] = winners.emplace(entry.id, &entry);
        if (!won) entry.shadowed_by = winner->second->file;
    }
}

const Entry* find_usable(const std::vector<Entry>& entries, const std::string& id) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return !entry.error && entry.shadowed_by.empty() && entry.id == id;
    });
    return found == entries.end() ? nullptr : &*found;
}

const Entry* find_broken(const std::vector<Entry>& entries, const std::string& id) {
    const auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) {
        return entry.error && entry.file.stem() == id;
    });
    return found == entries.end() ? nullptr : &*found;
}

std::string joined(const std::vector<std::filesystem::path>& folders) {
    std::string out;
    for (const auto& folder : folders) out += (out.empty() ? "" : ", ") + folder.string();
    return out;
}

}  // namespace

Catalogue::Catalogue(std::vector<std::filesystem::path> folders, std::filesystem::path index_file)
    : folders_(std::move(folders)), index_file_(std::move(index_file)) {}

void Catalogue::scan(bool use_index) {
    Scan scan(index_file_, use_index);
    for (const auto& folder : folders_) scan.folder(folder);
    entries_ = scan.finish();
    mark_shadowed(*entries_);
}

const std::vector<Entry>& Catalogue::entries() {
    if (!entries_) scan(true);
    return *entries_;
}

std::vector<std::string> Catalogue::ids() {
    std::vector<std::string> out;
    for (const auto& entry : entries()) {
        if (!entry.error && entry.shadowed_by.empty()) out.push_back(entry.id);
    }
    return out;
}

Result<std::filesystem::path> Catalogue::file_of(const std::string& id) {
    if (const auto* entry = find_usable(entries(), id)) return entry->file;
    if (const auto* entry = find_broken(entries(), id)) return fail(*entry->error);
    const auto known = ids();
    return fail(
        {.code = Errc::plugin_not_found,
         .message = fmt::format("there is no plugin \"{}\".{}", id, text::did_you_mean(id, known)),
         .reason = folders_.empty() ? "no plugin folder is known" : "searched " + joined(folders_),
         .fix = folders_.empty() ? "name a folder with --plugin-dir"
                                 : fmt::format("put {}.so into one of these folders", id)});
}

Result<Manifest> Catalogue::manifest_of(const std::string& id) {
    const auto file = file_of(id);
    if (!file) return file.failure();
    auto manifest = read_manifest(*file);
    if (manifest && manifest->id == id) return manifest;
    // The file changed after the index or this catalogue looked at it.
    scan(false);
    const auto now = file_of(id);
    if (!now) return now.failure();
    return read_manifest(*now);
}

Result<Manifest> read_manifest(const std::filesystem::path& file) {
    const auto opened = open_trusted(file);
    if (!opened) return opened.failure();
    return read_opened(opened->get(), file.string());
}

}  // namespace handover::plugins
