// The auth broker: turns "this provider needs to call out" into a valid credential. It is handed a
// store, a clock and a send function; it knows nothing of plugins' code, of the command line or of
// the gateway.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "auth/credential.hpp"
#include "auth/method.hpp"
#include "auth/patience.hpp"
#include "http/message.hpp"

namespace handover::auth {

class CredentialStore;
struct RefreshChild;
class LeaseTable;

// Who asks: a provider under an account, with its effective methods.
struct Target {
    std::string provider = {};
    std::string account = "default";
    std::vector<Method> methods = {};             // manifest order, config merged in
    std::optional<std::string> auth_method = {};  // pinned by the config
    std::vector<std::string> origins = {};  // base URL's origin first, then the manifest's hosts
    bool manifest_env_applies = true;  // false once the config moved base_url to another origin
    std::map<std::string, std::vector<std::string>> config_env =
        {};  // method id -> `env` set by the config itself
};

enum class SourceKind { none, environment, stored, prompt };
struct Source {
    SourceKind kind = SourceKind::none;
    std::string variable = {};  // environment only

    // "stored", "env:OPENAI_API_KEY", "prompt" or "".
    [[nodiscard]] std::string text() const;
    bool operator==(const Source&) const = default;
};

// A credential that may be used now. Immutable; shared by every request it serves.
struct Resolved {
    Method method = {};
    Credential credential = {};
    Source source = {};
    std::map<std::string, std::string> claims = {};  // by the method's `claims`
    std::string subject = {};  // issuer + subject claim: the key of the lease; empty for keys
    // What the request carries of it; an error where one of its headers cannot be sent.
    Result<std::vector<http::SecretHeader>> headers = std::vector<http::SecretHeader>();
    // A few bytes of a digest of the subject, else of the key: enough to tell one from the next,
    // too few to be one.
    std::uint32_t digest = 0;
};
using ResolvedPtr = std::shared_ptr<const Resolved>;

enum class Status {
    authenticated,
    expiring,
    expired,
    login_needed,
    configured,
    not_configured,
    not_authenticated,
};
// As `auth status` prints it: "login needed"; with underscores in JSON: "login_needed".
std::string_view status_text(Status status);
std::string_view status_json(Status status);

// One row of `auth status`. Made from the store and the environment only: never refreshes, sends
// nothing.
struct StatusReport {
    std::string provider = {};
    std::string account = {};
    std::string method = {};
    std::optional<Billing> billing = {};
    Status status = Status::not_authenticated;
    Source source = {};
    std::optional<Time> expires_at = {};
    bool refreshable = false;
    std::map<std::string, std::string> claims = {};
    std::optional<LoginNeeded> login_needed = {};
    std::string note = {};  // for people: why it is not usable, a refresh that keeps failing, ...
    std::string subject = {};
    std::optional<long> lease_holder_pid = {};
    [[nodiscard]] bool usable() const;  // exit status 0 of `auth status PROVIDER`
};

// One row of `auth explain`: a place where a credential could come from, in the order of
// resolution.
struct Candidate {
    std::string method = {};
    Source source = {};
    bool present = false;  // something is there
    bool wins = false;
    std::string reason = {};  // why it wins or loses
};

// The right to have one request in flight for a subject. Released by its destructor, or by the
// kernel with the process.
class Lease {
public:
    // What gives it back when it is destroyed.
    class Held {
    public:
        Held() = default;
        Held(const Held&) = delete;
        Held& operator=(const Held&) = delete;
        virtual ~Held() = default;
    };

    Lease() = default;  // holds nothing: for metered and local methods
    explicit Lease(std::unique_ptr<Held> held) : held_(std::move(held)) {}
    [[nodiscard]] bool held() const { return held_ != nullptr; }

private:
    std::unique_ptr<Held> held_;
};

// A wait for a lease that no thread stands behind. The functions are called on whatever thread ends
// the wait: the caller's own before it returns, the one that gives a lease back, one of the lease
// table's, the one that asks to stop. No lock is held; what takes long belongs elsewhere.
struct LeaseWait {
    Patience patience = {};
    // So many may stand in line in this process, without who holds the lease; one more ends with
    // PROVIDER_RATE_LIMITED at once.
    std::size_t most_waiting = std::numeric_limits<std::size_t>::max();
    std::function<void(Result<Lease>)> done = {};  // once; errors as those of `Broker::lease`
    // Once, when the wait has lasted 2 s; may cross with `done`.
    std::function<void(std::optional<long> holder)> waiting = {};
};

using Clock = std::function<Time()>;
using Environment = std::function<std::optional<std::string>(const std::string&)>;
// Asks for an API key on the terminal, without echo. Absent where there is no terminal.
using AskKey = std::function<Result<Secret>(const Target&, const Method&)>;

using RefreshObserver = std::function<void(const CredentialId& id, bool ok)>;

struct Services {
    std::shared_ptr<CredentialStore> store = {};
    std::shared_ptr<LeaseTable> leases = {};
    http::Send send = {};
    Clock clock = {};
    Environment environment = {};
    AskKey ask_key = {};
    std::chrono::milliseconds refresh_lead = std::chrono::minutes(5);
    std::string cache_dir = {};  // discovery documents
    // How refreshes are carried out in a process of their own; null: in this one.
    std::shared_ptr<const RefreshChild> refresh_child = {};
    // Told of every refresh that this process had carried out, once, on whatever thread: not of
    // those that it found done by others.
    RefreshObserver on_refresh = {};
};

// Thread-safe. Blocking calls honour `Patience`.
class Broker {
public:
    explicit Broker(Services services);
    ~Broker();
    Broker(const Broker&) = delete;
    Broker& operator=(const Broker&) = delete;

    // The credential to use now: the winning source, refreshed if due. A failed refresh warns and
    // goes on with the current token while that may still work. `min_validity` asks for a token
    // that lasts at least so long, where a refresh can give one.
    Result<ResolvedPtr> resolve(const Target& target,
                                const Patience& patience,
                                std::chrono::milliseconds min_validity = {});

    // The same for who must not wait: the credential that `resolve` would give at once, without a
    // lock and without I/O beyond one look at the store a second. Null: ask `resolve`, elsewhere.
    ResolvedPtr resolve_now(const Target& target);

    // For long-running processes: until the broker ends, the credential is refreshed in the
    // background when it is due, and `resolve` gives the current one meanwhile. The target that is
    // returned is found quickest, by its address.
    std::shared_ptr<const Target> keep_fresh(Target target);

    // The upstream refused `rejected` with 401: a newer stored credential of the same account, else
    // one refresh. Called at most once for a request.
    Result<ResolvedPtr> recover(const Target& target,
                                const Resolved& rejected,
                                const Patience& patience);

    // Until when a refresh that failed is not tried again, as AUTH_REFRESH_UNAVAILABLE means it.
    // Nothing where the next call may try. One look at the store.
    std::optional<Time> refresh_paused_until(const Target& target);

    // `auth refresh`: now, whatever the expiry or a back-off. AUTH_SESSION_EXPIRED without a
    // refresh token.
    Result<ResolvedPtr> refresh(const Target& target, const Patience& patience);

    // Puts a new credential in place of whatever is stored for its id; takes the lock, raises the
    // generation, clears journal and sidecar. The credential is durable when this returns.
    Result<void> store_login(const Target& target, const Method& method, Credential credential);

    // What must hold before a user is sent to a browser: store writable, lock works.
    Result<void> preflight(const CredentialId& id);

    // A stored credential that is valid now (login asks before replacing it).
    Result<bool> has_valid_login(const Target& target);

    // Removes the stored credential, and revokes its tokens where the method has a revocation
    // endpoint (best effort; local removal happens whatever the answer). False if there was none.
    Result<bool> logout(const Target& target, bool revoke, const Patience& patience);

    // Every stored account of the target's provider, or one row that says what is missing.
    Result<std::vector<StatusReport>> status(const Target& target);
    Result<std::vector<Candidate>> explain(const Target& target);
    // Ids of all stored credentials.
    Result<std::vector<CredentialId>> list();

    // The subject's lease if the method's billing is `subscription`; a Lease that holds nothing
    // otherwise. `waiting` is called once when the wait has lasted 2 s, with the holder's pid if
    // known.
    Result<Lease> lease(const Resolved& resolved,
                        const Patience& patience,
                        const std::function<void(std::optional<long> holder)>& waiting = {});
    // The same, in the same line, for who must not wait.
    void lease_async(const Resolved& resolved, LeaseWait wait);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

// Effective concurrency: 1 if billing is `subscription`, else configured, else the manifest's,
// else 4. Pure.
struct Concurrency {
    int value = 1;
    std::string note =
        {};  // "configured 8, but a subscription runs one request at a time", or empty
    bool operator==(const Concurrency&) const = default;
};
Concurrency effective_concurrency(Billing billing,
                                  std::optional<int> configured,
                                  std::optional<int> manifest);

// The headers of `attach` with placeholders filled in. A header whose placeholder is missing is
// left out; a value with control characters is an error. Pure.
Result<std::vector<http::SecretHeader>> attach_headers(const Resolved& resolved);

}  // namespace handover::auth
