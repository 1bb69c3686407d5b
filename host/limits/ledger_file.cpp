#include "limits/ledger_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "log/log.hpp"
#include "platform/files.hpp"

namespace handover::limits {
namespace {

// Held for microseconds, so waiting for it needs no deadline.
platform::Descriptor lock_beside(const std::filesystem::path& file) {
    if (!platform::make_private_folder(file.parent_path())) return {};
    platform::Descriptor lock(
        open((file.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    while (lock.valid() && flock(lock.get(), LOCK_EX) != 0) {
        if (errno != EINTR) return {};
    }
    return lock;
}

}  // namespace

LedgerFile::LedgerFile(const std::filesystem::path& state_folder, const std::string& name)
    : file_(state_folder / "limits" / (name + ".json")) {}

Ledger LedgerFile::load() const {
    const auto contents = platform::read_file(file_);
    if (!contents || !contents->has_value()) return {};
    return parse_ledger(**contents).value_or(Ledger());
}

void LedgerFile::update(const std::function<Ledger(Ledger)>& change) {
    const std::lock_guard guard(mutex_);
    const auto lock = lock_beside(file_);
    auto before = load();
    auto after = change(before);
    if (after == before) return;
    if (const auto written = platform::replace_file(file_, print_ledger(after)); !written) {
        log::info("limits", written.error().message + ": " + written.error().reason);
    }
}

Decision LedgerFile::admit(std::uint64_t generation, Time now) {
    auto decision = limits::admit(load(), generation, now);
    if (decision.admission != Admission::probe) return decision;
    update([&](const Ledger& current) {
        decision = limits::admit(current, generation, now);
        return decision.next;
    });
    return decision;
}

bool LedgerFile::clear() {
    const std::lock_guard guard(mutex_);
    const auto lock = lock_beside(file_);
    return unlink(file_.c_str()) == 0;
}

std::vector<std::string> ledger_names(const std::filesystem::path& state_folder) {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(state_folder / "limits", error)) {
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace handover::limits
