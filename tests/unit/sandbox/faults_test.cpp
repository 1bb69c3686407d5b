#include "sandbox/faults.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>
#include <vector>

using handover::sandbox::Faults;

TEST_CASE("a fault strikes as often as it was told to") {
    Faults faults;
    REQUIRE(faults.apply(R"({"token_html":2,"model_status":{"value":503,"count":1},
        "model_401_once":true,"authorize_deny":true,"refresh_error":"invalid_grant"})"));
    CHECK(faults.strikes("token_html"));
    CHECK(faults.strikes("token_html"));
    CHECK_FALSE(faults.strikes("token_html"));
    CHECK(faults.strike("model_status")->number == 503);
    CHECK_FALSE(faults.strikes("model_status"));
    CHECK(faults.strikes("model_401_once"));
    CHECK_FALSE(faults.strikes("model_401_once"));
    CHECK(faults.strike("refresh_error")->text == "invalid_grant");
    for (int i = 0; i < 3; ++i) CHECK(faults.strikes("authorize_deny"));
    REQUIRE(faults.apply(R"({"authorize_deny":false})"));
    CHECK_FALSE(faults.strikes("authorize_deny"));
    CHECK_FALSE(faults.strikes("never set"));
}

TEST_CASE("reset clears what was set before") {
    Faults faults;
    REQUIRE(faults.apply(R"({"token_html":true})"));
    REQUIRE(faults.apply(R"({"reset":true,"discovery_down":true})"));
    CHECK_FALSE(faults.strikes("token_html"));
    CHECK(faults.strikes("discovery_down"));
}

TEST_CASE("faults on the command line") {
    Faults faults;
    REQUIRE(faults.apply_argument("token_html"));
    REQUIRE(faults.apply_argument("model_slow_ms=20"));
    REQUIRE(faults.apply_argument("refresh_error=refresh_token_reused"));
    REQUIRE(faults.apply_argument(R"(model_status={"count":1,"value":500})"));
    CHECK(faults.strikes("token_html"));
    CHECK(faults.peek("model_slow_ms")->number == 20);
    CHECK(faults.peek("refresh_error")->text == "refresh_token_reused");
    CHECK(faults.peek("model_status")->remaining == 1);
}

TEST_CASE("nothing changes on an error") {
    Faults faults;
    for (const auto* bad : {"",
                            "[]",
                            R"({"token_html":true,"token_htm":true})",
                            R"({"token_html":"text"})",
                            R"({"token_html":-1})",
                            R"({"token_html":{"cuont":1}})",
                            R"({"token_html":{"count":-1}})",
                            R"({"model_slow_ms":"fast"})"}) {
        CAPTURE(bad);
        const auto applied = faults.apply(bad);
        REQUIRE_FALSE(applied);
        CHECK(applied.error().code == handover::Errc::usage);
    }
    CHECK(faults.to_json() == "{}");
    CHECK(faults.apply(R"({"token_htm":1})").error().message.find("\"token_html\"") !=
          std::string::npos);
}

namespace {

// The first cells of the table that the README's faults stand in: "| `a`, `b` | value | ... |".
std::vector<std::string> documented_faults() {
    std::ifstream readme(SOURCE_FOLDER "/tests/sandbox/README.md");
    std::vector<std::string> names;
    bool in_table = false;
    for (std::string line; std::getline(readme, line);) {
        if (line.starts_with("| fault |")) in_table = true;
        if (!in_table || !line.starts_with("| `")) continue;
        auto cell = line.substr(0, line.find(" |", 1));
        for (auto at = cell.find('`'); at != std::string::npos; at = cell.find('`', at + 1)) {
            const auto end = cell.find('`', at + 1);
            names.push_back(cell.substr(at + 1, end - at - 1));
            at = end;
        }
    }
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace

TEST_CASE("the README describes every fault and no other") {
    auto known = handover::sandbox::fault_names();
    std::sort(known.begin(), known.end());
    CHECK(documented_faults() == known);
}
