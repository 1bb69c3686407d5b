#include <handover/error.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

#include "document.hpp"

namespace handover::cli {

TEST_CASE("docs/errors.md has each code, with cause and fix, and no other") {
    const auto sections = read_document("errors.md");
    for (const auto name : errc_names) {
        CAPTURE(name);
        const auto found = sections.find(std::string(name));
        REQUIRE(found != sections.end());
        CHECK(found->second.text.starts_with("Cause: "));
        CHECK(found->second.text.find("\nFix: ") != std::string::npos);
    }
    for (const auto& [heading, section] : sections) {
        if (section.text.find("Cause: ") == std::string::npos) continue;
        CHECK(std::count(errc_names.begin(), errc_names.end(), heading) == 1);
    }
}

}  // namespace handover::cli
