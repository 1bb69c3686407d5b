#include "platform/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
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

Ended reap(pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status)) return {.exited = WEXITSTATUS(status), .signalled = {}};
    return {.exited = {}, .signalled = WTERMSIG(status)};
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
    int last_kept = 2;
    for (const int kept : child.keep) {
        posix_spawn_file_actions_adddup2(&actions.files, kept, kept);
        last_kept = std::max(last_kept, kept);
    }
    // What was inherited without close-on-exec from our own parent stays out of the child.
    posix_spawn_file_actions_addclosefrom_np(&actions.files, last_kept + 1);
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

int become(Program program) {
    auto without = program.without_environment;
    for (const auto& entry : program.environment)
        without.push_back(entry.substr(0, entry.find('=')));
    auto environment = environment_without(without);
    for (auto& entry : program.environment) environment.push_back(std::move(entry));
    const auto argv = pointers(program.argv);
    const auto envp = pointers(environment);
    execvpe(argv[0], argv.data(), envp.data());
    return errno;
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
    const auto ended = reap(child);
    return ready == 0 ? Ended() : ended;
}

std::optional<Ended> wait_unless_stopped(pid_t child, const std::stop_token& stop) {
    const Descriptor watch(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
    if (!watch.valid()) return reap(child);  // a kernel without them: better to wait than to poll
    const Descriptor stopped(eventfd(0, EFD_CLOEXEC));
    const std::stop_callback wake(stop, [&] { (void)eventfd_write(stopped.get(), 1); });
    std::array<pollfd, 2> entries = {{{watch.get(), POLLIN, 0}, {stopped.get(), POLLIN, 0}}};
    while (poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
    }
    if ((entries[0].revents & POLLIN) == 0) return std::nullopt;
    return reap(child);
}

void close_all_but(std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned first = 3;
    for (const int fd : kept) {
        if (static_cast<unsigned>(fd) > first)
            (void)close_range(first, static_cast<unsigned>(fd) - 1, 0);
        first = std::max(first, static_cast<unsigned>(fd) + 1);
    }
    (void)close_range(first, ~0U, 0);
}

std::string own_executable() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

}  // namespace handover::platform
