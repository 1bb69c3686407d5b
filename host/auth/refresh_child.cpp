#include "auth/refresh_child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>
#include <utility>

#include "auth/file_store.hpp"
#include "auth/refresh_order.hpp"
#include "log/log.hpp"
#include "platform/files.hpp"
#include "platform/process.hpp"

namespace handover::auth {
namespace {

using platform::Descriptor;

// How long the child of a caller that is gone tries to store what it got.
constexpr int storing_tries = 30;
constexpr auto between_tries = std::chrono::seconds(1);

// An unnamed file in memory that both sides hold: the order goes in, the report comes out. It is
// gone with the two of them.
bool put(int mailbox, const std::string& text) {
    return ftruncate(mailbox, 0) == 0 && lseek(mailbox, 0, SEEK_SET) == 0 &&
           platform::write_all(mailbox, text);
}

std::string take(int mailbox) {
    struct stat status = {};
    if (fstat(mailbox, &status) != 0 || status.st_size <= 0) return {};
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t filled = 0;
    while (filled < text.size()) {
        const auto got =
            pread(mailbox, text.data() + filled, text.size() - filled, static_cast<off_t>(filled));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return {};
        filled += static_cast<std::size_t>(got);
    }
    (void)ftruncate(mailbox, 0);
    return text;
}

RefreshResult trouble(Errc code, std::string message, std::string reason) {
    return {.credential = {},
            .trouble = Error{.code = code,
                             .message = std::move(message),
                             .reason = std::move(reason),
                             .fix = "try again"}};
}

void say_lines(std::string_view lines) {
    while (!lines.empty()) {
        const auto end = std::min(lines.find('\n'), lines.size() - 1);
        log::say(lines.substr(0, end + 1));
        lines.remove_prefix(end + 1);
    }
}

RefreshResult result_of(const RefreshChild& child,
                        const RefreshWork& work,
                        const CredentialLock& lock,
                        int mailbox) {
    auto text = take(mailbox);
    auto report = parse_report(text);
    wipe(text);
    if (!report) {
        return trouble(Errc::auth_refresh_unavailable,
                       "the login of " + work.id.provider + " could not be refreshed now",
                       "the process that refreshes it ended early");
    }
    say_lines(report->log);
    RefreshResult result{
        .credential = {}, .trouble = std::move(report->trouble), .sent = report->sent};
    if (report->unsaved) {
        result.credential = std::move(report->unsaved);
        result.unsaved_generation = report->generation;
        return result;
    }
    if (!report->refreshed) return result;
    auto stored = open_file_store({.folder = child.folder})->load_locked(lock, work.id);
    if (!stored) return {.credential = {}, .trouble = stored.error(), .sent = report->sent};
    if (!*stored) {
        return trouble(Errc::auth_not_logged_in,
                       "nobody is logged in to " + work.id.provider,
                       "it was logged out while a refresh was under way");
    }
    result.credential = std::move(**stored);
    return result;
}

RefreshResult spend(const RefreshChild& child,
                    const RefreshWork& work,
                    const CredentialLock& lock,
                    const std::stop_token& stop) {
    const Descriptor mailbox(memfd_create("handover-refresh", MFD_CLOEXEC));
    const auto order =
        print_order({.work = work,
                     .folder = std::filesystem::absolute(child.folder).string(),
                     .cache = child.cache.empty() ? std::string()
                                                  : std::filesystem::absolute(child.cache).string(),
                     .proxy = child.proxy,
                     .ca_file = child.ca_file,
                     .log_level = static_cast<int>(log::most_talkative()),
                     .log_format = static_cast<int>(log::format())});
    if (!mailbox.valid() || !put(mailbox.get(), order)) {
        return trouble(Errc::internal, "cannot prepare a refresh", platform::error_text(errno));
    }
    // /proc/self/exe is this very program even where its file was replaced meanwhile.
    auto pid = platform::spawn({.argv = {"/proc/self/exe",
                                         "__refresh",
                                         std::to_string(lock.descriptor()),
                                         std::to_string(mailbox.get())},
                                .without_environment = child.without_environment,
                                .new_session = true,
                                .keep = {lock.descriptor(), mailbox.get()}});
    if (!pid) return {.credential = {}, .trouble = pid.error()};
    if (!platform::wait_unless_stopped(*pid, stop)) {
        return trouble(Errc::auth_cancelled,
                       "cancelled while a refresh was under way",
                       "it is finished and stored by a process of its own");
    }
    return result_of(child, work, lock, mailbox.get());
}

// The lock that the caller took; the open file description came with the descriptor.
class InheritedLock final : public CredentialLock {
public:
    explicit InheritedLock(int descriptor) : descriptor_(descriptor) {}
    [[nodiscard]] int descriptor() const override { return descriptor_; }

private:
    int descriptor_;
};

void ignore_signals_of_the_caller() {
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE})
        (void)::signal(signal, SIG_IGN);
}

RefreshReport report_of(RefreshResult result) {
    RefreshReport report{.sent = result.sent};
    report.trouble = std::move(result.trouble);
    if (result.unsaved_generation) {
        report.unsaved = std::move(result.credential);
        report.generation = *result.unsaved_generation;
    } else {
        report.refreshed = result.credential.has_value();
    }
    return report;
}

RefreshResult carry_out(const RefreshOrder& order,
                        Refresher& refresher,
                        CredentialStore& store,
                        const CredentialLock& lock) {
    auto current = store.load_locked(lock, order.work.id);
    if (!current) return {.credential = {}, .trouble = current.error()};
    if (!*current) {
        return trouble(Errc::auth_not_logged_in,
                       "nobody is logged in to " + order.work.id.provider,
                       "it was logged out before the refresh was sent");
    }
    return refresher.spend_here(order.work, lock, **current);
}

// Nobody is left to use the new login from memory: storing it is all that can be done.
void store_for_nobody(const RefreshResult& result,
                      CredentialStore& store,
                      const CredentialLock& lock) {
    for (int tried = 0; tried < storing_tries; ++tried) {
        std::this_thread::sleep_for(between_tries);
        const auto stored =
            store.store_if_unchanged(lock, *result.credential, *result.unsaved_generation, nullptr);
        if (!stored) continue;
        if (*stored == Stored::stored) {
            (void)store.raise_generation(result.credential->id, result.credential->generation);
            (void)store.clear_journal(lock, result.credential->id);
            store.clear_record(lock, result.credential->id);
        }
        return;
    }
}

}  // namespace

SpendToken spend_in_child(RefreshChild child) {
    return [child = std::move(child)](const RefreshWork& work,
                                      const CredentialLock& lock,
                                      const Credential& /*current*/,
                                      const std::stop_token& stop) {
        return spend(child, work, lock, stop);
    };
}

int run_refresh_child(int lock_descriptor, int mailbox, const MakeSend& make_send) {
    const auto caller = getppid();
    ignore_signals_of_the_caller();
    platform::close_all_but({lock_descriptor, mailbox});
    const auto order = parse_order(take(mailbox));
    if (!order) return 2;
    std::string lines;
    log::configure(static_cast<log::Level>(order->log_level),
                   static_cast<log::Format>(order->log_format));
    log::divert([&lines](std::string_view line) { lines.append(line); });
    const std::shared_ptr<CredentialStore> store = open_file_store({.folder = order->folder});
    const InheritedLock lock(lock_descriptor);
    Refresher refresher({.store = store,
                         .send = make_send(order->proxy, order->ca_file),
                         .clock = [] { return std::chrono::system_clock::now(); },
                         .cache_dir = order->cache});
    const auto result = carry_out(*order, refresher, *store, lock);
    if (result.unsaved_generation && getppid() != caller) store_for_nobody(result, *store, lock);
    auto report = report_of(result);
    report.log = std::move(lines);
    auto text = print_report(report);
    const bool delivered = put(mailbox, text);
    wipe(text);
    return delivered ? 0 : 1;
}

}  // namespace handover::auth
