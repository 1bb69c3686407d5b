// The two locked files of a subject, which its processes pass one at a time. Who wants the lease
// takes `turn`, then `lease`, then gives `turn` back: so at most one waiter per machine waits for
// `lease` itself, the others stand at `turn` in the kernel's order, and nobody who has just
// released it overtakes. The kernel releases what a dead process held.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <optional>

#include "auth/file_lock.hpp"
#include "platform/files.hpp"

namespace handover::auth {

// Not thread-safe: one at a time in a process, as LeaseTable sees to.
class Turnstile {
public:
    // `stem`: the files without their suffixes; made when first needed.
    explicit Turnstile(std::filesystem::path stem) : stem_(std::move(stem)) {}

    // Without waiting. False: another process is in the way.
    Result<bool> try_pass();
    // Blocks. False: `thread` is to end.
    Result<bool> pass(LockThread& thread);
    // Gives the lease back.
    void leave();

private:
    Result<void> open_files();
    [[nodiscard]] bool in_place() const;
    [[nodiscard]] Failure cannot_lock(int error_number) const;
    void taken();

    std::filesystem::path stem_;
    platform::Descriptor turn_;
    platform::Descriptor lease_;
};

// The process that holds the lease, nobody if it is free.
std::optional<long> lease_holder(const std::filesystem::path& stem);

}  // namespace handover::auth
