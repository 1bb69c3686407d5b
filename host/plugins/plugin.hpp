// A loaded plugin and its instances, behind checked, noexcept crossings. No caller sees a raw
// function pointer.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "plugins/manifest.hpp"
#include "text/time.hpp"

namespace handover::plugins {

struct InstanceConfig {
    std::string provider = {};
    std::string base_url = {};
    std::string model = {};
    std::string options = "{}";
};

struct ClientRequest {
    std::string dialect = {};
    std::string model = {};
    std::string body = {};
    std::string session = {};
    bool stream = false;
};

// What the plugin made of a request, checked: the path is below the base URL, no header is the
// host's own.
struct PreparedRequest {
    std::string method = "POST";
    std::string path = {};                   // begins with '/'
    std::optional<std::uint32_t> host = {};  // index into the manifest's hosts
    std::vector<http::Header> headers = {};
    std::string body = {};
    bool forwards_body = false;  // the client's goes out untouched, in place of `body`
    bool upstream_streams = false;
};

enum class Verdict {
    other,
    authentication,
    rate_limited,
    quota_exhausted,
    invalid_request,
    overloaded,
    transient
};
struct Classification {
    Verdict verdict = Verdict::other;
    std::optional<Time> until = {};
    std::string message = {};  // the provider's words; untrusted
};

// One window of the provider's limits, as an answer's headers tell it; what is not known is absent.
struct LimitWindow {
    std::string name = {};
    std::optional<double> used_percent = {};  // 0 to 100
    std::optional<std::int64_t> limit = {};
    std::optional<std::int64_t> remaining = {};
    std::optional<std::chrono::seconds> length = {};
    std::optional<Time> resets_at = {};

    bool operator==(const LimitWindow&) const = default;
};

// One model that the provider serves; what is not known is empty or absent. Texts are printable.
struct Model {
    std::string id = {};
    std::string display_name = {};
    std::string owner = {};
    std::optional<std::int64_t> context_window = {};  // tokens
    std::optional<Time> created = {};

    bool operator==(const Model&) const = default;
};

// One provider of one plugin. Thread-safe.
class Instance {
public:
    class Impl;
    explicit Instance(std::unique_ptr<Impl> impl);
    Instance(Instance&&) noexcept;
    Instance& operator=(Instance&&) noexcept;
    ~Instance();

    // PROVIDER_REJECTED where the plugin says the request is invalid, PLUGIN_FAILED where it fails
    // or breaks a rule. `owned_headers` are the headers of the method's attach: a plugin that sets
    // one is refused.
    Result<PreparedRequest> prepare(const ClientRequest& request,
                                    const std::vector<std::string>& owned_headers) const;
    [[nodiscard]] Classification classify(const http::Response& failed, Time now) const;
    // Of any answer, success or failure. Empty where the plugin does not offer the extension.
    [[nodiscard]] std::vector<LimitWindow> read_limits(const std::vector<http::Header>& headers,
                                                       Time now) const;

    // Whether the plugin can list models; the two below are called only then.
    [[nodiscard]] bool lists_models() const;
    // The request for the list, checked as any other. Errors as for `prepare`.
    [[nodiscard]] Result<PreparedRequest> prepare_models(
        const std::vector<std::string>& owned_headers) const;
    // PLUGIN_FAILED if the plugin takes the body for no list of models.
    [[nodiscard]] Result<std::vector<Model>> read_models(std::string_view body) const;

private:
    std::unique_ptr<Impl> impl_;
};

struct LoadOptions {
    std::filesystem::path trial_results =
        {};  // state/plugin-trials.json; empty: no memory of trials
    std::filesystem::path self =
        {};  // the host's own executable, exec'd for the trial of a first load; empty: no trial
    std::filesystem::path image_copies =
        {};  // cache/plugins: where images go that cannot run from memory; empty: nowhere
    std::chrono::milliseconds trial_limit = std::chrono::seconds(10);
};

// Checks, copies into a sealed memfd, tries once per hash in a child, loads, keeps loaded for the
// life of the process. Errors: PLUGIN_UNTRUSTED, PLUGIN_INVALID, PLUGIN_ABI_MISMATCH,
// PLUGIN_FAILED, each saying what was found and what is accepted.
class Plugin {
public:
    static Result<std::shared_ptr<const Plugin>> load(const std::filesystem::path& file,
                                                      const LoadOptions& options);
    [[nodiscard]] const Manifest& manifest() const;
    [[nodiscard]] Result<Instance> create(const InstanceConfig& config) const;

    class Impl;
    explicit Plugin(std::unique_ptr<Impl> impl);
    ~Plugin();

private:
    std::unique_ptr<Impl> impl_;
};

// The child's side of a first-load trial: `handover __trial FD` (hidden). Loads from the descriptor
// and calls the entry point. The result is the process's exit status; it is never 0, so that a
// plugin calling exit(0) is not taken for a good one.
int run_trial(int descriptor);

}  // namespace handover::plugins
