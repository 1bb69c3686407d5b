#include "auth/renewal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "auth/claims.hpp"
#include "auth/refresh_child.hpp"
#include "crypto/crypto.hpp"
#include "log/log.hpp"

namespace handover::auth {
namespace {

using std::chrono::steady_clock;

// While the current token works, nobody waits longer than this for its successor: an authority that
// answers at all has answered by then.
constexpr auto longest_optional_wait = std::chrono::seconds(2);
// Who asks for a validity that only a new token has waits for it.
constexpr auto longest_asked_wait = std::chrono::seconds(15);

RefreshWork work_for(const Target& target, const Resolved& current, RefreshReason reason) {
    return {.id = id_of(target),
            .method = current.method,
            .origins = target.origins,
            .reason = reason,
            .seen_access_token = current.credential.access_token};
}

std::uint32_t short_digest(std::string_view text) {
    const auto digest = crypto::sha256(text);
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8U | digest.at(i);
    return number;
}

}  // namespace

CredentialId id_of(const Target& target) {
    return {.provider = target.provider, .account = target.account};
}

ResolvedPtr make_resolved(const Method& method, Credential credential, Source source) {
    auto known = claims_of(method, credential);
    const auto made = std::make_shared<Resolved>(Resolved{.method = method,
                                                          .credential = std::move(credential),
                                                          .source = std::move(source),
                                                          .claims = std::move(known.named),
                                                          .subject = std::move(known.subject)});
    made->headers = attach_headers(*made);
    made->digest = short_digest(made->subject.empty() ? made->credential.api_key.reveal()
                                                      : std::string_view(made->subject));
    return made;
}

Error session_expired(const CredentialId& id, std::string reason) {
    return {.code = Errc::auth_session_expired,
            .message = "the login of " + id.provider + " has ended",
            .reason = std::move(reason),
            .fix = login_command(id)};
}

Time use_before(const oauth2::RefreshSituation& situation) {
    if (!situation.expires_at) return Time::max();
    if (!situation.has_refresh_token || situation.refused_for_good) return *situation.expires_at;
    auto plain = situation;
    plain.min_validity = {};
    const auto due = *situation.expires_at - oauth2::effective_lead(plain);
    return std::min(*situation.expires_at, std::max(due, situation.not_before.value_or(due)));
}

Renewal::Renewal(const Services& services)
    : services_(services),
      refresher_({.store = services.store,
                  .send = services.send,
                  .clock = services.clock,
                  .cache_dir = services.cache_dir,
                  .on_refresh = services.on_refresh}),
      flights_(std::make_unique<RefreshFlights>(refresher_)) {
    if (services.refresh_child) refresher_.set_spend(spend_in_child(*services.refresh_child));
}

Renewal::~Renewal() {
    finish();
}

void Renewal::finish() {
    if (!flights_) return;
    flights_.reset();
    refresher_.save_all();
}

StoredSource Renewal::load(const CredentialId& id) {
    if (auto unsaved = refresher_.unsaved(id)) {
        if (!refresher_.save(id)) return {.credential = std::move(unsaved)};
    }
    auto loaded = services_.store->load(id);
    if (!loaded) return {.trouble = loaded.error()};
    return {.credential = std::move(*loaded)};
}

bool Renewal::saved(const CredentialId& id) {
    return !refresher_.unsaved(id);
}

std::optional<RefreshRecord> Renewal::record_of(const Credential& credential) {
    auto record = services_.store->record(credential.id);
    if (!record || record->fate == RefreshFate::replaced || credential.refresh_token.empty())
        return std::nullopt;
    return fingerprint_of(credential.refresh_token) == record->fingerprint ? record : std::nullopt;
}

Milliseconds Renewal::lead_of(const Method& method) const {
    return method.refresh_lead.value_or(services_.refresh_lead);
}

oauth2::RefreshSituation Renewal::situation_of(const Resolved& current, Milliseconds min_validity) {
    const auto& credential = current.credential;
    oauth2::RefreshSituation situation = {.now = services_.clock(),
                                          .obtained_at = credential.obtained_at,
                                          .expires_at = credential.expires_at,
                                          .has_refresh_token = !credential.refresh_token.empty(),
                                          .lead = lead_of(current.method),
                                          .min_validity = min_validity,
                                          .refused_for_good = credential.login_needed.has_value()};
    if (const auto record = record_of(credential)) {
        situation.not_before = record->next_try;
        situation.refused_for_good =
            situation.refused_for_good || record->fate == RefreshFate::terminal;
    }
    return situation;
}

Result<ResolvedPtr> Renewal::refresh(const Target& target,
                                     const ResolvedPtr& current,
                                     RefreshReason reason,
                                     const Patience& patience) {
    const auto work = work_for(target, *current, reason);
    auto result = flights_->join(work, patience);
    // The flight may have been somebody else's, for the token that came before ours.
    if (result.ok() && result.credential->access_token == work.seen_access_token)
        result = flights_->join(work, patience);
    return outcome(current, reason, result);
}

Result<ResolvedPtr> Renewal::refresh_if_quick(const Target& target,
                                              const ResolvedPtr& current,
                                              const Patience& patience,
                                              Milliseconds min_validity) {
    const bool asked = min_validity > lead_of(current->method);
    const Milliseconds longest = asked ? longest_asked_wait : longest_optional_wait;
    const auto wait = longest - under_way_for(current->credential);
    if (wait <= Milliseconds(0)) {
        return outcome(current,
                       RefreshReason::due,
                       {.trouble = Error{.code = Errc::auth_refresh_unavailable,
                                         .message = "the login of " + target.provider +
                                                    " could not be refreshed yet",
                                         .reason = "a refresh was sent and has no answer",
                                         .fix = "try again later"}});
    }
    auto bounded = patience;
    bounded.deadline =
        std::min<steady_clock::time_point>(bounded.deadline, steady_clock::now() + wait);
    return refresh(target, current, RefreshReason::due, bounded);
}

// How long a refresh of this credential has been waiting for its answer, in whatever process.
Milliseconds Renewal::under_way_for(const Credential& credential) {
    const auto journal = services_.store->journal(credential.id);
    if (!journal || !*journal) return {};
    if ((*journal)->fingerprint != fingerprint_of(credential.refresh_token)) return {};
    const auto since = std::chrono::duration_cast<Milliseconds>(services_.clock() - (*journal)->at);
    return std::max(since, Milliseconds(0));
}

void Renewal::start(const Target& target,
                    const ResolvedPtr& current,
                    std::function<void(const Result<ResolvedPtr>&)> landed) {
    flights_->start(work_for(target, *current, RefreshReason::due),
                    [this, current, landed = std::move(landed)](const RefreshResult& result) {
                        landed(outcome(current, RefreshReason::due, result));
                    });
}

// A failed refresh is not an outage: what still works is used.
Result<ResolvedPtr> Renewal::outcome(const ResolvedPtr& current,
                                     RefreshReason reason,
                                     const RefreshResult& result) {
    if (result.ok() && !(result.credential->access_token == current->credential.access_token))
        return make_resolved(current->method, *result.credential, current->source);
    const auto trouble =
        result.trouble.value_or(Error{.code = Errc::auth_refresh_unavailable,
                                      .message = "the refresh brought no new token",
                                      .reason = {},
                                      .fix = "try again later"});
    const bool gone =
        trouble.code == Errc::auth_not_logged_in || trouble.code == Errc::auth_cancelled;
    if (reason != RefreshReason::due || expired(current->credential) || gone) return fail(trouble);
    const auto& expires_at = current->credential.expires_at;
    log::warning(
        "auth",
        fmt::format("{} ({}); the current token is used{}",
                    trouble.message,
                    trouble.reason,
                    expires_at ? " until " + text::format_rfc3339(*expires_at) : std::string()));
    return current;
}

bool Renewal::expired(const Credential& credential) const {
    return credential.expires_at && *credential.expires_at <= services_.clock();
}

}  // namespace handover::auth
