#include <catch2/catch.hpp>

#include <filesystem>
#include <regex>

#include "document.hpp"

namespace handover::cli {

TEST_CASE("docs/architecture.md names files that exist") {
    const std::filesystem::path tree = std::filesystem::path(HANDOVER_DOCS).parent_path();
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tree / "host"))
        names.insert(entry.path().filename());
    const std::regex file_name("`([a-z_0-9/]+\\.[ch]pp)`");
    int seen = 0;
    for (const auto& [heading, section] : read_document("architecture.md")) {
        for (std::sregex_iterator found(section.text.begin(), section.text.end(), file_name), end;
             found != end;
             ++found) {
            const std::filesystem::path named = (*found)[1].str();
            CAPTURE(named);
            const bool whole_path = named.native().starts_with("host/");
            CHECK((whole_path ? std::filesystem::exists(tree / named)
                              : names.contains(named.filename())));
            ++seen;
        }
    }
    CHECK(seen > 30);
}

}  // namespace handover::cli
