#include "plugins/plugin.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <boost/dll/shared_library.hpp>

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <utility>

#include "log/log.hpp"
#include "plugins/elf_section.hpp"
#include "plugins/image.hpp"
#include "plugins/loaded.hpp"
#include "plugins/trial.hpp"
#include "plugins/trust.hpp"
#include "text/printable.hpp"

namespace handover::plugins {
namespace {

// What a loaded plugin needs for as long as the process lives. Never freed: its code may run until
// the very end.
struct Kept {
    Image image;
    boost::dll::shared_library library = {};
    Loaded loaded = {};
};

class Registry {
public:
    static Registry& get() {
        static auto& registry = *new Registry;
        return registry;
    }

    std::shared_ptr<const Plugin> find(const Identity& file) {
        const std::scoped_lock lock(mutex_);
        const auto found = plugins_.find(file);
        return found == plugins_.end() ? nullptr : found->second;
    }

    std::shared_ptr<const Plugin> add(const Identity& file, std::shared_ptr<const Plugin> plugin) {
        const std::scoped_lock lock(mutex_);
        return plugins_.emplace(file, std::move(plugin)).first->second;
    }

    Kept& keep(Image image) {
        const std::scoped_lock lock(mutex_);
        return kept_.emplace_back(Kept{.image = std::move(image)});
    }

private:
    std::mutex mutex_;  // guards what follows; never held while plugin code runs
    std::map<Identity, std::shared_ptr<const Plugin>> plugins_;
    std::list<Kept> kept_;
};

log::Level level_of(int level) {
    switch (level) {
        case HANDOVER_LOG_ERROR:
            return log::Level::error;
        case HANDOVER_LOG_WARNING:
            return log::Level::warning;
        case HANDOVER_LOG_INFO:
            return log::Level::info;
        default:
            return log::Level::debug;
    }
}

void write_log(void* context, handover_log_level level, handover_string message) noexcept {
    if (context == nullptr || (message.data == nullptr && message.size != 0)) return;
    try {
        const auto& loaded = *static_cast<const Loaded*>(context);
        constexpr std::size_t longest = 4000;
        log::write(level_of(number_of(level)),
                   loaded.area,
                   {message.data, std::min(message.size, longest)});
    } catch (const std::exception&) {  // the ABI's edge: a line that cannot be made is dropped
    }
}

void ignore_log(void*, handover_log_level, handover_string) noexcept {}

Failure cannot_load(const std::string& file, std::string reason) {
    return fail({.code = Errc::plugin_failed,
                 .message = fmt::format("the plugin {} cannot be loaded", file),
                 .reason = text::printable(reason),
                 .fix = "install what it needs, or another release of the plugin"});
}

// Boost.DLL's throwing overload alone carries the dynamic loader's own words.
Result<boost::dll::shared_library> open_library(const std::filesystem::path& path,
                                                const std::string& file) {
    try {
        return boost::dll::shared_library(
            path, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    } catch (const std::exception& error) {
        return cannot_load(file, error.what());
    } catch (...) {
        return cannot_load(file, "an exception left its initialization");
    }
}

const handover_plugin* call_entry(const boost::dll::shared_library& library,
                                  const handover_host& host) {
    return library.get<const handover_plugin*(const handover_host*)>(HANDOVER_ENTRY_SYMBOL)(&host);
}

// Whether these bytes passed a trial with this version of the host, remembered across processes.
class Trials {
public:
    explicit Trials(const std::filesystem::path& file) : file_(file) {
        if (file_.empty()) return;
        if (const auto text = platform::read_file(file_, 1U << 20U); text && *text)
            passed_ = parse_trials(**text);
    }

    [[nodiscard]] bool passed(const Identity& identity) const {
        return std::any_of(passed_.begin(), passed_.end(), [&](const PassedTrial& trial) {
            return trial.file == identity && trial.host_version == HANDOVER_VERSION;
        });
    }

    [[nodiscard]] bool passed(const std::string& sha256) const {
        return std::any_of(passed_.begin(), passed_.end(), [&](const PassedTrial& trial) {
            return trial.sha256 == sha256 && trial.host_version == HANDOVER_VERSION;
        });
    }

    void remember(const std::string& sha256, const Identity& identity) {
        if (file_.empty()) return;
        passed_.push_back({.sha256 = sha256, .host_version = HANDOVER_VERSION, .file = identity});
        const auto stored = platform::replace_file(file_, print_trials(passed_));
        if (!stored) log::debug("plugins", stored.error().message + ": " + stored.error().reason);
    }

private:
    const std::filesystem::path& file_;
    std::vector<PassedTrial> passed_;
};

Result<void> try_once(const Image& image,
                      const Identity& identity,
                      const std::string& file,
                      const LoadOptions& options) {
    if (options.self.empty()) return {};
    Trials trials(options.trial_results);
    if (trials.passed(identity)) return {};
    const auto digest = image.sha256();
    const bool known = trials.passed(digest);
    if (!known) {
        const auto tried =
            try_in_child(image.descriptor(), file, options.self, options.trial_limit);
        if (!tried) return tried;
    }
    // A file that could still change within this tick is remembered by its bytes alone.
    const bool same_later = settled(identity, std::chrono::system_clock::now());
    if (!known || same_later) trials.remember(digest, same_later ? identity : Identity{});
    return {};
}

Result<Manifest> check_image(const Image& image, const std::string& file) {
    auto contents = read_plugin_file(image.descriptor(), file);
    if (!contents) return contents.failure();
    if (auto checked = check_abi(contents->abis, file); !checked) return checked.failure();
    return parse_manifest(contents->manifest, file);
}

Result<const Loaded*> load_image(Image image,
                                 const Manifest& manifest,
                                 const std::string& file,
                                 const LoadOptions& options) {
    auto& kept = Registry::get().keep(std::move(image));
    const auto path = kept.image.loadable_path(options.image_copies);
    if (!path) return path.failure();
    auto library = open_library(*path, file);
    if (!library) return library.failure();
    kept.library = *std::move(library);
    auto& loaded = kept.loaded;
    loaded.id = manifest.id;
    loaded.area = "plugin:" + manifest.id;
    loaded.host_count = manifest.hosts.size();
    loaded.host = {.size = sizeof(handover_host),
                   .abi_minor = HANDOVER_ABI_MINOR,
                   .context = &loaded,
                   .log = write_log};
    if (!kept.library.has(HANDOVER_ENTRY_SYMBOL))
        return cannot_load(file, "it exports no " HANDOVER_ENTRY_SYMBOL);
    try {
        loaded.table = call_entry(kept.library, loaded.host);
    } catch (...) {  // the ABI's edge
        return cannot_load(file, "its entry point threw an exception");
    }
    if (auto checked = check_table(loaded.table, manifest.id); !checked) return checked.failure();
    loaded.limits = find_limits_extension(*loaded.table, manifest.id);
    loaded.models = find_models_extension(*loaded.table, manifest.id);
    return &loaded;
}

}  // namespace

class Plugin::Impl {
public:
    Impl(Manifest read, const Loaded& what) : manifest(std::move(read)), loaded(what) {}

    Manifest manifest;
    const Loaded& loaded;
};

Plugin::Plugin(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Plugin::~Plugin() = default;

const Manifest& Plugin::manifest() const {
    return impl_->manifest;
}

Result<Instance> Plugin::create(const InstanceConfig& config) const {
    return make_instance(impl_->loaded, config);
}

Result<std::shared_ptr<const Plugin>> Plugin::load(const std::filesystem::path& file,
                                                   const LoadOptions& options) {
    const auto name = file.string();
    const auto opened = open_trusted(file);
    if (!opened) return opened.failure();
    struct stat status = {};
    if (fstat(opened->get(), &status) != 0) return cannot_load(name, platform::error_text(errno));
    const auto identity = identity_of(status);
    if (auto already = Registry::get().find(identity)) return already;

    auto image = Image::copy(opened->get(), name);
    if (!image) return image.failure();
    auto manifest = check_image(*image, name);
    if (!manifest) return manifest.failure();
    if (auto tried = try_once(*image, identity, name, options); !tried) return tried.failure();
    const auto loaded = load_image(*std::move(image), *manifest, name, options);
    if (!loaded) return loaded.failure();
    auto impl = std::make_unique<Impl>(*std::move(manifest), **loaded);
    return Registry::get().add(identity, std::make_shared<const Plugin>(std::move(impl)));
}

TrialEnd try_here(const std::filesystem::path& path) {
    static const handover_host host = {.size = sizeof(handover_host),
                                       .abi_minor = HANDOVER_ABI_MINOR,
                                       .context = nullptr,
                                       .log = ignore_log};
    // Never unloaded, as in the host.
    static auto& library = *new boost::dll::shared_library;
    try {
        boost::dll::fs::error_code error;
        library.load(
            path, error, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
        if (error) return TrialEnd::cannot_load;
        if (!library.has(HANDOVER_ENTRY_SYMBOL)) return TrialEnd::no_entry;
        return call_entry(library, host) == nullptr ? TrialEnd::no_table : TrialEnd::passed;
    } catch (...) {  // the trial exists to see this
        return TrialEnd::threw;
    }
}

}  // namespace handover::plugins
