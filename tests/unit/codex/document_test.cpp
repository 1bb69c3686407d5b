// docs/dialects.md says what the plugin does.
#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <variant>
#include <vector>

#include "codex/request_body.hpp"

namespace json = boost::json;
using handover::codex::shape_body;
using handover::codex::ShapedBody;
using handover::sdk::Refused;

namespace {

// What stands in backticks in the point of the codex section that begins so.
std::vector<std::string> named_in(const std::string& point) {
    std::ifstream file(SOURCE_FOLDER "/docs/dialects.md");
    std::stringstream text;
    text << file.rdbuf();
    auto all = text.str();
    const auto section = all.find("### What the codex backend does not take");
    REQUIRE(section != std::string::npos);
    all = all.substr(section, all.find("\n## ", section) - section);
    const auto begin = all.find("\n- " + point);
    REQUIRE(begin != std::string::npos);
    const auto end = std::min(all.find("\n- ", begin + 1), all.find("\n\n", begin));
    std::vector<std::string> names;
    for (auto at = all.find('`', begin); at < end; at = all.find('`', at + 1)) {
        const auto close = all.find('`', at + 1);
        names.push_back(all.substr(at + 1, close - at - 1));
        at = close;
    }
    return names;
}

// The request that the backend gets where this field, and nothing else, is said.
std::variant<json::object, Refused> shaped(const std::string& field, const json::value& value) {
    json::object body = {{"input", json::array()}};
    body[field] = value;
    const auto got = shape_body(json::serialize(body), "m", "");
    if (const auto* refused = std::get_if<Refused>(&got)) return *refused;
    return json::parse(std::get<ShapedBody>(got).text).as_object();
}

json::value value_for(const std::string& field) {
    if (field == "input") return json::array();
    return field == "background" ? json::value(true) : json::value("priority");
}

}  // namespace

TEST_CASE("what is documented to go on to the codex backend goes on") {
    const auto names = named_in("Goes on");
    REQUIRE(names.size() > 8);
    for (const auto& name : names) {
        if (name == "priority") continue;
        CAPTURE(name);
        const auto got = shaped(name, value_for(name));
        REQUIRE(std::holds_alternative<json::object>(got));
        const auto& body = std::get<json::object>(got);
        REQUIRE(body.contains(name));
        CHECK(body.at(name) == value_for(name));
    }
}

TEST_CASE("what is documented to be left out is") {
    const auto plain = std::get<json::object>(shaped("input", json::array()));
    const auto names = named_in("Left out");
    REQUIRE(names.size() > 15);
    for (const auto& name : names) {
        CAPTURE(name);
        const auto got = shaped(name, value_for(name));
        REQUIRE(std::holds_alternative<json::object>(got));
        CHECK(std::get<json::object>(got) == plain);
    }
}

TEST_CASE("what is documented to be refused is") {
    const auto names = named_in("Refused");
    REQUIRE(names.size() > 4);
    for (const auto& name : names) {
        if (name == "input" || name.starts_with('"')) continue;
        CAPTURE(name);
        const auto got = name == "item_reference"
                             ? shaped("input", json::array{json::object{{"type", name}}})
                             : shaped(name, value_for(name));
        CHECK(std::holds_alternative<Refused>(got));
    }
}

TEST_CASE("a body in shape has no field that the documentation does not name") {
    auto known = named_in("Goes on");
    for (const auto& name : named_in("Is always the same")) known.push_back(name);
    known.emplace_back("model");
    const auto got = shape_body(
        R"({"input":[],"instructions":"a","tools":[],"tool_choice":"auto","parallel_tool_calls":true,"reasoning":{},"text":{},"client_metadata":{},"service_tier":"priority"})",
        "m",
        "s");
    const auto body = json::parse(std::get<ShapedBody>(got).text);
    for (const auto& member : body.get_object()) {
        const std::string name(std::string_view(member.key()));
        CAPTURE(name);
        CHECK(std::find(known.begin(), known.end(), name) != known.end());
    }
}
