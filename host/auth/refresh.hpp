// The refresh of one credential as a small transaction: lock, read again, adopt what others found
// out, make sure that storing will work, journal, send, judge, store, publish. docs/auth.md tells
// it as a story.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "auth/credential_store.hpp"
#include "auth/endpoints.hpp"
#include "auth/method.hpp"
#include "auth/patience.hpp"
#include "http/message.hpp"

namespace handover::auth {

class UnsavedLogins;

enum class RefreshReason {
    due,       // by the clock
    asked,     // `auth refresh`: whatever the expiry or a back-off
    rejected,  // the upstream answered 401: the access token is of no use, whatever its expiry
};

struct RefreshWork {
    CredentialId id = {};
    Method method = {};
    std::vector<std::string> origins = {};
    RefreshReason reason = RefreshReason::due;
    Secret seen_access_token =
        {};  // the one to be replaced; another in the store means that somebody was faster
};

struct RefreshResult {
    std::optional<Credential> credential = {};  // a newer one than was seen
    std::optional<Error> trouble = {};          // why there is none
    bool sent = false;                          // a request went out for this result
    // Set where the credential could not be stored: the lock's generation when it was sent.
    std::optional<std::uint64_t> unsaved_generation = {};

    [[nodiscard]] bool ok() const { return credential.has_value(); }
};

struct RefreshServices {
    std::shared_ptr<CredentialStore> store = {};
    http::Send send = {};
    std::function<Time()> clock = {};
    std::string cache_dir = {};  // discovery documents
    // After a token was spent, or could not be; not where somebody else had done it.
    std::function<void(const CredentialId& id, bool ok)> on_refresh = {};

    [[nodiscard]] DiscoveryServices discovery() const {
        return {.send = send, .clock = clock, .cache_dir = cache_dir};
    }
};

// The part of the transaction that must not stop half-way, from the reservation to the cleared
// journal. The lock is held; the token is read from `current`, which is what the store holds. It
// may be carried out elsewhere: whoever does it needs the method, the origins and the lock's
// descriptor, and leaves what it did in the store and the sidecar.
using SpendToken = std::function<RefreshResult(const RefreshWork& work,
                                               const CredentialLock& lock,
                                               const Credential& current,
                                               const std::stop_token& stop)>;

// Thread-safe; the lock of the store keeps refreshes of one credential apart.
class Refresher {
public:
    explicit Refresher(RefreshServices services);
    Refresher(const Refresher&) = delete;
    Refresher& operator=(const Refresher&) = delete;
    ~Refresher();

    // Blocking. `before_sending` bounds the wait for the lock and may call the whole off until the
    // request leaves; from then on it is finished.
    RefreshResult run(const RefreshWork& work, const Patience& before_sending);

    // A credential that was rotated but could not be stored: used from memory until it can.
    std::optional<Credential> unsaved(const CredentialId& id);
    // Tries to store it; true if nothing is left unsaved.
    bool save(const CredentialId& id);
    void save_all();

    // Replaces the in-process way of spending a token.
    void set_spend(SpendToken spend) { spend_ = std::move(spend); }

    // The in-process way, which the child of refresh_child.hpp takes as well: not to be stopped.
    RefreshResult spend_here(const RefreshWork& work,
                             const CredentialLock& lock,
                             const Credential& current) const;

private:
    RefreshServices services_;
    SpendToken spend_;
    std::unique_ptr<UnsavedLogins> unsaved_;
};

}  // namespace handover::auth
