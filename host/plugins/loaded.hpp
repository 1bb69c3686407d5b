// The C side of a loaded plugin: its function table and the host table it was given. Only
// plugin.cpp, instance.cpp and trial.cpp see raw function pointers.
#pragma once

#include <handover/ext/limits.h>
#include <handover/ext/models.h>
#include <handover/plugin.h>
#include <handover/result.hpp>

#include <cstddef>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/plugin.hpp"
#include "plugins/trial.hpp"

namespace handover::plugins {

// Lives as long as the process, at one address: the plugin keeps pointers to it.
struct Loaded {
    std::string id = {};
    std::string area = {};  // of its log lines
    std::size_t host_count = 0;
    handover_host host = {};
    const handover_plugin* table = nullptr;
    const handover_limits* limits = nullptr;  // null: the plugin does not offer it
    const handover_models* models = nullptr;  // the same
};

// The number behind an enumerator that a plugin gave. A plugin may give any; reading one outside
// the enumeration is undefined in C++, so the bytes are read instead.
template <typename Enumeration>
int number_of(const Enumeration& given) {
    static_assert(sizeof given == sizeof(int));
    int number = 0;
    std::memcpy(&number, &given, sizeof number);
    return number;
}

// Every required pointer is there. PLUGIN_ABI_MISMATCH naming the first that is not.
Result<void> check_table(const handover_plugin* table, const std::string& id);

// The plugin's table of an extension, or null; one that cannot be used is warned about.
const handover_limits* find_limits_extension(const handover_plugin& plugin, const std::string& id);
const handover_models* find_models_extension(const handover_plugin& plugin, const std::string& id);

// What get_extension answers to that id; null too where an exception leaves it.
const void* ask_for_extension(const handover_plugin& plugin,
                              const std::string& id,
                              std::string_view extension);

std::vector<LimitWindow> read_windows(const handover_limits& limits,
                                      const handover_instance* instance,
                                      const std::vector<http::Header>& headers,
                                      Time now);

struct ModelList {
    std::vector<Model> models = {};
    bool understood = false;
    std::string message = {};  // the plugin's words; untrusted
};
ModelList read_model_list(const handover_models& extension,
                          const handover_instance* instance,
                          std::string_view body);

Result<Instance> make_instance(const Loaded& loaded, const InstanceConfig& config);

// Loads, calls the entry point, keeps everything. For a process that exists for this alone.
TrialEnd try_here(const std::filesystem::path& path);

}  // namespace handover::plugins
