#include "http/trust_roots.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "http/transfer_error.hpp"

using handover::http::find_trust_roots;
using handover::http::has_hashed_names;
using handover::http::TrustRoots;

TEST_CASE("which trust roots count") {
    ::setenv("SSL_CERT_FILE", "/from/environment.pem", 1);
    ::setenv("SSL_CERT_DIR", "/from/environment", 1);
    CHECK(find_trust_roots("/from/config.pem") == TrustRoots{.file = "/from/config.pem"});
    CHECK(find_trust_roots("") == TrustRoots{.file = "/from/environment.pem"});
    ::unsetenv("SSL_CERT_FILE");
    CHECK(find_trust_roots("") == TrustRoots{.directory = "/from/environment"});
    ::unsetenv("SSL_CERT_DIR");
    const auto roots = find_trust_roots("");
    CHECK((roots.file.empty() || roots.directory.empty()));
}

TEST_CASE("a folder of hashed names") {
    const auto folder =
        std::filesystem::temp_directory_path() / ("handover-roots-" + std::to_string(::getpid()));
    std::filesystem::create_directory(folder);
    CHECK_FALSE(has_hashed_names(folder));
    for (const auto* name :
         {"ca-certificates.crt", "9d04f354", "9d04f354.x", "9d04f35g.0", "9d04f3540.0"})
        std::ofstream(folder / name);
    CHECK_FALSE(has_hashed_names(folder));
    std::ofstream(folder / "9d04f354.0");
    CHECK(has_hashed_names(folder));
    std::filesystem::remove_all(folder);
    CHECK_FALSE(has_hashed_names(folder));
}

TEST_CASE("what is said of a failure") {
    using handover::http::Ending;
    using handover::http::FailureFacts;
    using handover::http::Fault;
    const handover::http::Target remote = {
        .scheme = "https", .host = "api.example.com", .port = 443};
    const handover::http::Target local = {
        .scheme = "http", .host = "localhost", .port = 11434, .loopback = true};
    struct Case {
        const char* name;
        FailureFacts facts;
        Fault fault;
        const char* message;
        const char* fix;
    };
    const Case cases[] = {
        {"not running",
         {.ending = Ending::refused, .target = local},
         Fault::refused,
         "nothing listens on localhost:11434: is it running?",
         "base_url"},
        {"remote",
         {.ending = Ending::refused, .target = remote},
         Fault::refused,
         "cannot connect to api.example.com",
         "network"},
        {"proxy",
         {.ending = Ending::refused, .target = remote, .proxied = true},
         Fault::refused,
         "through the proxy",
         "[http] proxy"},
        {"DNS",
         {.ending = Ending::name_unknown, .target = remote},
         Fault::name_lookup,
         "api.example.com cannot be resolved",
         "spelling"},
        {"trust",
         {.ending = Ending::untrusted, .target = remote},
         Fault::trust,
         "not trusted",
         "ca_file"},
        {"no roots",
         {.ending = Ending::bad_trust_roots, .target = remote, .trust_roots = "/x.pem"},
         Fault::trust,
         "/x.pem",
         "ca_file"},
        {"not TLS",
         {.ending = Ending::no_tls, .target = remote},
         Fault::trust,
         "no TLS connection",
         "TLS"},
        {"connect",
         {.ending = Ending::connect_timeout, .target = remote, .limit = std::chrono::seconds(10)},
         Fault::timeout,
         "within 10 s",
         "connect_timeout"},
        {"stopped", {.ending = Ending::stopped, .target = remote}, Fault::stopped, "cancelled", ""},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto failure = describe_failure(c.facts);
            CHECK(failure.fault == c.fault);
            CHECK(failure.error.code == handover::Errc::provider_unavailable);
            CHECK_THAT(failure.error.message, Catch::Contains(c.message));
            CHECK_THAT(failure.error.fix, Catch::Contains(c.fix));
        }
    }
}
