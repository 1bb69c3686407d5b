#include "auth/file_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include "auth/credential_file.hpp"
#include "auth/file_lock.hpp"
#include "auth/resolution.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

constexpr std::size_t longest_record = 64U << 10U;
// Twice the longest token set seen, so that a successor that grew still fits.
constexpr std::size_t smallest_room = 64U << 10U;
// The generation as a fixed number of digits: rewriting it in place never leaves a mixture longer
// than one disk sector.
constexpr std::size_t generation_digits = 20;

std::string credential_name(const CredentialId& id) {
    return file_stem(id) + ".json";
}
std::string lock_name(const CredentialId& id) {
    return file_stem(id) + ".lock";
}
std::string journal_name(const CredentialId& id) {
    return file_stem(id) + ".journal";
}
std::string record_name(const CredentialId& id) {
    return file_stem(id) + ".refresh";
}

std::string generation_text(std::uint64_t generation) {
    auto digits = std::to_string(generation);
    return std::string(generation_digits - digits.size(), '0') + digits + "\n";
}

std::uint64_t read_generation(int fd) {
    std::array<char, generation_digits> digits = {};
    const auto got = pread(fd, digits.data(), digits.size(), 0);
    if (got != static_cast<ssize_t>(digits.size())) return 0;
    std::uint64_t generation = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), generation);
    return error == std::errc() && end == digits.data() + digits.size() ? generation : 0;
}

bool write_generation(int fd, std::uint64_t generation) {
    const auto text = generation_text(generation);
    return pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()) &&
           fdatasync(fd) == 0;
}

class FileLock final : public CredentialLock {
public:
    explicit FileLock(platform::Descriptor file) : file_(std::move(file)) {}
    [[nodiscard]] int descriptor() const override { return file_.get(); }

private:
    platform::Descriptor file_;  // closing the last copy releases the flock
};

class FileReservation final : public Reservation {
public:
    FileReservation(PrivateFolder& folder, Replacement replacement)
        : folder_(folder), replacement_(std::move(replacement)) {}
    FileReservation(const FileReservation&) = delete;
    FileReservation& operator=(const FileReservation&) = delete;
    ~FileReservation() override { folder_.abandon(replacement_); }
    Replacement& replacement() { return replacement_; }

private:
    PrivateFolder& folder_;
    Replacement replacement_;
};

class FileStore final : public CredentialStore {
public:
    explicit FileStore(FileStoreOptions options)
        : folder_(std::move(options.folder), std::move(options.fault)) {}

    Result<std::optional<Credential>> load(const CredentialId& id) override {
        auto loaded = read_credential(id);
        if (loaded || loaded.error().code != Errc::store_corrupt) return loaded;
        // Perhaps a foreign writer was half-way through: read again, alone.
        const auto held =
            lock(id, {.deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10)});
        if (!held) return loaded;
        return load_locked(**held, id);
    }

    Result<std::optional<Credential>> load_locked(const CredentialLock& /*lock*/,
                                                  const CredentialId& id) override {
        auto loaded = read_credential(id);
        if (loaded || loaded.error().code != Errc::store_corrupt) return loaded;
        auto again = read_credential(id);
        if (again || again.error().code != Errc::store_corrupt) return again;
        return set_aside(id, again.error());
    }

    Stamp stamp(const CredentialId& id) override {
        struct stat status = {};
        if (!folder_.status_of(credential_name(id), status)) return {};
        return {.device = status.st_dev,
                .inode = status.st_ino,
                .changed_ns = status.st_ctim.tv_sec * 1'000'000'000 + status.st_ctim.tv_nsec,
                .size = status.st_size};
    }

    Result<std::vector<CredentialId>> list() override {
        const auto names = folder_.names();
        if (!names) return names.failure();
        std::vector<CredentialId> ids;
        for (const auto& name : *names) {
            if (auto id = id_of_file_name(name)) ids.push_back(std::move(*id));
        }
        std::sort(ids.begin(), ids.end());
        return ids;
    }

    Result<std::unique_ptr<CredentialLock>> lock(const CredentialId& id,
                                                 const Patience& patience) override {
        const auto name = lock_name(id);
        for (;;) {
            auto file = folder_.open_for_writing(name);
            if (!file) return std::move(file).failure();
            const std::array descriptors = {file->get()};
            const auto outcome = lock_in_order(descriptors, patience);
            if (outcome.how != LockWait::taken) return not_locked(id, outcome);
            struct stat held = {};
            struct stat there = {};
            (void)fstat(file->get(), &held);
            // Somebody removed the lock file while we waited: the lock that counts is the file's
            // that is there now.
            if (!folder_.status_of(name, there) || held.st_ino != there.st_ino ||
                held.st_dev != there.st_dev)
                continue;
            // Its room is taken now, so that raising the generation later cannot fail for want of
            // space.
            if (held.st_size == 0 && !write_generation(file->get(), 0)) return cannot_write(name);
            return std::unique_ptr<CredentialLock>(std::make_unique<FileLock>(std::move(*file)));
        }
    }

    std::uint64_t generation(const CredentialId& id) override {
        struct stat status = {};
        if (!folder_.status_of(lock_name(id), status)) return 0;
        const auto file = folder_.read(lock_name(id), longest_record);
        if (!file || !*file || (*file)->size() < generation_digits) return 0;
        std::uint64_t value = 0;
        const auto* begin = (*file)->data();
        const auto [end, error] = std::from_chars(begin, begin + generation_digits, value);
        return error == std::errc() && end == begin + generation_digits ? value : 0;
    }

    Result<std::uint64_t> raise_generation(const CredentialId& id, std::uint64_t to) override {
        auto file = folder_.open_for_writing(lock_name(id));
        if (!file) return std::move(file).failure();
        const auto now = read_generation(file->get());
        if (now >= to) return now;
        if (!write_generation(file->get(), to)) return cannot_write(lock_name(id));
        return to;
    }

    Result<std::unique_ptr<Reservation>> reserve(const CredentialLock& /*lock*/,
                                                 const CredentialId& id) override {
        const auto size = static_cast<std::size_t>(std::max<std::int64_t>(stamp(id).size, 0));
        auto replacement =
            folder_.begin_replacement(credential_name(id), std::max(smallest_room, 2 * size));
        if (!replacement) return std::move(replacement).failure();
        return std::unique_ptr<Reservation>(
            std::make_unique<FileReservation>(folder_, std::move(*replacement)));
    }

    Result<Stored> store_if_unchanged(const CredentialLock& lock,
                                      const Credential& credential,
                                      std::uint64_t expected,
                                      std::unique_ptr<Reservation> reservation) override {
        if (reservation == nullptr) {
            auto reserved = reserve(lock, credential.id);
            if (!reserved) return std::move(reserved).failure();
            reservation = std::move(*reserved);
        }
        auto& replacement = static_cast<FileReservation&>(*reservation).replacement();
        auto contents = print_credential(credential);
        const auto filled = folder_.fill(replacement, contents);
        wipe(contents);
        if (!filled) return filled.failure();
        if (generation(credential.id) != expected) return Stored::generation_moved;
        const auto finished =
            folder_.finish_replacement(replacement, credential_name(credential.id));
        if (!finished) return finished.failure();
        if (generation(credential.id) == expected) return Stored::stored;
        // A logout that did not wait for us raised it: it may have looked before our file was
        // there.
        (void)folder_.remove(credential_name(credential.id));
        return Stored::generation_moved;
    }

    Result<bool> remove(const CredentialLock& /*lock*/, const CredentialId& id) override {
        return force_remove(id);
    }

    Result<bool> force_remove(const CredentialId& id) override {
        auto removed = folder_.remove(credential_name(id));
        for (const auto& name : {journal_name(id), record_name(id)}) (void)folder_.remove(name);
        return removed;
    }

    Result<std::optional<Journal>> journal(const CredentialId& id) override {
        const auto text = folder_.read(journal_name(id), longest_record);
        if (!text) return text.failure();
        if (!*text) return std::optional<Journal>();
        return std::optional(parse_journal(**text).value_or(Journal()));
    }

    Result<void> write_journal(const CredentialLock& /*lock*/,
                               const CredentialId& id,
                               const Journal& journal) override {
        return folder_.replace(journal_name(id), print_journal(journal));
    }

    Result<void> clear_journal(const CredentialLock& /*lock*/, const CredentialId& id) override {
        const auto removed = folder_.remove(journal_name(id));
        return removed ? Result<void>() : removed.failure();
    }

    std::optional<RefreshRecord> record(const CredentialId& id) override {
        const auto text = folder_.read(record_name(id), longest_record);
        if (!text || !*text) return std::nullopt;
        return parse_record(**text);
    }

    Result<void> write_record(const CredentialLock& /*lock*/,
                              const CredentialId& id,
                              const RefreshRecord& record) override {
        return folder_.replace(record_name(id), print_record(record));
    }

    void clear_record(const CredentialLock& /*lock*/, const CredentialId& id) override {
        (void)folder_.remove(record_name(id));
    }

private:
    Result<std::optional<Credential>> read_credential(const CredentialId& id) {
        auto text = folder_.read(credential_name(id), longest_credential_file);
        if (!text) return std::move(text).failure();
        if (!*text) return std::optional<Credential>();
        auto parsed = parse_credential(**text);
        wipe(**text);
        if (parsed && parsed->id != id)
            return corrupt(id, "it speaks of another provider or account than its name");
        if (!parsed) return corrupt(id, parsed.error().reason);
        return std::optional(std::move(*parsed));
    }

    Failure corrupt(const CredentialId& id, std::string reason) {
        return fail({.code = Errc::store_corrupt,
                     .message = "the credential file " +
                                folder_.path_of(credential_name(id)).string() + " is damaged",
                     .reason = std::move(reason),
                     .fix = login_command(id)});
    }

    // Never deleted: somebody may want to look, or mend it by hand.
    Failure set_aside(const CredentialId& id, const Error& damage) {
        const auto from = credential_name(id);
        auto stamp_text = text::format_rfc3339(std::chrono::system_clock::now());
        std::erase_if(stamp_text, [](char c) { return c == '-' || c == ':'; });
        const auto first = from + ".corrupt-" + stamp_text;
        auto to = first;
        struct stat status = {};
        for (int again = 2; folder_.status_of(to, status); ++again) {
            to = first + "-";
            to += std::to_string(again);
        }
        Error error = damage;
        const auto renamed = folder_.rename(from, to);
        if (renamed) error.reason += "; it was set aside as " + folder_.path_of(to).string();
        log::warning("auth", error.message + ": " + error.reason);
        return fail(std::move(error));
    }

    Failure cannot_write(const std::string& name) {
        return fail({.code = Errc::store_io,
                     .message = "cannot write " + folder_.path_of(name).string(),
                     .reason = platform::error_text(errno),
                     .fix = {}});
    }

    Failure not_locked(const CredentialId& id, const LockOutcome& outcome) {
        const auto name = folder_.path_of(lock_name(id)).string();
        switch (outcome.how) {
            case LockWait::deadline:
                return fail(
                    {.code = Errc::auth_timeout,
                     .message = "another process is changing the credential of " + id.provider,
                     .reason = "it held " + name + " until our deadline",
                     .fix = "try again"});
            case LockWait::stopped:
                return fail({.code = Errc::auth_cancelled,
                             .message = "cancelled while waiting for " + name});
            case LockWait::taken:
            case LockWait::refused:
                break;
        }
        return fail({.code = Errc::store_io,
                     .message = "cannot lock " + name,
                     .reason = platform::error_text(outcome.error_number),
                     .fix = "keep the credentials on a file system that can lock files (flock)"});
    }

    PrivateFolder folder_;
};

}  // namespace

std::shared_ptr<CredentialStore> open_file_store(FileStoreOptions options) {
    return std::make_shared<FileStore>(std::move(options));
}

}  // namespace handover::auth
