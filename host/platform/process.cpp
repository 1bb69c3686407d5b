#include "platform/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "platform/files.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): POSIX leaves it to the program

namespace handover::platform {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    out.reserve(texts.size() + 1);
    for (auto& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

std::vector<std::string> environment_without(const std::vector<std::string>& names) {
    std::vector<std::string> kept;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const auto name = text.substr(0, text.find('='));
        if (std::find(names.begin(), names.end(), name) == names.end()) kept.emplace_back(text);
    }
    return kept;
}

struct Actions {
    posix_spawn_file_actions_t files = {};
    posix_spawnattr_t attributes = {};
    Actions() {
        posix_spawn_file_actions_init(&files);
        posix_spawnattr_init(&attributes);
    }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() {
        posix_spawn_file_actions_destroy(&files);
        posix_spawnattr_destroy(&attributes);
    }
};

void reset_signals(Actions& actions, bool new_session) {
    sigset_t none;
    sigemptyset(&none);
    sigset_t defaults;
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&actions.attributes, &none);
    posix_spawnattr_setsigdefault(&actions.attributes, &defaults);
    auto flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (new_session) flags |= POSIX_SPAWN_SETSID;
    posix_spawnattr_setflags(&actions.attributes, static_cast<short>(flags));
}

}  // namespace

Result<pid_t> spawn(const Spawn& child) {
    auto argv_texts = child.argv;
    auto environment_texts = environment_without(child.without_environment);
    auto argv = pointers(argv_texts);
    auto environment = pointers(environment_texts);
    Actions actions;
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        posix_spawn_file_actions_addopen(&actions.files, stream, "/dev/null", O_RDWR, 0);
    }
    // dup2 onto itself clears close-on-exec in the child only (POSIX.1-2024; glibc 2.29).
    if (child.keep) posix_spawn_file_actions_adddup2(&actions.files, *child.keep, *child.keep);
    // What was inherited without close-on-exec from our own parent stays out of the child.
    const int first_closed = child.keep ? std::max(*child.keep, 2) + 1 : 3;
    posix_spawn_file_actions_addclosefrom_np(&actions.files, first_closed);
    reset_signals(actions, child.new_session);
    pid_t pid = 0;
    const int error_number = posix_spawnp(
        &pid, argv[0], &actions.files, &actions.attributes, argv.data(), environment.data());
    if (error_number != 0) {
        return fail({.code = Errc::internal,
                     .message = "cannot start " + child.argv.front(),
                     .reason = error_text(error_number),
                     .fix = {}});
    }
    return pid;
}

Ended wait_or_kill(pid_t child, std::chrono::milliseconds at_most) {
    // A pidfd becomes readable when the child has ended (Linux 5.3).
    const Descriptor watch(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
    pollfd poll_entry = {watch.get(), POLLIN, 0};
    const auto deadline = std::chrono::steady_clock::now() + at_most;
    int ready = -1;
    do {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        ready = poll(&poll_entry, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) (void)kill(child, SIGKILL);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (ready == 0) return {};
    if (WIFEXITED(status)) return {.exited = WEXITSTATUS(status), .signalled = {}};
    return {.exited = {}, .signalled = WTERMSIG(status)};
}

std::string own_executable() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

}  // namespace handover::platform
