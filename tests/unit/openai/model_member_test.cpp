#include "openai/model_member.hpp"

#include <catch2/catch.hpp>

#include <string>

using handover::openai::names_model;
using handover::openai::with_model;

TEST_CASE("the model is replaced where it stands, the rest stays byte for byte") {
    struct Case {
        const char* name;
        const char* body;
        const char* expected;
    };
    const Case cases[] = {
        {"the same", R"({"model":"m","input":"x"})", R"({"model":"m","input":"x"})"},
        {"another", R"({"model":"p/old","input":"x"})", R"({"model":"m","input":"x"})"},
        {"in the middle, with odd spacing",
         "{ \"a\" : 1 ,\n\"model\"\t:  \"old\" , \"b\":[]}",
         "{ \"a\" : 1 ,\n\"model\"\t:  \"m\" , \"b\":[]}"},
        {"numbers keep their spelling",
         R"({"seed":12345678901234567890123,"t":1.0e0,"model":"o"})",
         R"({"seed":12345678901234567890123,"t":1.0e0,"model":"m"})"},
        {"none: put first", R"({"input":"x"})", R"({"model":"m","input":"x"})"},
        {"an empty object", "{ }", R"({"model":"m" })"},
        {"null counts as a value", R"({"model":null,"a":1})", R"({"model":"m","a":1})"},
        {"only at the top",
         R"({"tools":[{"model":"inner"}],"x":{"model":"inner"}})",
         R"({"model":"m","tools":[{"model":"inner"}],"x":{"model":"inner"}})"},
        {"not inside a text",
         R"({"input":"\"model\":\"x\"","model":"o"})",
         R"({"input":"\"model\":\"x\"","model":"m"})"},
        {"a backslash at a text's end",
         R"({"input":"\\","model":"o"})",
         R"({"input":"\\","model":"m"})"},
        {"braces inside texts",
         R"({"input":["}{][",{"a":"}"}],"model":"o"})",
         R"({"input":["}{][",{"a":"}"}],"model":"m"})"},
        {"of two the last counts", R"({"model":"a","model":"b"})", R"({"model":"a","model":"m"})"},
        {"scalars of every kind before it",
         R"({"a":true,"b":false,"c":null,"d":-1,"model":"o"})",
         R"({"a":true,"b":false,"c":null,"d":-1,"model":"m"})"},
        {"white space around", " {\"model\":\"o\"} ", " {\"model\":\"m\"} "},
        {"not an object", "[]", "[]"},
        {"nothing", "", ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(with_model(c.body, "m") == c.expected);
        }
    }
}

TEST_CASE("a model's name is quoted") {
    CHECK(with_model("{}", "a\"b\\") == R"({"model":"a\"b\\"})");
}

TEST_CASE("whether a body names the model already") {
    CHECK(names_model(R"( {"a":{"model":"x"}, "model" : "m" } )", "m"));
    CHECK(names_model(R"({"model":"a\"b"})", "a\"b"));
    CHECK(names_model(R"({"model":"x","model":"m"})", "m"));
    CHECK_FALSE(names_model(R"({"model":"m","model":"x"})", "m"));
    CHECK_FALSE(names_model(R"({"model":"\u006d"})", "m"));
    CHECK_FALSE(names_model(R"({"model":"mm"})", "m"));
    CHECK_FALSE(names_model(R"({"model":null})", "m"));
    CHECK_FALSE(names_model(R"({"a":"m"})", "m"));
    CHECK_FALSE(names_model("[]", "m"));
    CHECK_FALSE(names_model("", ""));
}

TEST_CASE("cut bodies end the walk, not the process") {
    const std::string whole = R"({"a":["x",{"b":"\""}],"model":"old","c":1})";
    for (std::size_t size = 0; size <= whole.size(); ++size) {
        CAPTURE(size);
        CHECK(with_model(whole.substr(0, size), "m").size() + 16 > size);
    }
}
