// What a refresh can come to: every row of the outcome table, back-off, the journal of one whose
// answer was lost, whose tokens they are.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include <atomic>

#include "broker_world.hpp"
#include "platform/files.hpp"
#include "text/encoding.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Secret;
using http_delivery = handover::http::Delivery;

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
                const auto id =
                    in_id_token ? fmt::format(R"("id_token":"{}",)", after) : std::string();
                world.answer(answered(
                    200,
                    fmt::format(
                        R"({{{}"access_token":"{}","refresh_token":"sandbox-refresh-1","expires_in":3600}})",
                        id,
                        access)));
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
