#include <catch2/catch.hpp>

#include <filesystem>
#include <string_view>
#include <vector>

#include "document.hpp"

namespace handover::cli {

namespace {

// What stands between backticks and ends as a source file does.
std::vector<std::filesystem::path> named_files(const std::string& text) {
    constexpr std::string_view characters = "abcdefghijklmnopqrstuvwxyz_0123456789/.";
    std::vector<std::filesystem::path> files;
    for (auto begin = text.find('`'); begin != std::string::npos; begin = text.find('`', begin)) {
        const auto end = text.find('`', ++begin);
        if (end == std::string::npos) return files;
        const auto quoted = text.substr(begin, end - begin);
        const bool source = quoted.ends_with(".cpp") || quoted.ends_with(".hpp");
        const bool plain = quoted.find_first_not_of(characters) == std::string::npos;
        if (source && plain) files.emplace_back(quoted);
        begin = end + 1;
    }
    return files;
}

}  // namespace

TEST_CASE("docs/architecture.md names files that exist") {
    const std::filesystem::path tree = std::filesystem::path(HANDOVER_DOCS).parent_path();
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(tree / "host"))
        names.insert(entry.path().filename());
    int seen = 0;
    for (const auto& [heading, section] : read_document("architecture.md")) {
        for (const auto& named : named_files(section.text)) {
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
