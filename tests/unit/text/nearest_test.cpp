#include "text/nearest.hpp"

#include <catch2/catch.hpp>

#include <vector>

using handover::text::did_you_mean;
using handover::text::nearest;

TEST_CASE("the nearest name") {
    const std::vector<std::string> names = {"codex", "openai", "groq", "ollama"};
    struct Case {
        const char* name;
        const char* typed;
        std::optional<std::string> expected;
    };
    const Case cases[] = {
        {"one letter missing", "codx", "codex"},
        {"two neighbours swapped", "coedx", "codex"},
        {"one letter wrong", "opanai", "openai"},
        {"two letters wrong in six", "opanay", "openai"},
        {"too far", "zzzz", std::nullopt},
        {"three letters allow one edit", "grq", "groq"},
        {"nothing typed", "", std::nullopt},
        {"the name itself", "groq", "groq"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(nearest(c.typed, names) == c.expected);
        }
    }
    CHECK(did_you_mean("codx", names) == " Did you mean \"codex\"?");
    CHECK(did_you_mean("zzzz", names).empty());
}
