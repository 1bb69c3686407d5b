#include "plugins/trial.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <array>
#include <csignal>
#include <cstring>
#include <system_error>

#include "plugins/loaded.hpp"
#include "plugins/plugin.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace handover::plugins {
namespace {

constexpr std::size_t most_remembered = 64;

// What the dynamic loader and the sanitizers need. API keys in the environment stay out of a child
// that runs untried code.
constexpr std::array kept_variables = {
    std::string_view("LD_"),
    std::string_view("ASAN_"),
    std::string_view("UBSAN_"),
    std::string_view("TSAN_"),
    std::string_view("LSAN_"),
    std::string_view("PATH="),
    std::string_view("HOME="),
    std::string_view("LANG="),
};

std::vector<std::string> variables_to_drop() {
    std::vector<std::string> names;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        bool keep = false;
        for (const auto prefix : kept_variables) keep = keep || text.starts_with(prefix);
        if (!keep) names.emplace_back(text.substr(0, text.find('=')));
    }
    return names;
}

Failure failed(const std::string& file, std::string_view what, std::string reason) {
    return fail({.code = Errc::plugin_failed,
                 .message = fmt::format("the plugin {} {}", file, what),
                 .reason = std::move(reason),
                 .fix = "install another release of the plugin, or remove the file; other plugins "
                        "go on working"});
}

std::string signal_text(int number) {
    const char* name = sigabbrev_np(number);
    return name == nullptr ? fmt::format("signal {}", number) : fmt::format("SIG{}", name);
}

}  // namespace

Result<void> judge_trial(const platform::Ended& ended,
                         const std::string& file,
                         std::chrono::milliseconds limit) {
    constexpr std::string_view tried =
        "It was tried in a process of its own; nothing else was harmed.";
    if (ended.signalled) {
        return failed(
            file,
            fmt::format("crashed while it was loaded ({})", signal_text(*ended.signalled)),
            fmt::format(
                "its initialization ended the process{}. {}",
                *ended.signalled == SIGABRT ? ", perhaps by an exception that nothing caught" : "",
                tried));
    }
    if (!ended.exited) {
        return failed(
            file,
            "did not finish loading",
            fmt::format("its initialization was stopped after {} ms. {}", limit.count(), tried));
    }
    switch (static_cast<TrialEnd>(*ended.exited)) {
        case TrialEnd::passed:
        case TrialEnd::cannot_load:
            return {};
        case TrialEnd::no_entry:
            return failed(file, "has no entry point", "it exports no " HANDOVER_ENTRY_SYMBOL);
        case TrialEnd::no_table:
            return failed(file,
                          "refuses to work with this host",
                          "its entry point returned no function table");
        case TrialEnd::threw:
            return failed(
                file,
                "threw an exception while it was loaded",
                fmt::format("an exception left its initialization or its entry point. {}", tried));
    }
    return failed(
        file,
        fmt::format("ended the process while it was loaded (exit status {})", *ended.exited),
        fmt::format("its initialization called exit. {}", tried));
}

Result<void> try_in_child(int descriptor,
                          const std::string& file,
                          const std::filesystem::path& self,
                          std::chrono::milliseconds limit) {
    platform::Spawn child;
    child.argv = {self.string(), "__trial", std::to_string(descriptor)};
    child.without_environment = variables_to_drop();
    child.new_session = true;
    child.keep = {descriptor};
    const auto started = platform::spawn(child);
    if (!started) return started.failure();
    return judge_trial(platform::wait_or_kill(*started, limit), file, limit);
}

std::vector<PassedTrial> parse_trials(std::string_view json) {
    try {
        std::vector<PassedTrial> out;
        const auto document = boost::json::parse(json);
        for (const auto& item : document.at("passed").as_array()) {
            const auto& file = item.at("file");
            out.push_back(
                {.sha256 = boost::json::value_to<std::string>(item.at("sha256")),
                 .host_version = boost::json::value_to<std::string>(item.at("host")),
                 .file = {.device = file.at("device").to_number<std::uint64_t>(),
                          .inode = file.at("inode").to_number<std::uint64_t>(),
                          .size = file.at("size").to_number<std::uint64_t>(),
                          .modified_ns = file.at("modified_ns").to_number<std::int64_t>(),
                          .changed_ns = file.at("changed_ns").to_number<std::int64_t>()}});
        }
        return out;
    } catch (const std::exception&) {  // Boost.JSON's accessors throw; a damaged file only costs
                                       // another trial
        return {};
    }
}

std::string print_trials(const std::vector<PassedTrial>& trials) {
    boost::json::array passed;
    const auto first = trials.size() > most_remembered ? trials.size() - most_remembered : 0;
    for (std::size_t i = first; i < trials.size(); ++i) {
        const auto& trial = trials[i];
        passed.push_back({{"sha256", trial.sha256},
                          {"host", trial.host_version},
                          {"file",
                           {{"device", trial.file.device},
                            {"inode", trial.file.inode},
                            {"size", trial.file.size},
                            {"modified_ns", trial.file.modified_ns},
                            {"changed_ns", trial.file.changed_ns}}}});
    }
    return boost::json::serialize(
               boost::json::object{{"version", 1}, {"passed", std::move(passed)}}) +
           "\n";
}

int run_trial(int descriptor) {
    const auto path = fmt::format("/proc/self/fd/{}", descriptor);
    return static_cast<int>(try_here(path));
}

}  // namespace handover::plugins
