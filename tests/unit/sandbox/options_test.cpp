#include "sandbox/options.hpp"

#include <catch2/catch.hpp>

using handover::sandbox::Options;
using handover::sandbox::parse_options;

TEST_CASE("the command line") {
    const auto defaults = parse_options({});
    REQUIRE(defaults);
    CHECK(defaults->port == 0);
    CHECK(defaults->token_lifetime == std::chrono::hours(1));

    const auto all = parse_options({"--port",
                                    "65535",
                                    "--token-lifetime=10s",
                                    "--fault",
                                    "a",
                                    "--fault=b=c",
                                    "--exit-with-parent"});
    REQUIRE(all);
    CHECK(all->port == 65535);
    CHECK(all->token_lifetime == std::chrono::seconds(10));
    CHECK(all->faults == std::vector<std::string>{"a", "b=c"});
    CHECK(all->exit_with_parent);
    CHECK(parse_options({"--help"})->help);
}

TEST_CASE("what the command line refuses") {
    const std::vector<std::vector<std::string>> bad = {{"--port"},
                                                       {"--port", "65536"},
                                                       {"--port", "-1"},
                                                       {"--port", "80x"},
                                                       {"--port", ""},
                                                       {"--token-lifetime", "0"},
                                                       {"--token-lifetime", "999ms"},
                                                       {"--token-lifetime", "soon"},
                                                       {"extra"},
                                                       {"--prot", "1"}};
    for (const auto& arguments : bad) {
        DYNAMIC_SECTION(arguments.front() << " " << arguments.back()) {
            const auto got = parse_options(arguments);
            REQUIRE_FALSE(got);
            CHECK(got.error().code == handover::Errc::usage);
        }
    }
    CHECK(parse_options({"--prot=1"}).error().message.find("\"--port\"") != std::string::npos);
}
