// One request in flight for a subscription's subject: FIFO among the threads of this process, a
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

// Thread-safe. Leases may outlive the table.
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

    // Who holds the subject's lease, in whatever process.
    std::optional<long> holder(const std::string& subject);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace handover::auth
