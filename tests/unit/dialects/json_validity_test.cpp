#include "dialects/json_validity.hpp"

#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <random>
#include <string>

using handover::dialects::check_json;
using handover::dialects::is_json;
using handover::dialects::json_problem;

namespace {

constexpr int most_levels = 128;

std::string nested(int levels, char open, char close) {
    return std::string(static_cast<std::size_t>(levels), open) +
           std::string(static_cast<std::size_t>(levels), close);
}

bool boost_takes(std::string_view text) {
    boost::json::parse_options options;
    options.max_depth = most_levels;
    boost::system::error_code failed;
    boost::json::parse({text.data(), text.size()}, failed, {}, options);
    return !failed;
}

}  // namespace

TEST_CASE("texts that are JSON, and texts that are not") {
    struct Case {
        std::string text;
        bool good;
    };
    const Case cases[] = {
        {"{}", true},
        {" [ ] \r\n\t", true},
        {"[1,-0,0.5,1e9,1E-9,-12.25e+3]", true},
        {R"([true,false,null,""])", true},
        {R"({"a":{"b":[{"c":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}]}})", true},
        {R"("sixteen letters and more than that, so that blocks are seen")", true},
        {R"("sixteen letters and a quote \" in a later block of them")", true},
        {"\"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \x7F\"", true},
        {nested(most_levels, '[', ']'), true},
        {"", false},
        {"  ", false},
        {"{", false},
        {"[1,]", false},
        {"[,1]", false},
        {"[1 2]", false},
        {R"({"a"})", false},
        {R"({"a":})", false},
        {R"({"a":1,})", false},
        {R"({a:1})", false},
        {R"({"a":1]", false},
        {"{} {}", false},
        {"01", false},
        {"-", false},
        {"1.", false},
        {".5", false},
        {"1e", false},
        {"+1", false},
        {"tru", false},
        {"truex", false},
        {"nul", false},
        {"\"", false},
        {"\"\\", false},
        {"\"\\x\"", false},
        {"\"\\u12\"", false},
        {"\"\\u12g4\"", false},
        {R"("\ud83d")",
         false},
        {R"("\ud83dx")", false},
        {R"("\ud83d\n")", false},
        {R"("\ud83d\u0041")", false},
        {R"("\ude00")", false},
        {"\"a\nb\"", false},
        {std::string("\"a\0b\"", 5), false},
        {"\"\x80\"", false},
        {"\"\xC1\x81\"", false},
        {"\"\xC3\"", false},
        {"\"\xE0\x9F\xBF\"", false},
        {"\"\xED\xA0\x80\"", false},
        {"\"\xF0\x8F\xBF\xBF\"", false},
        {"\"\xF4\x90\x80\x80\"", false},
        {"\"\xF5\x80\x80\x80\"", false},
        {"\xEF\xBB\xBF{}", false},
        {nested(most_levels + 1, '[', ']'), false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.text) {
            CHECK(is_json(c.text) == c.good);
            CHECK(json_problem(c.text).has_value() == !c.good);
            CHECK(boost_takes(c.text) == c.good);
            // Whatever it ends with, nothing that was cut off is taken for whole.
            for (std::size_t size = 0; size < c.text.size(); ++size) {
                const auto cut = std::string_view(c.text).substr(0, size);
                CHECK(is_json(cut) == boost_takes(cut));
            }
        }
    }
}

TEST_CASE("what is taken for JSON is what another parser takes for it") {
    const std::string whole =
        R"({"model":"gpt-5","stream":true,"n":-12.5e3,"input":[{"role":"user","content":)"
        "\"caf\xC3\xA9 \\u00e9 \\ud83d\\ude00 and a text of more than sixteen "
        "letters\"},null,false,[]],"
        R"("metadata":{"a":{},"b":"\\"}})";
    REQUIRE(is_json(whole));
    constexpr std::string_view bytes = "{}[]\":,\\0189eE+-.utn \n\x80\xC3\xA9\xED\xF0\x01";
    std::minstd_rand random(1);
    constexpr int rounds = 20'000;
    int good = 0;
    for (int i = 0; i < rounds; ++i) {
        auto text = whole;
        for (int changes = 0; changes <= i % 3; ++changes) {
            const auto at = random() % text.size();
            const char byte = bytes[random() % bytes.size()];
            if (random() % 2 == 0) {
                text[at] = byte;
            } else {
                text.insert(at, 1, byte);
            }
        }
        const bool taken = is_json(text);
        good += taken ? 1 : 0;
        if (taken == boost_takes(text)) continue;
        CAPTURE(text);
        CHECK(taken == boost_takes(text));
    }
    CHECK(good > rounds / 20);
    CHECK(good < rounds - rounds / 20);
}

TEST_CASE("members of one name") {
    struct Case {
        const char* text;
        const char* twice;  // null: none is
    };
    const Case cases[] = {
        {R"({"a":1,"b":2})", nullptr},
        {R"({"a":1,"b":2,"a":3})", "a"},
        {R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})", nullptr},
        {R"({"x":[{"a":1,"c":{},"a":2}]})", "a"},
        {R"({"model":1,"mod\u0065l":2})", "model"},
        {R"({"\u006dodel":1,"mod\u0065l":2})", "model"},
        {R"({"":1,"":2})", ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.text) {
            CHECK(is_json(c.text));
            const auto problem = json_problem(c.text);
            REQUIRE(problem.has_value() == (c.twice != nullptr));
            if (problem) CHECK(problem->member == c.twice);
        }
    }
}

TEST_CASE("the outermost object's members are told") {
    const auto check = check_json(R"( { "a" : [1, {"b":2}] , "c":"d" , "e\n":-1.5 } )");
    REQUIRE_FALSE(check.problem);
    CHECK(check.is_object);
    REQUIRE(check.members.size() == 3);
    CHECK(check.members[0].name == "a");
    CHECK(check.members[0].value == R"([1, {"b":2}])");
    CHECK(check.members[1].value == R"("d")");
    CHECK(check.members[2].name == R"(e\n)");
    CHECK(check.members[2].value == "-1.5");
    CHECK_FALSE(check_json(R"([{"a":1}])").is_object);
    CHECK(check_json(R"([{"a":1}])").members.empty());
}

TEST_CASE("values are counted up to a bound") {
    struct Case {
        const char* text;
        std::size_t values;
        std::size_t numbers;  // of them
    };
    const Case cases[] = {
        {"7", 1, 1},
        {R"("[,{")", 1, 0},
        {R"({})", 1, 0},
        {R"({"a":[1,-2.5,"3",null,true,{}],"b":"c,d:[1]"})", 9, 2},
        {R"([[[]]])", 3, 0},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.text) {
            const auto others = c.values - c.numbers;
            CHECK_FALSE(check_json(c.text).problem);
            CHECK_FALSE(check_json(c.text, {.values = c.values}).problem);
            CHECK_FALSE(check_json(c.text, {.values = others, .numbers_count = false}).problem);
            const auto one_less = check_json(c.text, {.values = c.values - 1}).problem;
            REQUIRE(one_less);
            CHECK(one_less->too_many_values);
            if (others == 0) continue;
            CHECK(check_json(c.text, {.values = others - 1, .numbers_count = false}).problem);
        }
    }
    const auto not_json = check_json("[1,,2]", {.values = 3}).problem;
    REQUIRE(not_json);
    CHECK_FALSE(not_json->too_many_values);
}
