// Where credentials live. An interface, because a store that several machines share will be a
// second implementation; the files of one machine are in file_store.hpp.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/credential.hpp"
#include "auth/patience.hpp"
#include "auth/refresh_record.hpp"

namespace handover::auth {

// Changes whenever the stored credential does; cheap to get and to compare. All zero: none is
// stored.
struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::int64_t changed_ns = 0;
    std::int64_t size = 0;

    bool operator==(const Stamp&) const = default;
};

// The right to change one credential, alone among all threads and processes. Released by its
// destructor or with the process.
class CredentialLock {
public:
    CredentialLock() = default;
    CredentialLock(const CredentialLock&) = delete;
    CredentialLock& operator=(const CredentialLock&) = delete;
    virtual ~CredentialLock() = default;

    // The locked open file description: a child that inherits it holds the lock on after its parent
    // is gone. -1: not by descriptor.
    [[nodiscard]] virtual int descriptor() const = 0;
};

// Room for a credential, taken before a refresh token is spent so that storing its successor cannot
// fail for want of space.
class Reservation {
public:
    Reservation() = default;
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;
    virtual ~Reservation() = default;  // gives the room back if it was not used
};

enum class Stored { stored, generation_moved };

// Thread-safe. Everything that writes asks for the lock as proof; `force_remove` alone does
// without.
class CredentialStore {
public:
    CredentialStore() = default;
    CredentialStore(const CredentialStore&) = delete;
    CredentialStore& operator=(const CredentialStore&) = delete;
    virtual ~CredentialStore() = default;

    // Nothing if none is stored. STORE_PERMISSIONS with the chmod, STORE_CORRUPT, STORE_IO. Takes
    // no lock, except to set a file aside that did not parse twice.
    virtual Result<std::optional<Credential>> load(const CredentialId& id) = 0;
    // The same for who holds the lock already.
    virtual Result<std::optional<Credential>> load_locked(const CredentialLock& lock,
                                                          const CredentialId& id) = 0;
    virtual Stamp stamp(const CredentialId& id) = 0;
    virtual Result<std::vector<CredentialId>> list() = 0;

    // AUTH_TIMEOUT at the deadline, AUTH_CANCELLED on a stop request; STORE_IO where locking does
    // not work.
    virtual Result<std::unique_ptr<CredentialLock>> lock(const CredentialId& id,
                                                         const Patience& patience) = 0;

    // The generation lives with the lock: it only rises, whatever happens to the credential. 0:
    // never written.
    virtual std::uint64_t generation(const CredentialId& id) = 0;
    // Raises it to `to`, unless it is there or above already; durable when it returns. Returns what
    // it is now.
    virtual Result<std::uint64_t> raise_generation(const CredentialId& id, std::uint64_t to) = 0;

    // STORE_IO where the credential could not be replaced later: no space, read-only folder, a file
    // mounted by itself.
    virtual Result<std::unique_ptr<Reservation>> reserve(const CredentialLock& lock,
                                                         const CredentialId& id) = 0;
    // Puts the credential in place of whatever is there, durably, unless the generation is no
    // longer `expected` before or after: then nothing stays stored. The reservation may be null.
    virtual Result<Stored> store_if_unchanged(const CredentialLock& lock,
                                              const Credential& credential,
                                              std::uint64_t expected,
                                              std::unique_ptr<Reservation> reservation) = 0;
    // False if there was none. Journal and sidecar go too; the lock and its generation stay.
    virtual Result<bool> remove(const CredentialLock& lock, const CredentialId& id) = 0;
    // The same without the lock, for a logout while somebody holds it. Raise the generation first.
    virtual Result<bool> force_remove(const CredentialId& id) = 0;

    // A journal that is there but cannot be read is given back with an empty fingerprint.
    virtual Result<std::optional<Journal>> journal(const CredentialId& id) = 0;
    virtual Result<void> write_journal(const CredentialLock& lock,
                                       const CredentialId& id,
                                       const Journal& journal) = 0;
    virtual Result<void> clear_journal(const CredentialLock& lock, const CredentialId& id) = 0;

    // The sidecar. It speeds things up and spares the authority; nothing is lost without it.
    virtual std::optional<RefreshRecord> record(const CredentialId& id) = 0;
    virtual Result<void> write_record(const CredentialLock& lock,
                                      const CredentialId& id,
                                      const RefreshRecord& record) = 0;
    virtual void clear_record(const CredentialLock& lock, const CredentialId& id) = 0;
};

}  // namespace handover::auth
