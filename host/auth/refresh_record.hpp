// What lies beside a credential while and after it is refreshed: the journal of a refresh token
// being spent, and the sidecar with the last outcome, which waiting processes adopt. Pure: values
// and their JSON. Neither holds a secret.
#pragma once

#include <handover/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "secret/secret.hpp"
#include "text/time.hpp"

namespace handover::auth {

// "The refresh token with this fingerprint is being spent." Written before the request leaves,
// cleared when its fate is known and stored. One that is found open says: that token may be spent
// already.
struct Journal {
    std::string fingerprint = {};
    std::uint64_t generation = 0;
    Time at = {};
    bool resent = false;  // the one second try was made

    bool operator==(const Journal&) const = default;
};

enum class RefreshFate {
    transient,
    unknown,
    terminal,
    store_failed,
    replaced,  // no failure: the upstream had refused the token before this one
};

// The last refresh that brought no new credential, or one that the upstream asked for by a 401. It
// counts only for the refresh token it speaks of.
struct RefreshRecord {
    RefreshFate fate = RefreshFate::transient;
    Time at = {};
    Time next_try = {};
    int failures = 0;  // in a row; of `replaced`: such refreshes
    std::uint64_t generation = 0;
    std::string fingerprint = {};
    std::string code = {};     // the authority's, where it gave one
    std::string message = {};  // for people; cleaned

    bool operator==(const RefreshRecord&) const = default;
};

std::string print_journal(const Journal& journal);
std::string print_record(const RefreshRecord& record);

// Nothing for what does not parse. A journal that cannot be read counts as open: the store decides
// that.
std::optional<Journal> parse_journal(std::string_view json);
std::optional<RefreshRecord> parse_record(std::string_view json);

// 128 bits of SHA-256 in hexadecimal: tells refresh tokens apart without naming one.
std::string fingerprint_of(const Secret& refresh_token);

}  // namespace handover::auth
