#include "doctor/finding.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>

#include "text/wrap.hpp"

namespace handover::doctor {

TEST_CASE("text is broken at blanks, and nowhere else") {
    struct Case {
        const char* name;
        const char* text;
        std::size_t columns;
        const char* expected;
    };
    const Case cases[] = {
        {"unlimited", "a b c", 0, "a b c"},
        {"fits to the column", "abc de", 8, "abc de"},
        {"one too many", "abc def", 8, "abc\n  def"},
        {"a word that is too long stays whole", "x abcdefghijk y", 8, "x\n  abcdefghijk\n  y"},
        {"a long word first", "abcdefghijk", 8, "abcdefghijk"},
        {"code points count, not bytes", "äöü äö", 8, "äöü äö"},
        {"nothing", "", 8, ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(text::wrapped(c.text, c.columns, 2) == c.expected);
        }
    }
}

TEST_CASE("the first problem decides, not a warning before it") {
    const Finding warning = {.state = State::warning, .code = Errc::usage};
    const Finding store = {.state = State::problem, .code = Errc::store_io};
    const Finding network = {.state = State::problem, .code = Errc::provider_unavailable};
    CHECK(first_problem({}) == std::nullopt);
    CHECK(first_problem({warning, ok("x"), skipped("y")}) == std::nullopt);
    CHECK(first_problem({warning, store, network}) == Errc::store_io);
}

TEST_CASE("the report for people") {
    const Findings findings = {
        in("folders", "state", ok("/home/me/state")),
        in("folders",
           "cache",
           {.state = State::warning,
            .measured = "one two three four",
            .expected = "five",
            .fix = "six"}),
        in("plugins", "bad", {.state = State::problem, .measured = "esc\x1b[2Jape\nd"})};
    CHECK(as_text(findings, 30) ==
          "folders\n"
          "  ok       state:\n"
          "           /home/me/state\n"
          "  warning  cache: one two\n"
          "           three four\n"
          "           expected: five\n"
          "           fix: six\n"
          "\n"
          "plugins\n"
          "  problem  bad: esc[2Jape d\n"
          "\n"
          "1 problem, 1 warning.\n");
    CHECK_THAT(as_text(findings, 0), Catch::Contains("cache: one two three four\n"));
}

TEST_CASE("the report for programs") {
    const auto json = boost::json::parse(as_json(
        {in("a", "s", skipped("why")),
         in("b",
            "t",
            {.state = State::problem, .measured = "m\x1b", .fix = "f", .code = Errc::store_io})}));
    CHECK(json.at("state") == "problem");
    const auto& rows = json.at("rows").as_array();
    CHECK(rows.at(0).at("state") == "skipped");
    CHECK(rows.at(0).at("code").is_null());
    CHECK(rows.at(0).at("fix").is_null());
    CHECK(rows.at(1).at("code") == "STORE_IO");
    CHECK(rows.at(1).at("measured") == "m");
    CHECK(boost::json::parse(as_json({skipped("x")})).at("state") == "ok");
}

}  // namespace handover::doctor
