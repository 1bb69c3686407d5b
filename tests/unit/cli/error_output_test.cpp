#include "cli/error_output.hpp"

#include <catch2/catch.hpp>

#include <boost/json.hpp>
#include <cstddef>
#include <set>

#include "cli/exit_status.hpp"
#include "secret/secret.hpp"

namespace handover::cli {

TEST_CASE("an error is printed in one order") {
    const Error whole = {.code = Errc::auth_timeout,
                         .message = "nobody signed in",
                         .reason = "120 s went by",
                         .fix = "handover auth login codex"};
    CHECK(error_text(whole, false) ==
          "error: nobody signed in [AUTH_TIMEOUT]\n  reason: 120 s went by\n  fix: handover auth "
          "login codex\n");
    const Error bare = {.code = Errc::usage, .message = "no", .reason = {}, .fix = {}};
    CHECK(error_text(bare, false) == "error: no [USAGE]\n");
    CHECK(error_text(bare, true) == "\033[1;31merror:\033[0m no [USAGE]\n");
}

TEST_CASE("an error as JSON is one object on one line") {
    const auto line = error_json(
        {.code = Errc::store_io, .message = "a \"quoted\" file", .reason = "full", .fix = {}});
    CHECK(line.back() == '\n');
    CHECK(line.find('\n') == line.size() - 1);
    const auto error = boost::json::parse(line).as_object().at("error").as_object();
    CHECK(error.at("code") == "STORE_IO");
    CHECK(error.at("message") == "a \"quoted\" file");
    CHECK(error.at("reason") == "full");
    CHECK(error.at("fix") == "");
}

TEST_CASE("errors carry neither secrets nor control characters") {
    const Secret token(std::string("sandbox-token-1234567"));
    const Error error = {.code = Errc::provider_rejected,
                         .message = "the provider said sandbox-token-1234567",
                         .reason = "\033]0;title\007 two\nlines",
                         .fix = "try sandbox-token-1234567"};
    for (const auto& shown : {error_text(error, false), error_json(error)}) {
        CHECK(shown.find("sandbox-token") == std::string::npos);
        CHECK(shown.find('\033') == std::string::npos);
        CHECK(shown.find("[redacted]") != std::string::npos);
        CHECK(shown.find("two lines") != std::string::npos);
    }
}

TEST_CASE("every code has the exit status of its family") {
    const auto expected = [](std::string_view name) {
        if (name == "INTERNAL") return 1;
        if (name == "USAGE" || name == "BATCH_INPUT_INVALID") return 2;
        if (name.starts_with("CONFIG_") || name == "PROVIDER_UNKNOWN") return 3;
        if (name.starts_with("AUTH_") || name.starts_with("STORE_")) return 4;
        if (name.starts_with("PROVIDER_")) return 5;
        return name.starts_with("PLUGIN_") ? 6 : -1;
    };
    std::set<int> seen;
    for (std::size_t index = 0; index < errc_names.size(); ++index) {
        CAPTURE(errc_names.at(index));
        const auto status = exit_status(static_cast<Errc>(index));
        CHECK(status == expected(errc_names.at(index)));
        seen.insert(status);
    }
    CHECK(seen == std::set<int>{1, 2, 3, 4, 5, 6});
}

}  // namespace handover::cli
