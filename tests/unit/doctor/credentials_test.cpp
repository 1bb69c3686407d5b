#include "doctor/credentials.hpp"

#include <sys/stat.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace handover::doctor {
namespace {

using namespace std::chrono_literals;

const Time now = *text::parse_rfc3339("2026-11-22T12:00:00Z");

class Folder {
public:
    Folder() {
        auto pattern = (std::filesystem::temp_directory_path() / "handover-doctor-XXXXXX").string();
        path = mkdtemp(pattern.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
        std::ofstream(path / name) << text;
        (void)chmod((path / name).c_str(), mode);
    }
    std::filesystem::path path;
};

std::string login(const std::string& more) {
    return R"({"version": 1, "provider": "codex", "account": "default", "method": "subscription",
               "access_token": "sandbox-access-1", "token_type": "Bearer")" +
           more + "}";
}

Purpose codex() {
    auth::Method method;
    method.id = "subscription";
    method.kind = auth::Kind::oauth2;
    method.billing = auth::Billing::subscription;
    method.issuer = "https://auth.example.com";
    return {.target = auth::Target{.provider = "codex", .methods = {method}}};
}

Findings judge(const Folder& folder, const Purpose& purpose = codex()) {
    const auto facts = measure_credentials(folder.path);
    REQUIRE(facts.files.size() == 1);
    return judge_credential(facts.files[0], purpose, {.now = now, .record = facts.files[0].record});
}

}  // namespace

TEST_CASE("a stored login as it is found") {
    struct Case {
        const char* name;
        std::string more;
        State state;
        const char* says;
    };
    const Case cases[] = {
        {"fresh", R"(, "expires_at": "2026-11-22T18:00:00Z")", State::ok, "expires in 6 h"},
        {"without an end", "", State::ok, "authenticated"},
        {"expired, but refreshable",
         R"(, "expires_at": "2026-11-22T11:00:00Z", "refresh_token": "sandbox-refresh-1")",
         State::ok,
         "refreshed at its next use"},
        {"expired for good",
         R"(, "expires_at": "2026-11-22T11:00:00Z")",
         State::problem,
         "no refresh token"},
        {"ended by the provider",
         R"(, "login_needed": {"code": "invalid_grant", "at": "2026-11-22T11:00:00Z"})",
         State::problem,
         "invalid_grant"},
        {"for another issuer",
         R"(, "issuer": "https://other.example.com")",
         State::problem,
         "issuer was"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const Folder folder;
            folder.write("codex@default.json", login(c.more));
            const auto findings = judge(folder);
            REQUIRE(findings.size() == 1);
            CHECK(findings[0].state == c.state);
            CHECK(findings[0].subject == "codex");
            CHECK_THAT(findings[0].measured, Catch::Contains(c.says));
            CHECK_THAT(findings[0].measured + findings[0].fix, !Catch::Contains("sandbox-"));
            if (c.state == State::problem) {
                CHECK(findings[0].fix == "handover auth login codex");
            }
        }
    }
}

TEST_CASE("files that are no usable credentials stay as they are") {
    const Folder folder;
    SECTION("readable by others") {
        folder.write("codex@default.json", login(""), 0644);
        const auto findings = judge(folder);
        CHECK(findings[0].code == Errc::store_permissions);
        CHECK_THAT(findings[0].fix, Catch::StartsWith("chmod 600"));
    }
    SECTION("damaged") {
        folder.write("codex@default.json", "{\"version\": 1, ");
        const auto findings = judge(folder);
        CHECK(findings[0].state == State::problem);
        CHECK(findings[0].code == Errc::store_corrupt);
        CHECK(std::filesystem::exists(folder.path / "codex@default.json"));
    }
    SECTION("a link") {
        std::filesystem::create_symlink("/etc/passwd", folder.path / "codex@default.json");
        CHECK(judge(folder)[0].state == State::problem);
    }
    SECTION("of no login") {
        folder.write("notes.json", "{}");
        CHECK(judge(folder)[0].state == State::warning);
    }
    SECTION("of a provider that is gone") {
        folder.write("codex@default.json", login(""));
        const auto findings = judge(folder, {.trouble = "there is no provider \"codex\""});
        CHECK(findings[0].state == State::warning);
        CHECK(findings[0].fix.ends_with("handover auth logout codex"));
    }
}

TEST_CASE("what lies beside a credential") {
    const Folder folder;
    folder.write(
        "codex@default.json",
        login(R"(, "refresh_token": "sandbox-refresh-1", "expires_at": "2026-11-22T18:00:00Z")"));
    folder.write("codex@default.lock", "");
    folder.write("codex@default.journal", "{}");
    folder.write("gone@default.journal", "{}");
    folder.write("codex@default.json.corrupt-20261122T110000Z", "{");
    const auth::RefreshRecord record = {
        .fate = auth::RefreshFate::transient,
        .at = now,
        .next_try = now + 5s,
        .failures = 1,
        .fingerprint = auth::fingerprint_of(Secret(std::string("sandbox-refresh-1"))),
        .message = "the authority is down"};
    folder.write("codex@default.refresh", auth::print_record(record));

    const auto findings = judge(folder);
    REQUIRE(findings.size() == 3);
    CHECK(findings[0].state == State::ok);
    CHECK(findings[1].state == State::warning);
    CHECK_THAT(findings[1].measured, Catch::Contains("begun"));
    CHECK(findings[2].state == State::warning);
    CHECK_THAT(findings[2].measured, Catch::Contains("the authority is down"));

    const auto facts = measure_credentials(folder.path);
    CHECK(facts.left_over == std::vector<std::string>{"gone@default.journal"});
    REQUIRE(facts.set_aside.size() == 1);
    CHECK(judge_folder(facts, folder.path).size() == 2);

    auto of_another_token = record;
    of_another_token.fingerprint = "0123";
    folder.write("codex@default.refresh", auth::print_record(of_another_token));
    CHECK(judge(folder).size() == 2);
}

TEST_CASE("no credentials folder") {
    const auto facts = measure_credentials("/nonexistent/handover");
    CHECK(facts.error_number == 0);
    const auto findings = judge_folder(facts, "/nonexistent/handover");
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].state == State::skipped);
}

}  // namespace handover::doctor
