#include "text/printable.hpp"

#include <catch2/catch.hpp>

using namespace handover::text;

TEST_CASE("text from outside loses what could move a terminal") {
    struct Case {
        const char* name;
        std::string text;
        std::string expected;
    };
    const Case cases[] = {
        {"plain", "hello", "hello"},
        {"escape sequence", "a\x1b[31mred", "a[31mred"},
        {"C1 control as UTF-8",
         "a\xc2\x9b"
         "b",
         "ab"},
        {"line breaks and tabs", "a\r\nb\tc", "a  b c"},
        {"bell and delete",
         "a\x07\x7f"
         "b",
         "ab"},
        {"accents stay", "caf\xc3\xa9", "caf\xc3\xa9"},
        {"invalid byte",
         "a\xff"
         "b",
         "a\xef\xbf\xbd"
         "b"},
        {"overlong slash", "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"surrogate", "\xed\xa0\x80", "\xef\xbf\xbd"},
        {"cut sequence", "a\xe2\x82", "a\xef\xbf\xbd"},
        {"right-to-left override",
         "a\xe2\x80\xae"
         "b",
         "ab"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(printable(c.text) == c.expected);
        }
    }
    CHECK(printable(std::string(20, 'x'), 10) == std::string(10, 'x') + "...");
    CHECK(printable(std::string(10, 'x'), 10) == std::string(10, 'x'));
}

TEST_CASE("quoted text keeps as an escape what printable leaves out") {
    CHECK(quoted("") == R"("")");
    CHECK(quoted(R"(a"b\c)") == R"("a\"b\\c")");
    CHECK(quoted("\x1b[2J\n\x7f") == R"("\u001B[2J\u000A\u007F")");
    CHECK(quoted("\xc2\x9b\xe2\x80\xae") == R"("\u009B\u202E")");
    CHECK(quoted("caf\xc3\xa9 \xf0\x9f\x99\x82") == "\"caf\xc3\xa9 \xf0\x9f\x99\x82\"");
    CHECK(quoted("\xff\xe2\x82") == "\"\xef\xbf\xbd\xef\xbf\xbd\"");
}

TEST_CASE("streamed text may be cut anywhere") {
    const std::string whole = "a\xe2\x82\xac\n\x1b[2Jb\xf0\x9f\x99\x82";
    std::string carry;
    const auto expected = printable_stream(whole, carry);
    CHECK(carry.empty());
    CHECK(expected == "a\xe2\x82\xac\n[2Jb\xf0\x9f\x99\x82");
    std::string bytewise;
    for (const char c : whole) bytewise += printable_stream(std::string_view(&c, 1), carry);
    CHECK(bytewise == expected);
    CHECK(carry.empty());
}
