#include "config/toml.hpp"

#include <catch2/catch.hpp>

#include "config/toml_depth.hpp"

using namespace handover;
using config::Array;
using config::merge;
using config::parse_toml;
using config::Position;
using config::Table;
using config::Value;

namespace {

Table parsed(const std::string& text) {
    auto table = parse_toml(text, "f.toml", Errc::config_invalid);
    INFO(text);
    REQUIRE(table);
    return std::move(table).value();
}

std::string text_at(const Table& table, const std::string& key) {
    const auto* value = table.find(key);
    REQUIRE(value != nullptr);
    return std::get<std::string>(value->data);
}

}  // namespace

TEST_CASE("a document becomes a tree that knows where each value stood") {
    const auto table = parsed("a = \"x\"\n  b = 1\n[t.u]\nc = [true,\n  1.5]\n");
    CHECK(text_at(table, "a") == "x");
    CHECK(table.find("a")->at == Position{"f.toml", 1, 1});
    CHECK(table.find("b")->at == Position{"f.toml", 2, 3});
    CHECK(table.find("b")->type_name() == "an integer");
    const auto& t = std::get<Table>(table.find("t")->data);
    const auto& u = std::get<Table>(t.find("u")->data);
    const auto& list = std::get<Array>(u.find("c")->data);
    REQUIRE(list.items.size() == 2);
    CHECK(std::get<bool>(list.items[0].data));
    CHECK(list.items[1].at == Position{"f.toml", 5, 3});
    CHECK(table.find("d") == nullptr);
    CHECK(Position{"f.toml", 5, 3}.text() == "f.toml:5:3");
    CHECK(Position{}.text().empty());
}

TEST_CASE("what is no TOML names the place") {
    struct Case {
        const char* name;
        std::string text;
        const char* place;
    };
    const Case cases[] = {
        {"no value", "a = \n", "f.toml:1:"},
        {"unterminated string", "x = 1\na = \"b\n", "f.toml:2:"},
        {"key twice", "a = 1\na = 2\n", "f.toml:2:"},
        {"trailing text", "a = 1 b\n", "f.toml:1:"},
        {"a date", "ok = 1\nwhen = 2026-11-22\n", "f.toml:2:1"},
        {"invalid UTF-8", "a = \"\xff\"\n", "f.toml:1:"},
        {"too deep in brackets", "a = " + std::string(40, '['), "f.toml:1:"},
        {"too deep in one key",
         "a" +
             [] {
                 std::string parts;
                 for (int i = 0; i < 40; ++i) parts += ".a";
                 return parts;
             }() +
             " = 1",
         "f.toml:1:"},
        {"too long", std::string(config::most_toml_bytes + 1, '\n'), "f.toml:1:1"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto result = parse_toml(c.text, "f.toml", Errc::plugin_invalid);
            REQUIRE_FALSE(result);
            CHECK(result.error().code == Errc::plugin_invalid);
            INFO(result.error().message);
            CHECK(result.error().message.rfind(c.place, 0) == 0);
        }
    }
}

TEST_CASE("the depth of a document") {
    const auto dots = [](int parts) {
        std::string key = "a";
        for (int i = 1; i < parts; ++i) key += ".a";
        return key;
    };
    struct Case {
        const char* name;
        std::string text;
        bool passes;
    };
    const Case cases[] = {
        {"empty", "", true},
        {"brackets at the limit", std::string(config::most_toml_depth, '['), true},
        {"one more", std::string(config::most_toml_depth + 1, '['), false},
        {"a key at the limit", dots(config::most_toml_depth + 1) + "=1", true},
        {"one part more", dots(config::most_toml_depth + 2) + "=1", false},
        {"many lines",
         [&] {
             std::string text;
             for (int i = 0; i < 100; ++i) text += "a.b" + std::to_string(i) + " = 1.5\n";
             return text;
         }(),
         true},
        {"dots in a string", "a = \"" + std::string(100, '.') + "\"", true},
        {"brackets in a comment", "# " + std::string(100, '['), true},
        {"brackets in a literal string", "a = '" + std::string(100, '['), true},
        {"after a multi-line string",
         "a = \"\"\"\n\"x\\\"\"\"\"\"\nb = " + std::string(33, '['),
         false},
        {"after an escaped quote", "a = \"\\\"\"\nb = " + std::string(33, '['), false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(config::check_depth(c.text).has_value() != c.passes);
        }
    }
    const auto refused = config::check_depth("\n\nx = " + std::string(33, '['));
    REQUIRE(refused);
    CHECK(refused->line == 3);
    CHECK(refused->column == 37);
}

TEST_CASE("a table on top of another") {
    const auto merged =
        merge(parsed("a = 1\nkeep = \"u\"\nlist = [1, 2]\n[t]\nx = \"u\"\ny = \"u\"\n[w]\nz = 1\n"),
              parsed("a = \"o\"\nlist = [3]\nw = \"o\"\n[t]\ny = \"o\"\n"));
    CHECK(text_at(merged, "a") == "o");
    CHECK(text_at(merged, "keep") == "u");
    CHECK(std::get<Array>(merged.find("list")->data).items.size() == 1);
    CHECK(text_at(merged, "w") == "o");
    const auto& t = std::get<Table>(merged.find("t")->data);
    CHECK(text_at(t, "x") == "u");
    CHECK(text_at(t, "y") == "o");
}
