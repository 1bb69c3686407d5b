// The broker over a real file store, with an authority that answers as told: every row of the
// outcome table, the journal, back-off, logout meanwhile, failures of the store at every step.
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <barrier>
#include <thread>

#include "auth/credential_file.hpp"
#include "fake_authority.hpp"
#include "platform/files.hpp"
#include "text/encoding.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Errc;
using handover::Secret;
using http_delivery = handover::http::Delivery;

namespace {

const CredentialId example = {"example", "default"};

struct BrokerWorld : World {
    Target target = target_with({oauth_method()});
    std::unique_ptr<Broker> broker;

    Broker& open() {
        broker.reset();
        broker = std::make_unique<Broker>(services());
        return *broker;
    }
    // A login that was stored at 0 and expires at `seconds`.
    Broker& logged_in(int seconds) {
        auto& opened = open();
        REQUIRE(opened.store_login(target, target.methods.front(), login(at(seconds))));
        return opened;
    }
    void answer(handover::http::Outcome outcome) {
        const std::lock_guard guard(mutex);
        answers = {std::move(outcome)};
    }
    std::string token() {
        const auto resolved = broker->resolve(target, {});
        return resolved ? std::string((*resolved)->credential.access_token.reveal())
                        : std::string(code_name(resolved.error().code));
    }
    std::optional<Credential> stored() {
        auto loaded = store()->load(example);
        return loaded ? std::move(*loaded) : std::nullopt;
    }
    std::filesystem::path file(const std::string& suffix) {
        return folder.path() / "credentials" / ("example@default" + suffix);
    }
};

}  // namespace

TEST_CASE("a fresh token is used as it is") {
    BrokerWorld world;
    world.logged_in(3600);
    CHECK(world.token() == "sandbox-access-0");
    world.now = 3600 - 301;
    CHECK(world.token() == "sandbox-access-0");
    CHECK(world.refreshes() == 0);
}

TEST_CASE("a due token is refreshed, stored and published") {
    BrokerWorld world;
    world.logged_in(3600);
    world.answer(tokens(1));
    world.now = 3600 - 300;
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.refreshes() == 1);
    const auto stored = world.stored();
    REQUIRE(stored);
    CHECK(stored->refresh_token == Secret("sandbox-refresh-1"));
    CHECK(stored->generation == 2);
    CHECK(world.store()->generation(example) == 2);
    CHECK_FALSE(std::filesystem::exists(world.file(".journal")));
    CHECK_FALSE(std::filesystem::exists(world.file(".refresh")));
    CHECK_FALSE(std::filesystem::exists(world.file(".json-new")));
}

TEST_CASE("an absent refresh token keeps the old one") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(answered(200, R"({"access_token":"sandbox-access-1","expires_in":3600})"));
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.stored()->refresh_token == Secret("sandbox-refresh-0"));
}

TEST_CASE("outcomes of a refresh") {
    struct Case {
        const char* name;
        handover::http::Outcome outcome;
        const char* valid;    // what a caller gets while the token still works
        const char* expired;  // and what once it has expired
        bool journal_open;
        bool login_needed;
    };
    const Case cases[] = {
        {"not sent",
         lost(http_delivery::not_sent),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"refused for good",
         answered(400, R"({"error":"invalid_grant"})"),
         "sandbox-access-0",
         "AUTH_SESSION_EXPIRED",
         false,
         true},
        {"429", answered(429, "{}"), "sandbox-access-0", "AUTH_REFRESH_UNAVAILABLE", false, false},
        {"500",
         answered(500, "oops"),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"503",
         answered(503, "<html>"),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"a bare 401",
         answered(401, ""),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         false,
         false},
        {"answer lost",
         lost(http_delivery::unknown),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         true,
         false},
        {"502", answered(502, ""), "sandbox-access-0", "AUTH_REFRESH_UNAVAILABLE", true, false},
        {"504", answered(504, ""), "sandbox-access-0", "AUTH_REFRESH_UNAVAILABLE", true, false},
        {"200 that does not parse",
         answered(200, "<html>"),
         "sandbox-access-0",
         "AUTH_REFRESH_UNAVAILABLE",
         true,
         false},
    };
    for (const auto& c : cases) {
        for (const bool valid : {true, false}) {
            DYNAMIC_SECTION(c.name << (valid ? ", token works" : ", token expired")) {
                BrokerWorld world;
                world.logged_in(3600);
                world.answer(c.outcome);
                world.now = valid ? 3600 - 100 : 3600;
                CHECK(world.token() == (valid ? c.valid : c.expired));
                CHECK(world.refreshes() == 1);
                CHECK(std::filesystem::exists(world.file(".journal")) == c.journal_open);
                REQUIRE(world.stored());
                CHECK(world.stored()->login_needed.has_value() == c.login_needed);
                // Nobody asks again at once, in this process or another.
                CHECK(world.token() == (valid ? c.valid : c.expired));
                world.open();
                CHECK(world.token() == (valid ? c.valid : c.expired));
                CHECK(world.refreshes() == 1);
            }
        }
    }
}

TEST_CASE("back-off: Retry-After, else 5 s doubling") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(answered(503, ""));
    for (const int pause : {5, 10, 20}) {
        const int before = world.refreshes();
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(world.refreshes() == before + 1);
        world.now = world.now + pause - 1;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(world.refreshes() == before + 1);
        world.now = world.now + 1;
    }
    world.answer(answered(429, "", {{"Retry-After", "60"}}));
    CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
    world.answer(tokens(1));
    world.now = world.now + 59;
    CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
    // `auth refresh` does not wait for the pause to end.
    const auto asked = world.broker->refresh(world.target, {});
    REQUIRE(asked);
    CHECK((*asked)->credential.access_token == Secret("sandbox-access-1"));
}

TEST_CASE("until when a refresh that failed is not tried again") {
    BrokerWorld world;
    CHECK_FALSE(world.open().refresh_paused_until(world.target));  // nobody is logged in
    auto& broker = world.logged_in(0);
    CHECK_FALSE(broker.refresh_paused_until(world.target));
    SECTION("by the broker's own pause") {
        world.answer(lost(http_delivery::not_sent));
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(broker.refresh_paused_until(world.target) == at(5));
        world.now = 4;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(broker.refresh_paused_until(world.target) == at(5));
        CHECK(world.refreshes() == 1);
        world.now = 5;  // the next call tries
        CHECK_FALSE(broker.refresh_paused_until(world.target));
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(broker.refresh_paused_until(world.target) == at(15));
        CHECK(world.refreshes() == 2);
    }
    SECTION("as the authority asked") {
        world.answer(answered(503, "", {{"Retry-After", "90"}}));
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(broker.refresh_paused_until(world.target) == at(90));
    }
    SECTION("of another login's failure nothing is known") {
        world.answer(lost(http_delivery::not_sent));
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        REQUIRE(broker.store_login(
            world.target, world.target.methods.front(), login(at(0), "sandbox-refresh-9")));
        CHECK_FALSE(broker.refresh_paused_until(world.target));
    }
}

TEST_CASE("the open journal: sent again once, and only when the access token is of no use") {
    BrokerWorld world;
    world.logged_in(3600);
    world.answer(lost(http_delivery::unknown));
    world.now = 3600 - 100;
    CHECK(world.token() == "sandbox-access-0");
    world.answer(tokens(1));
    world.now = 3600 - 1;
    CHECK(world.token() == "sandbox-access-0");
    CHECK_FALSE(world.broker->refresh(world.target, {}));  // not even when asked
    CHECK(world.refreshes() == 1);
    SECTION("the second answer comes") {
        world.now = 3600;
        CHECK(world.token() == "sandbox-access-1");
        CHECK(world.refreshes() == 2);
        CHECK_FALSE(std::filesystem::exists(world.file(".journal")));
    }
    SECTION("the second is lost too: never a third") {
        world.answer(lost(http_delivery::unknown));
        world.now = 3600;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        world.answer(tokens(1));
        world.now = 10'000;
        CHECK(world.token() == "AUTH_SESSION_EXPIRED");
        CHECK(world.stored()->login_needed->code == "refresh_outcome_unknown");
        CHECK(world.refreshes() == 2);
    }
    SECTION("the second does not leave the machine: it does not count") {
        world.answer(lost(http_delivery::not_sent));
        world.now = 3600;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        world.answer(tokens(1));
        world.now = 10'000;
        CHECK(world.token() == "sandbox-access-1");
    }
    SECTION("a journal that cannot be read counts as open") {
        REQUIRE(handover::platform::replace_file(world.file(".journal"), "{torn"));
        world.now = 3600 - 1;
        CHECK_FALSE(world.broker->refresh(world.target, {}));
        CHECK(world.refreshes() == 1);
    }
}

TEST_CASE("a 401 from upstream: another stored token first, else one refresh") {
    BrokerWorld world;
    world.logged_in(3600);
    const auto first = world.broker->resolve(world.target, {});
    REQUIRE(first);
    world.answer(tokens(1));
    SECTION("refresh") {
        const auto next = world.broker->recover(world.target, **first, {});
        REQUIRE(next);
        CHECK((*next)->credential.access_token == Secret("sandbox-access-1"));
        const auto late = world.broker->recover(world.target, **first, {});
        REQUIRE(late);
        CHECK((*late)->credential.access_token == Secret("sandbox-access-1"));
        CHECK(world.refreshes() == 1);
    }
    SECTION("somebody else has refreshed") {
        Broker other(world.services());
        REQUIRE(other.refresh(world.target, {}));
        const auto next = world.broker->recover(world.target, **first, {});
        REQUIRE(next);
        CHECK((*next)->credential.access_token == Secret("sandbox-access-1"));
        CHECK(world.refreshes() == 1);
    }
    SECTION("logged out meanwhile") {
        REQUIRE(world.broker->logout(world.target, false, {}));
        const auto next = world.broker->recover(world.target, **first, {});
        REQUIRE_FALSE(next);
        CHECK(next.error().code == Errc::auth_not_logged_in);
    }
}

TEST_CASE("an upstream that refuses every token does not cost a refresh for each request") {
    BrokerWorld world;
    world.logged_in(3600);
    int number = 0;
    // What a request gets that was refused with the token of now: another token, or an error.
    const auto after_401 = [&] {
        const auto shown = world.broker->resolve(world.target, {});
        REQUIRE(shown);
        world.answer(tokens(++number));
        const auto next = world.broker->recover(world.target, **shown, {});
        return next ? "another token" : std::string(code_name(next.error().code));
    };
    int refreshes = 0;
    for (const int pause : {5, 10, 20}) {
        CHECK(after_401() == "another token");
        CHECK(world.refreshes() == ++refreshes);
        world.now = world.now + pause - 1;
        CHECK(after_401() == "AUTH_SESSION_EXPIRED");
        world.open();  // nor in another process
        CHECK(after_401() == "AUTH_SESSION_EXPIRED");
        CHECK(world.refreshes() == refreshes);
        CHECK(world.broker->status(world.target)->front().note.empty());
        CHECK(world.broker->status(world.target)->front().status == Status::authenticated);
        world.now = world.now + 1;
    }
    SECTION("long after, it is news again") {
        world.now = world.now + 600;
        CHECK(after_401() == "another token");
        world.now = world.now + 5;
        CHECK(after_401() == "another token");
    }
    SECTION("what is due is refreshed, whatever the upstream said") {
        CHECK(after_401() == "another token");
        world.answer(tokens(50));
        const auto asked = world.broker->refresh(world.target, {});
        REQUIRE(asked);
        CHECK((*asked)->credential.access_token == Secret("sandbox-access-50"));
        CHECK(after_401() == "another token");
    }
}

namespace {

// Says whose it is; nobody looks at the signature of a token from the authority itself.
std::string jwt(const std::string& payload) {
    return handover::text::base64url_encode(R"({"alg":"RS256"})") + "." +
           handover::text::base64url_encode(payload) + ".c2lnbmF0dXJl";
}

}  // namespace

TEST_CASE("tokens of another account are not kept") {
    struct Case {
        const char* name;
        const char* before;  // claims of the ID token, and of the access token
        const char* after;
        bool kept;
    };
    const Case cases[] = {
        {"the same", R"({"sub":"alice","acct":"1"})", R"({"sub":"alice","acct":"1"})", true},
        {"another subject", R"({"sub":"alice"})", R"({"sub":"mallory"})", false},
        {"another account",
         R"({"sub":"alice","acct":"1"})",
         R"({"sub":"alice","acct":"2"})",
         false},
        {"says less", R"({"sub":"alice","acct":"1"})", R"({"aud":"app"})", true},
        {"says more", R"({"aud":"app"})", R"({"sub":"alice","acct":"1"})", true},
    };
    for (const auto& c : cases) {
        for (const bool in_id_token : {true, false}) {
            DYNAMIC_SECTION(c.name << (in_id_token ? ", ID token" : ", access token")) {
                BrokerWorld world;
                auto& method = world.target.methods.front();
                method.claims = {{"account", "/acct"}};
                method.subject = "account";
                auto& broker = world.open();
                auto old = login(at(3600));
                (in_id_token ? old.id_token : old.access_token) = Secret(jwt(c.before));
                const auto old_access = old.access_token;
                REQUIRE(broker.store_login(world.target, method, old));
                const auto after = jwt(std::string(c.after).insert(1, R"("iat":1,)"));
                const auto access = in_id_token ? "sandbox-access-1" : after;
                const auto id = in_id_token ? R"("id_token":")" + after + "\"," : "";
                world.answer(
                    answered(200,
                             "{" + id + R"("access_token":")" + access +
                                 R"(","refresh_token":"sandbox-refresh-1","expires_in":3600})"));
                world.now = 3600 - 100;
                const auto got = broker.resolve(world.target, {});
                REQUIRE(got);
                CHECK(((*got)->credential.access_token == old_access) == !c.kept);
                const auto stored = world.stored();
                REQUIRE(stored);
                CHECK(stored->login_needed.has_value() == !c.kept);
                CHECK(stored->refresh_token ==
                      Secret(c.kept ? "sandbox-refresh-1" : "sandbox-refresh-0"));
                CHECK(world.revocations() == (c.kept ? 0 : 1));
                CHECK_FALSE(std::filesystem::exists(world.file(".journal")));
                if (c.kept) continue;
                CHECK(stored->login_needed->code == "another_account");
                CHECK_THAT(std::string(world.requests.back().secret_body.reveal()) +
                               world.requests.back().body,
                           Catch::Matchers::Contains("sandbox-refresh-1"));
                world.now = 3600;
                CHECK(world.token() == "AUTH_SESSION_EXPIRED");
                CHECK(world.refreshes() == 1);
            }
        }
    }
}

TEST_CASE("a key is not refreshed") {
    BrokerWorld world;
    world.target = target_with({key_method()});
    world.variables = {{"EXAMPLE_API_KEY", "sandbox-key"}};
    auto& broker = world.open();
    const auto resolved = broker.resolve(world.target, {});
    REQUIRE(resolved);
    CHECK((*resolved)->credential.api_key == Secret("sandbox-key"));
    CHECK(broker.recover(world.target, **resolved, {}).error().code == Errc::provider_rejected);
    CHECK(broker.refresh(world.target, {}).error().code == Errc::auth_session_expired);
}

TEST_CASE("logout removes and revokes, the generation stays") {
    BrokerWorld world;
    world.logged_in(3600);
    CHECK(world.broker->logout(world.target, true, {}).value());
    CHECK(world.revocations() == 1);
    CHECK_FALSE(world.stored());
    CHECK(world.store()->generation(example) == 2);
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    CHECK_FALSE(world.broker->logout(world.target, true, {}).value());
    world.logged_in(3600);
    CHECK(world.stored()->generation > 2);
}

TEST_CASE("a refresh that ends after a logout discards its result and revokes it") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    auto raised = false;
    {
        const std::lock_guard guard(world.mutex);
        world.before_answer = [&] {
            if (std::exchange(raised, true)) return;
            // As a logout of another process that does not wait for the lock.
            auto store = world.store();
            REQUIRE(store->raise_generation(example, 2));
            REQUIRE(store->force_remove(example));
        };
    }
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    CHECK_FALSE(world.stored());
    REQUIRE(world.revocations() == 1);
    CHECK_THAT(std::string(world.requests.back().secret_body.reveal()) + world.requests.back().body,
               Catch::Matchers::Contains("sandbox-refresh-1"));
}

TEST_CASE("no room, no lock, no rename: the refresh token is not spent") {
    for (const auto* step : {"allocate", "open"}) {
        for (const auto* suffix : {".json", ".journal", ".lock"}) {
            DYNAMIC_SECTION(step << " " << suffix) {
                BrokerWorld world;
                world.logged_in(0);
                world.answer(tokens(1));
                std::atomic<bool> broken = true;
                world.fault = [&](std::string_view at_step, std::string_view file) {
                    return broken && at_step == step && file.ends_with(suffix) ? ENOSPC : 0;
                };
                if (std::string_view(step) == "allocate" && std::string_view(suffix) == ".lock")
                    return;
                CHECK(world.token() == "STORE_IO");
                CHECK(world.refreshes() == 0);
                broken = false;
                CHECK(world.token() == "sandbox-access-1");
            }
        }
    }
}

TEST_CASE("storing fails after the rotation: used from memory, stored later") {
    for (const auto* step : {"write", "fsync", "rename", "fsync_folder"}) {
        DYNAMIC_SECTION(step) {
            BrokerWorld world;
            world.logged_in(0);
            world.answer(tokens(1));
            std::atomic<bool> broken = true;
            world.fault = [&](std::string_view at_step, std::string_view file) {
                return broken && at_step == step && file.find(".json") != std::string_view::npos
                           ? EIO
                           : 0;
            };
            CHECK(world.token() == "sandbox-access-1");
            CHECK(world.refreshes() == 1);
            broken = false;
            world.broker.reset();  // the last chance to store it
            REQUIRE(world.stored());
            CHECK(world.stored()->refresh_token == Secret("sandbox-refresh-1"));
            CHECK_FALSE(std::filesystem::exists(world.file(".journal")));
        }
    }
}

TEST_CASE("a write that fails once is tried again at once") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    std::atomic<int> failures = 1;
    world.fault = [&](std::string_view step, std::string_view file) {
        return step == "write" && file.ends_with(".json-new") && failures-- > 0 ? EIO : 0;
    };
    CHECK(world.token() == "sandbox-access-1");
    CHECK(world.stored()->refresh_token == Secret("sandbox-refresh-1"));
}

TEST_CASE("changes by others are seen") {
    BrokerWorld world;
    world.logged_in(3600);
    CHECK(world.token() == "sandbox-access-0");
    {
        Broker other(world.services());
        REQUIRE(other.logout(world.target, false, {}));
    }
    const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(1500);
    while (world.token() != "AUTH_NOT_LOGGED_IN" && std::chrono::steady_clock::now() < until)
        std::this_thread::yield();
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
}

TEST_CASE("a credential issued for something else is neither sent nor refreshed") {
    BrokerWorld world;
    world.logged_in(3600);
    world.target.methods.front().endpoints.token_endpoint = "https://evil.example/token";
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    world.now = 4000;
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    CHECK(world.broker->status(world.target)->front().status == Status::login_needed);
    CHECK(world.refreshes() == 0);
}

TEST_CASE("16 threads, one refresh") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    std::barrier start(16);
    std::atomic<int> successes = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 16; ++i) {
        threads.emplace_back([&] {
            start.arrive_and_wait();
            if (world.token() == "sandbox-access-1") ++successes;
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(successes == 16);
    CHECK(world.refreshes() == 1);
}

TEST_CASE("every refresh is told once, by whatever it was caused") {
    BrokerWorld world;
    world.logged_in(3600);
    const auto first = world.broker->resolve(world.target, {});
    REQUIRE(first);
    CHECK(world.refreshes_told().empty());
    world.answer(tokens(1));
    SECTION("asked for") {
        REQUIRE(world.broker->refresh(world.target, {}));
        CHECK(world.refreshes_told() == "example ok;");
    }
    SECTION("due") {
        world.now = 3600;
        CHECK(world.token() == "sandbox-access-1");
        CHECK(world.token() == "sandbox-access-1");
        CHECK(world.refreshes_told() == "example ok;");
    }
    SECTION("a 401 from upstream, for two requests") {
        REQUIRE(world.broker->recover(world.target, **first, {}));
        REQUIRE(world.broker->recover(world.target, **first, {}));
        CHECK(world.refreshes_told() == "example ok;");
    }
    SECTION("done by somebody else") {
        auto parts = world.services();
        parts.on_refresh = {};
        Broker other(std::move(parts));
        REQUIRE(other.refresh(world.target, {}));
        REQUIRE(world.broker->recover(world.target, **first, {}));
        CHECK(world.refreshes() == 1);
        CHECK(world.refreshes_told().empty());
    }
    SECTION("refused, and paused after that") {
        world.answer(answered(503, ""));
        world.now = 3600;
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(world.token() == "AUTH_REFRESH_UNAVAILABLE");
        CHECK(world.refreshes_told() == "example failed;");
    }
    SECTION("no connection") {
        world.answer(lost(handover::http::Delivery::not_sent));
        CHECK_FALSE(world.broker->refresh(world.target, {}));
        CHECK(world.refreshes_told() == "example failed;");
    }
    SECTION("not stored, but used") {
        std::atomic<bool> broken = true;
        world.fault = [&](std::string_view step, std::string_view file) {
            return broken && step == "rename" && file.ends_with(".json") ? EIO : 0;
        };
        world.now = 3600;
        CHECK(world.token() == "sandbox-access-1");
        broken = false;
        world.broker.reset();
        CHECK(world.refreshes_told() == "example ok;");
    }
}

TEST_CASE("a caller that gives up leaves the refresh to finish") {
    BrokerWorld world;
    world.logged_in(0);
    world.answer(tokens(1));
    std::stop_source stop;
    {
        const std::lock_guard guard(world.mutex);
        world.before_answer = [&] { stop.request_stop(); };
    }
    const auto resolved = world.broker->resolve(world.target, {.stop = stop.get_token()});
    // Either it was told to stop first or the answer was quicker; the new credential is stored in
    // both.
    if (!resolved) CHECK(resolved.error().code == Errc::auth_cancelled);
    world.broker.reset();
    CHECK(world.stored()->access_token == Secret("sandbox-access-1"));
}

TEST_CASE("resolve_now gives what resolve would give at once, and nothing else") {
    BrokerWorld world;
    auto& broker = world.logged_in(3600);
    CHECK_FALSE(broker.resolve_now(world.target));
    const auto resolved = broker.resolve(world.target, {});
    REQUIRE(resolved);
    CHECK(broker.resolve_now(world.target) == *resolved);
    auto other = world.target;
    other.account = "other";
    CHECK_FALSE(broker.resolve_now(other));
    other = world.target;
    other.methods.front().client_id = "another";
    CHECK_FALSE(broker.resolve_now(other));
    world.now = 3600 - 300;
    CHECK_FALSE(broker.resolve_now(world.target));
    CHECK(world.refreshes() == 0);
}

namespace {

// A world whose clock is the machine's: background threads sleep by it.
struct TimedWorld : BrokerWorld {
    using Clock = std::chrono::system_clock;

    void open_timed() {
        auto parts = services();
        parts.clock = [] { return Clock::now(); };
        broker = std::make_unique<Broker>(std::move(parts));
    }
    // A login that is due and works for another minute.
    static Credential due_login() {
        auto credential = login(Clock::now() + std::chrono::minutes(1));
        credential.obtained_at = Clock::now() - std::chrono::minutes(3);
        return credential;
    }
    void log_in(Broker& by) {
        REQUIRE(by.store_login(target, target.methods.front(), due_login()));
    }
    std::string token_now() {
        const auto resolved = broker->resolve_now(target);
        return resolved ? std::string(resolved->credential.access_token.reveal()) : "";
    }
    static bool eventually(const std::function<bool()>& holds) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!holds() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
        return holds();
    }
};

}  // namespace

TEST_CASE("kept fresh: refreshed in the background while requests go on with the current token") {
    TimedWorld world;
    world.open_timed();
    std::atomic<bool> may_answer = false;
    world.answer(tokens(1));
    world.before_answer = [&] {
        while (!may_answer) std::this_thread::yield();
    };
    const auto target = world.broker->keep_fresh(world.target);
    CHECK(world.broker->keep_fresh(world.target) == target);
    world.log_in(*world.broker);
    CHECK(world.token() == "sandbox-access-0");
    CHECK(TimedWorld::eventually([&] { return world.refreshes() == 1; }));
    // Nobody waits while the authority is asked, not even where the store has to be read.
    CHECK(world.token_now() == "sandbox-access-0");
    CHECK(world.broker->resolve(*target, {.deadline = {}}));
    may_answer = true;
    CHECK(TimedWorld::eventually([&] { return world.token_now() == "sandbox-access-1"; }));
    CHECK(world.broker->resolve_now(*target) == *world.broker->resolve(world.target, {}));
    CHECK(world.refreshes() == 1);
    CHECK(world.refreshes_told() == "example ok;");
}

TEST_CASE("kept fresh: logins and logouts of others are followed") {
    TimedWorld world;
    world.open_timed();
    world.answer(tokens(1));
    (void)world.broker->keep_fresh(world.target);
    CHECK(world.token() == "AUTH_NOT_LOGGED_IN");
    Broker other(world.services());
    world.log_in(other);
    CHECK(world.token() == "sandbox-access-0");
    CHECK(TimedWorld::eventually([&] { return world.token_now() == "sandbox-access-1"; }));
    REQUIRE(other.logout(world.target, false, {}));
    CHECK(TimedWorld::eventually([&] { return world.token() == "AUTH_NOT_LOGGED_IN"; }));
    CHECK(world.refreshes() == 1);
}

TEST_CASE("kept fresh: targets may come while others are looked after") {
    TimedWorld world;
    world.open_timed();
    world.answer(tokens(1));
    std::vector<std::shared_ptr<const Target>> kept;
    for (int account = 0; account < 40; ++account) {
        world.target.account = std::to_string(account);
        auto due = TimedWorld::due_login();
        due.id.account = world.target.account;
        REQUIRE(world.broker->store_login(world.target, world.target.methods.front(), due));
        kept.push_back(world.broker->keep_fresh(world.target));
        // Its thread goes on with this one, and then waits.
        CHECK(TimedWorld::eventually([&] { return world.refreshes() == account + 1; }));
    }
    for (const auto& target : kept) {
        CHECK(TimedWorld::eventually([&] {
            const auto resolved = world.broker->resolve(*target, {});
            return resolved && (*resolved)->credential.access_token == Secret("sandbox-access-1");
        }));
    }
    CHECK(world.refreshes() == 40);
}

TEST_CASE("kept fresh: a dead authority is left alone for a while, and stops nobody") {
    TimedWorld world;
    world.open_timed();
    (void)world.broker->keep_fresh(world.target);
    world.log_in(*world.broker);
    CHECK(world.token() == "sandbox-access-0");
    CHECK(TimedWorld::eventually([&] { return world.store()->record(example).has_value(); }));
    for (int i = 0; i < 100; ++i) CHECK(world.token() == "sandbox-access-0");
    CHECK(world.token_now() == "sandbox-access-0");
    CHECK(world.refreshes() == 1);
    CHECK(TimedWorld::eventually([&] { return !world.refreshes_told().empty(); }));
    CHECK(world.refreshes_told() == "example failed;");
}

TEST_CASE("while the token works nobody waits long for a refresh; it goes on") {
    BrokerWorld world;
    world.logged_in(3600);
    world.answer(tokens(1));
    std::atomic<bool> may_answer = false;
    world.before_answer = [&] {
        while (!may_answer) std::this_thread::yield();
    };
    world.now = 3600 - 100;
    const auto begun = std::chrono::steady_clock::now();
    CHECK(world.token() == "sandbox-access-0");
    CHECK(std::chrono::steady_clock::now() - begun >= std::chrono::milliseconds(1900));
    may_answer = true;
    CHECK(TimedWorld::eventually([&] { return world.token() == "sandbox-access-1"; }));
    CHECK(world.refreshes() == 1);
}
