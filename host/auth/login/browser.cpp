#include "auth/login/browser.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>

#include "log/log.hpp"
#include "platform/process.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace handover::auth::login {
namespace {

constexpr std::string_view blank = " \t\r\n";

Command split(std::string_view text) {
    Command words;
    while (true) {
        const auto start = text.find_first_not_of(blank);
        if (start == std::string_view::npos) return words;
        text.remove_prefix(start);
        const auto end = std::min(text.find_first_of(blank), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

// True if the word held a "%s".
bool put_url(std::string& word, const std::string& url) {
    bool found = false;
    for (auto at = word.find("%s"); at != std::string::npos;
         at = word.find("%s", at + url.size())) {
        word.replace(at, 2, url);
        found = true;
    }
    return found;
}

bool is_set(const char* name) {
    const char* value =
        std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
    return value != nullptr && *value != '\0';
}

bool ends_like_a_key(std::string_view name) {
    constexpr std::array<std::string_view, 3> endings = {"_API_KEY", "_TOKEN", "_SECRET"};
    return std::any_of(endings.begin(), endings.end(), [&](std::string_view ending) {
        return name.ends_with(ending);
    });
}

}  // namespace

std::vector<Command> browser_commands(std::string_view browser, const std::string& url) {
    std::vector<Command> commands;
    while (!browser.empty()) {
        const auto end = std::min(browser.find(':'), browser.size());
        auto command = split(browser.substr(0, end));
        browser.remove_prefix(std::min(end + 1, browser.size()));
        if (command.empty()) continue;
        bool placed = false;
        for (auto& word : command) placed = put_url(word, url) || placed;
        if (!placed) command.push_back(url);
        commands.push_back(std::move(command));
    }
    return commands;
}

std::vector<std::string> key_variables(const std::vector<std::string>& names,
                                       const std::vector<Method>& methods) {
    const auto is_declared = [&](const std::string& name) {
        return std::any_of(methods.begin(), methods.end(), [&](const Method& method) {
            return std::find(method.env.begin(), method.env.end(), name) != method.env.end();
        });
    };
    std::vector<std::string> found;
    std::copy_if(
        names.begin(), names.end(), std::back_inserter(found), [&](const std::string& name) {
            return ends_like_a_key(name) || is_declared(name);
        });
    return found;
}

std::vector<Command> platform_browser_commands(const std::string& url) {
    if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY")) return {};
    return {{"xdg-open", url}};
}

std::vector<std::string> environment_names() {
    std::vector<std::string> names;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        names.emplace_back(text.substr(0, text.find('=')));
    }
    return names;
}

BrowserLauncher::BrowserLauncher(std::vector<Command> commands,
                                 std::vector<std::string> without_environment)
    : commands_(std::move(commands)), without_environment_(std::move(without_environment)) {}

// A browser outlives the login; one that has ended leaves no zombie behind.
BrowserLauncher::~BrowserLauncher() {
    if (child_ > 0) (void)waitpid(child_, nullptr, WNOHANG);
}

bool BrowserLauncher::start(const Command& command) {
    const auto child = platform::spawn({.argv = command,
                                        .without_environment = without_environment_,
                                        .new_session = true,
                                        .keep = {}});
    if (!child) {
        log::info("auth", child.error().message + ": " + child.error().reason);
        return false;
    }
    child_ = *child;
    watch_ = platform::Descriptor(static_cast<int>(syscall(SYS_pidfd_open, child_, 0)));
    return true;
}

bool BrowserLauncher::open_next() {
    while (next_ < commands_.size()) {
        if (start(commands_[next_++])) return true;
    }
    return false;
}

bool BrowserLauncher::on_ended() {
    int status = 0;
    (void)waitpid(child_, &status, WNOHANG);
    child_ = -1;
    watch_.reset();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    return open_next();
}

}  // namespace handover::auth::login
