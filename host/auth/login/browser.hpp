// Opening the user's browser: one small interface, so that another platform is another .cpp file.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/method.hpp"
#include "platform/files.hpp"

namespace handover::auth::login {

using Command = std::vector<std::string>;

// $BROWSER: a colon-separated list of commands, each split at white space; "%s" anywhere in a word
// becomes the URL, else the URL is appended. Pure.
std::vector<Command> browser_commands(std::string_view browser, const std::string& url);

// The variables among `names` that may hold a key: those of the methods' `env`, and any whose name
// ends in _API_KEY, _TOKEN or _SECRET. Pure.
std::vector<std::string> key_variables(const std::vector<std::string>& names,
                                       const std::vector<Method>& methods);

// The platform's opener: xdg-open where a display is there, nothing else.
std::vector<Command> platform_browser_commands(const std::string& url);

// The names of this process's environment.
std::vector<std::string> environment_names();

// Starts the commands in order until one runs and does not fail. No shell, stdio on /dev/null, in a
// session of its own.
class BrowserLauncher {
public:
    BrowserLauncher(std::vector<Command> commands, std::vector<std::string> without_environment);
    ~BrowserLauncher();
    BrowserLauncher(const BrowserLauncher&) = delete;
    BrowserLauncher& operator=(const BrowserLauncher&) = delete;

    // Starts the next command that can be started; false when none is left.
    bool open_next();

    // Readable when the command that was started has ended, or -1.
    [[nodiscard]] int ended_fd() const { return watch_.get(); }

    // The command has ended: true if that leaves a browser open (it handed the URL over), or
    // another one was started.
    bool on_ended();

private:
    bool start(const Command& command);

    std::vector<Command> commands_;
    std::vector<std::string> without_environment_;
    std::size_t next_ = 0;
    pid_t child_ = -1;
    platform::Descriptor watch_;
};

}  // namespace handover::auth::login
