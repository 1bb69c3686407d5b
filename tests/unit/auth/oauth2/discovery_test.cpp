#include "auth/oauth2/discovery.hpp"

#include <catch2/catch.hpp>

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::oauth2;

namespace {

constexpr auto issuer = "https://auth.example";

std::string document(const std::string& more = "", const std::string& named = issuer) {
    return R"({"issuer":")" + named +
           R"(","authorization_endpoint":"https://auth.example/a","token_endpoint":"https://auth.example/t")" +
           more + "}";
}

}  // namespace

TEST_CASE("well-known URLs, both forms") {
    CHECK(well_known_urls("https://a.example") ==
          std::vector<std::string>{"https://a.example/.well-known/openid-configuration",
                                   "https://a.example/.well-known/oauth-authorization-server"});
    // RFC 8414 section 3.1: a path goes behind the well-known part.
    CHECK(well_known_urls("https://a.example/issuer1/") ==
          std::vector<std::string>{
              "https://a.example/issuer1/.well-known/openid-configuration",
              "https://a.example/.well-known/oauth-authorization-server/issuer1"});
    CHECK(well_known_urls("http://127.0.0.1:9000/x/y").at(1) ==
          "http://127.0.0.1:9000/.well-known/oauth-authorization-server/x/y");
}

TEST_CASE("metadata: what it gives") {
    const auto metadata = parse_metadata(
        document(
            R"(,"revocation_endpoint":"https://auth.example/r","device_authorization_endpoint":"https://auth.example/d",)"
            R"("code_challenge_methods_supported":["plain","S256"],"authorization_response_iss_parameter_supported":true)"),
        issuer);
    REQUIRE(metadata);
    CHECK(metadata->endpoints.authorization_endpoint == "https://auth.example/a");
    CHECK(metadata->endpoints.token_endpoint == "https://auth.example/t");
    CHECK(metadata->endpoints.revocation_endpoint == "https://auth.example/r");
    CHECK(metadata->endpoints.device_authorization_endpoint == "https://auth.example/d");
    CHECK(metadata->iss_parameter_supported);
    const auto bare = parse_metadata(document(R"(,"revocation_endpoint":null)"), issuer);
    REQUIRE(bare);
    CHECK_FALSE(bare->endpoints.revocation_endpoint);
    CHECK_FALSE(bare->iss_parameter_supported);
}

TEST_CASE("metadata: what is refused") {
    for (const auto& bad : {std::string(),
                            std::string("[]"),
                            std::string("{}"),
                            document() + "x",
                            document("", "https://auth.example/"),
                            document("", "https://AUTH.example"),
                            document("", "https://evil.example"),
                            document(R"(,"code_challenge_methods_supported":["plain"])"),
                            document(R"(,"code_challenge_methods_supported":"S256")"),
                            document(R"(,"revocation_endpoint":"http://auth.example/r")"),
                            document(R"(,"revocation_endpoint":"http://127.0.0.1/r")"),
                            document(R"(,"revocation_endpoint":"https://x@auth.example/r")"),
                            document(R"(,"revocation_endpoint":7)"),
                            document(R"(,"token_endpoint":null)"),
                            document(R"(,"authorization_endpoint":null)")}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_metadata(bad, issuer));
    }
    const auto good = document();
    for (std::size_t size = 0; size < good.size(); ++size)
        CHECK_FALSE(parse_metadata(good.substr(0, size), issuer));
    // A loopback issuer's endpoints stay on loopback.
    CHECK_FALSE(parse_metadata(document("", "http://127.0.0.1:9000"), "http://127.0.0.1:9000"));
}

TEST_CASE("the order of sources") {
    using enum EndpointSource;
    using Order = std::vector<EndpointSource>;
    const KnownSources both = {.declared = true, .discoverable = true, .gone = {}};
    CHECK(source_order(Discovery::first, both) == Order{discovery, declared});
    CHECK(source_order(Discovery::fallback, both) == Order{declared, discovery});
    CHECK(source_order(Discovery::never, both) == Order{declared});

    const KnownSources only_issuer = {.declared = false, .discoverable = true, .gone = {}};
    CHECK(source_order(Discovery::first, only_issuer) == Order{discovery});
    CHECK(source_order(Discovery::fallback, only_issuer) == Order{discovery});
    CHECK(source_order(Discovery::never, only_issuer).empty());

    const KnownSources only_declared = {.declared = true, .discoverable = false, .gone = {}};
    CHECK(source_order(Discovery::first, only_declared) == Order{declared});

    auto gone = both;
    gone.gone = declared;
    CHECK(source_order(Discovery::fallback, gone) == Order{discovery, declared});
    CHECK(source_order(Discovery::first, gone) == Order{discovery, declared});
    CHECK(source_order(Discovery::never, gone) == Order{declared});
    gone.gone = discovery;
    CHECK(source_order(Discovery::first, gone) == Order{declared, discovery});
}
