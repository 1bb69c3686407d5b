#include "limits/ledgers.hpp"

#include <algorithm>
#include <utility>

#include "limits/ledger_file.hpp"

namespace handover::limits {
namespace {

using SteadyTime = std::chrono::steady_clock::time_point;

constexpr auto between_writes = std::chrono::seconds(1);

// A ledger without a block is not read again for so long: a gateway would read it for every
// request.
constexpr auto between_looks = std::chrono::milliseconds(100);

void merge(std::vector<Window>& into, std::vector<Window> fresh) {
    for (auto& window : fresh) {
        std::erase_if(into, [&](const Window& known) { return known.name == window.name; });
        into.push_back(std::move(window));
    }
}

}  // namespace

struct Ledgers::Kept {
    Kept(const std::filesystem::path& state_folder, const std::string& name)
        : file(state_folder, name) {}

    LedgerFile file;
    std::vector<Window> held_back = {};
    std::optional<SteadyTime> written = {};
    bool blocked = false;                       // as last seen
    std::optional<SteadyTime> free_until = {};  // nothing was blocked a moment ago
};

Ledgers::Ledgers(std::filesystem::path state_folder) : state_folder_(std::move(state_folder)) {}

Ledgers::~Ledgers() {
    for (auto& [name, ledger] : kept_) {
        if (ledger->held_back.empty()) continue;
        ledger->file.update([&windows = ledger->held_back](Ledger known) {
            return observe(std::move(known), windows, windows.back().observed_at);
        });
    }
}

Ledgers::Kept& Ledgers::kept(const std::string& name) {
    auto& ledger = kept_[name];
    if (!ledger) ledger = std::make_unique<Kept>(state_folder_, name);
    return *ledger;
}

Decision Ledgers::admit(const Use& use, Time now) {
    const auto steady_now = std::chrono::steady_clock::now();
    Kept* ledger = nullptr;
    {
        const std::lock_guard lock(mutex_);
        ledger = &kept(use.name);  // stays where it is as long as this object lives
        if (ledger->free_until && steady_now < *ledger->free_until) return {};
    }
    auto decision = ledger->file.admit(use.generation, now);
    const std::lock_guard lock(mutex_);
    ledger->blocked = decision.next.blocked.has_value();
    if (!ledger->blocked) ledger->free_until = steady_now + between_looks;
    return decision;
}

void Ledgers::learn(const Use& use, Answered answer, Time now) {
    using How = Answered::How;
    Kept* ledger = nullptr;
    std::vector<Window> windows;
    {
        const std::lock_guard lock(mutex_);
        ledger = &kept(use.name);
        merge(ledger->held_back, std::move(answer.windows));
        if (answer.how == How::quota_exhausted) ledger->free_until.reset();
        const bool block_changes =
            answer.how == How::quota_exhausted || (answer.how == How::success && ledger->blocked);
        if (!block_changes && ledger->held_back.empty()) return;
        const auto steady_now = std::chrono::steady_clock::now();
        const bool due = !ledger->written || steady_now - *ledger->written >= between_writes;
        if (!block_changes && !due) return;
        windows = std::exchange(ledger->held_back, {});
        ledger->written = steady_now;
        ledger->blocked = answer.how == How::quota_exhausted;
    }
    ledger->file.update([&](Ledger known) {
        known = observe(std::move(known), windows, now);
        if (answer.how == How::quota_exhausted)
            return block(std::move(known), answer.until, answer.reason, use.generation, now);
        // A block that came while this request was under way is newer than its success.
        const bool ends =
            answer.how == How::success && known.blocked && known.blocked->since <= answer.sent_at;
        return ends ? unblock(std::move(known)) : known;
    });
}

}  // namespace handover::limits
