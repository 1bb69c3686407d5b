// One request in flight for a subscription's subject: FIFO among those who ask in this process, a
// turnstile of two locked files among processes. The kernel releases what a dead process held.
#pragma once

#include <handover/result.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "auth/broker.hpp"

namespace handover::auth {

// Thread-safe. Leases may outlive the table; nobody may wait when it is destroyed but by
// `take_async`, whose waits it cancels.
class LeaseTable {
public:
    // `folder`: state/leases; made when the first lease is taken.
    explicit LeaseTable(std::filesystem::path folder);
    ~LeaseTable();
    LeaseTable(const LeaseTable&) = delete;
    LeaseTable& operator=(const LeaseTable&) = delete;

    // PROVIDER_UNAVAILABLE at the deadline, AUTH_CANCELLED on a stop request, STORE_IO where the
    // files cannot be made or locked. `waiting` is called once, on this thread, when the wait has
    // lasted 2 s.
    Result<Lease> take(const std::string& subject,
                       const Patience& patience,
                       const std::function<void(std::optional<long> holder)>& waiting = {});

    // The same in the same line, without a thread that waits.
    void take_async(const std::string& subject, LeaseWait wait);

    // Only if nobody has it or waits for it, here or elsewhere.
    Result<std::optional<Lease>> take_now(const std::string& subject);

    // How many stand in line in this process, without who holds the lease.
    std::size_t waiting(const std::string& subject);

    // Who holds the subject's lease, in whatever process.
    std::optional<long> holder(const std::string& subject);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace handover::auth
