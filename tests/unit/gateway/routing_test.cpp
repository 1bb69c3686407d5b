#include "gateway/routing.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using config::ModelAt;
using gateway::itinerary;
using gateway::RoutingTable;

namespace {

RoutingTable table() {
    return {.default_provider = "codex",
            .fallback = {{"codex", ""}, {"openai", ""}, {"groq", "llama"}},
            .aliases = {{"fast", {.first = {"groq", "org/llama"}}},
                        {"own", {.first = {"groq", ""}, .fallback = {{"openai", ""}}}},
                        {"here", {.first = {"", "m"}, .fallback = {{"openai", "gpt"}}}},
                        {"codex/odd", {.first = {"openai", "odd"}}}},
            .prefixes = {"codex", "openai", "groq"}};
}

bool lists_nothing(std::string_view /*model*/) {
    return false;
}

}  // namespace

TEST_CASE("where a model's name leads") {
    struct Case {
        const char* name;
        const char* model;
        std::vector<ModelAt> stops;
    };
    const Case cases[] = {
        {"no provider named",
         "gpt-5",
         {{"codex", "gpt-5"}, {"openai", "gpt-5"}, {"groq", "llama"}}},
        {"no model named", "", {{"codex", ""}, {"openai", ""}, {"groq", "llama"}}},
        {"a provider and its model", "openai/gpt-5", {{"openai", "gpt-5"}}},
        {"the default one, named", "codex/gpt-5", {{"codex", "gpt-5"}}},
        {"a model with slashes", "groq/org/llama", {{"groq", "org/llama"}}},
        {"a provider without a model", "groq/", {{"groq", ""}}},
        {"a prefix that is no provider",
         "org/llama",
         {{"codex", "org/llama"}, {"openai", "org/llama"}, {"groq", "llama"}}},
        {"nothing before the slash",
         "/gpt-5",
         {{"codex", "/gpt-5"}, {"openai", "/gpt-5"}, {"groq", "llama"}}},
        {"an alias", "fast", {{"groq", "org/llama"}}},
        {"an alias whose places name no model", "own", {{"groq", ""}, {"openai", ""}}},
        {"an alias at the default provider", "here", {{"codex", "m"}, {"openai", "gpt"}}},
        {"an alias that looks like a place", "codex/odd", {{"openai", "odd"}}},
        {"names are compared as they are",
         "FAST",
         {{"codex", "FAST"}, {"openai", "FAST"}, {"groq", "llama"}}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto way = itinerary(table(), c.model, lists_nothing);
            REQUIRE(way);
            CHECK(way->stops == c.stops);
        }
    }
}

TEST_CASE("a name that the default provider lists in full is its own") {
    const auto listed = [](std::string_view model) { return model == "openai/gpt-5"; };
    CHECK(itinerary(table(), "openai/gpt-5", listed)->stops.front() ==
          ModelAt{"codex", "openai/gpt-5"});
    CHECK(itinerary(table(), "openai/gpt-4", listed)->stops ==
          std::vector<ModelAt>{{"openai", "gpt-4"}});
    CHECK(itinerary(table(), "fast", listed)->stops == std::vector<ModelAt>{{"groq", "org/llama"}});
}

TEST_CASE("nobody is asked without a default provider") {
    auto none = table();
    none.default_provider.clear();
    CHECK(itinerary(none, "openai/gpt-5", lists_nothing)->stops.front() ==
          ModelAt{"openai", "gpt-5"});
    CHECK(itinerary(none, "fast", lists_nothing));
    for (const auto* model : {"gpt-5", "", "org/llama", "here"}) {
        DYNAMIC_SECTION('"' << model << '"') {
            const auto way = itinerary(none, model, lists_nothing);
            REQUIRE_FALSE(way);
            CHECK(way.error().code == Errc::provider_unknown);
            CHECK(way.error().fix.find("default_provider") != std::string::npos);
        }
    }
}

TEST_CASE("a fallback never leads back to where a request came from") {
    auto round = table();
    round.fallback = {{"openai", "a"}, {"openai", "b"}, {"codex", "c"}};
    CHECK(itinerary(round, "gpt-5", lists_nothing)->stops ==
          std::vector<ModelAt>{{"codex", "gpt-5"}, {"openai", "a"}});
}

TEST_CASE("when it takes the default provider's list") {
    for (const auto* model : {"openai/gpt-5", "codex/gpt-5", "groq/"})
        CHECK(gateway::is_ambiguous(table(), model));
    for (const auto* model : {"gpt-5", "", "org/llama", "fast", "codex/odd"})
        CHECK_FALSE(gateway::is_ambiguous(table(), model));
    auto none = table();
    none.default_provider.clear();
    CHECK_FALSE(gateway::is_ambiguous(none, "openai/gpt-5"));
}
