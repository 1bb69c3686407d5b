// A home of its own, an environment, and streams that are strings: what a command needs to run
// without a terminal or a network.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <string>

#include "cli/commands.hpp"
#include "cli/services.hpp"
#include "cli/streams.hpp"

namespace handover::cli {

class Scene {
public:
    Scene();
    ~Scene();
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    // Runs a command line as main does; fresh services each time, as in a fresh process.
    Result<int> run(const std::vector<std::string>& arguments);

    void write(const std::string& file, const std::string& contents);
    [[nodiscard]] std::string path(const std::string& file) const { return home_ + "/" + file; }
    [[nodiscard]] bool exists(const std::string& file) const;

    // A stored login of the codex plugin that expires so many seconds from now.
    void log_in_to_codex(long seconds_left, bool refresh_token = true);

    std::map<std::string, std::string> environment = {};
    std::string input = {};
    bool terminal = false;
    bool says_yes = false;
    std::string typed_secret = {};

    std::string out = {};
    std::string err = {};
    int questions = 0;
    std::atomic<int> requests = 0;

    std::vector<std::string> became = {};  // what exec would have run
    EnvironmentChanges became_with = {};
    int become_error = 0;

private:
    Outside outside();
    Streams streams();

    std::string home_ = {};
};

}  // namespace handover::cli
