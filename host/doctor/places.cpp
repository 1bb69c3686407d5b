#include "doctor/places.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "auth/private_folder.hpp"
#include "platform/files.hpp"

namespace handover::doctor {
namespace {

// Twice what the largest credential takes, its successor beside it.
constexpr std::uint64_t least_room = 4U << 20U;

Errc code_for(Use use) {
    switch (use) {
        case Use::credentials:
            return Errc::store_permissions;
        case Use::plugins:
            return Errc::plugin_untrusted;
        default:
            return Errc::store_io;
    }
}

Finding trouble(Use use, State state, std::string measured, std::string expected, std::string fix) {
    return {.state = state,
            .measured = std::move(measured),
            .expected = std::move(expected),
            .fix = std::move(fix),
            .code = code_for(use)};
}

Finding judge_absent(Use use, const PlaceFacts& facts) {
    const auto path = facts.path.string();
    if (facts.nearest_writable) return ok(path + " is not there yet; it is made when it is needed");
    if (use == Use::plugins) return ok(path + " is not there");
    return trouble(
        use,
        State::problem,
        fmt::format("{} is not there, and {} is not writable", path, facts.nearest.string()),
        "a folder that can be made",
        fmt::format("chmod u+w '{}', or set HANDOVER_HOME", facts.nearest.string()));
}

Finding judge_access(Use use, const PlaceFacts& facts) {
    const auto path = facts.path.string();
    if (!facts.readable) {
        return trouble(use,
                       State::problem,
                       path + " cannot be read",
                       "a folder of yours",
                       fmt::format("chmod u+rwx '{}'", path));
    }
    if (facts.writable || use == Use::plugins) return ok(path);
    if (use == Use::credentials) {
        return trouble(
            use,
            State::warning,
            path + " is read-only: credentials serve until they expire and are never refreshed",
            "a writable folder",
            fmt::format("chmod u+w '{}', or mount it writable", path));
    }
    return trouble(use,
                   use == Use::cache ? State::warning : State::problem,
                   path + " is not writable",
                   "a writable folder",
                   fmt::format("chmod u+w '{}', or mount it writable", path));
}

}  // namespace

PlaceFacts measure_place(const std::filesystem::path& path) {
    PlaceFacts facts = {.path = path};
    std::error_code ignored;
    auto existing = std::filesystem::absolute(path, ignored);
    if (stat(path.c_str(), &facts.status) == 0) {
        facts.exists = true;
        facts.readable = access(path.c_str(), R_OK | X_OK) == 0;
        facts.writable = access(path.c_str(), W_OK | X_OK) == 0;
    } else if (errno != ENOENT) {
        facts.error_number = errno;
        return facts;
    } else {
        struct stat above = {};
        while (existing.has_relative_path() && stat(existing.c_str(), &above) != 0)
            existing = existing.parent_path();
        facts.nearest = existing;
        facts.nearest_writable =
            S_ISDIR(above.st_mode) && access(existing.c_str(), W_OK | X_OK) == 0;
    }
    struct statvfs system = {};
    if (statvfs(existing.c_str(), &system) == 0)
        facts.free_bytes = std::uint64_t(system.f_bavail) * system.f_frsize;
    return facts;
}

Finding judge_place(Use use, const PlaceFacts& facts) {
    const auto path = facts.path.string();
    if (facts.error_number != 0) {
        return trouble(use,
                       State::problem,
                       path + ": " + platform::error_text(facts.error_number),
                       "a folder of yours",
                       "look at the permissions of the folders above it");
    }
    if (facts.free_bytes && *facts.free_bytes < least_room && use != Use::plugins) {
        return trouble(
            use,
            State::warning,
            fmt::format("{} kB are free on the disk of {}", *facts.free_bytes / 1024, path),
            "room for credentials: at least 4 MB",
            "free some space");
    }
    if (!facts.exists) return judge_absent(use, facts);
    if (!S_ISDIR(facts.status.st_mode)) {
        return trouble(use,
                       State::problem,
                       path + " is not a folder",
                       "a folder of yours, or nothing",
                       fmt::format("mv '{0}' '{0}.old'", path));
    }
    if (use == Use::credentials) {
        if (const auto checked = auth::check_private_folder(facts.status, facts.path); !checked) {
            auto finding = from_error(checked.error());
            finding.expected = "a folder of yours that nobody else may write to";
            return finding;
        }
    }
    return judge_access(use, facts);
}

LockFacts measure_lock(const std::filesystem::path& folder) {
    using platform::Descriptor;
    LockFacts facts = {.folder = folder};
    Descriptor first(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!first.valid())
        first = Descriptor(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!first.valid()) {
        facts.error_number = errno;
        return facts;
    }
    // The same file once more, as another process would have it open.
    const Descriptor second(
        open(fmt::format("/proc/self/fd/{}", first.get()).c_str(), O_RDONLY | O_CLOEXEC));
    if (!second.valid() || flock(first.get(), LOCK_EX | LOCK_NB) != 0) {
        facts.error_number = errno;
        return facts;
    }
    facts.tried = true;
    facts.excludes = flock(second.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    return facts;
}

Finding judge_lock(const LockFacts& facts) {
    const auto folder = facts.folder.string();
    constexpr auto expected = "flock(2) that keeps a second holder out";
    constexpr auto fix =
        "keep the credentials on a local disk: set HANDOVER_HOME, or XDG_DATA_HOME and "
        "XDG_STATE_HOME";
    if (!facts.tried) {
        return {.state = State::warning,
                .measured = fmt::format("a lock could not be tried in {}: {}",
                                        folder,
                                        platform::error_text(facts.error_number)),
                .expected = expected,
                .fix = fix};
    }
    if (facts.excludes) return ok("flock works in " + folder);
    return {.state = State::problem,
            .measured = fmt::format("flock in {} keeps nobody out", folder),
            .expected = expected,
            .fix = fix,
            .code = Errc::store_io};
}

}  // namespace handover::doctor
