#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>

#include "config/config.hpp"
#include "config/url.hpp"

using namespace handover;

namespace {

std::string file_text(const std::string& path) {
    std::ifstream file(SOURCE_FOLDER + std::string("/") + path, std::ios::binary);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("the compiled-in files are the files") {
    CHECK(config::presets_text() == file_text("config/presets.toml"));
    CHECK(config::annotated_default() == file_text("config/handover.toml"));
}

TEST_CASE("every preset parses, and the file holds nothing else") {
    const auto whole =
        config::parse_toml(config::presets_text(), "presets.toml", Errc::config_invalid);
    REQUIRE(whole);
    const auto names = config::preset_names();
    CHECK(names.size() == whole->members.size());
    for (const auto& name : names) {
        DYNAMIC_SECTION(name) {
            CHECK(whole->find(name) != nullptr);
            const auto preset = config::find_preset(name);
            REQUIRE(preset);
            REQUIRE(preset->has_value());
            CHECK((*preset)->plugin == "openai");
            CHECK((*preset)->description.has_value());
            REQUIRE((*preset)->base_url.has_value());
            CHECK(((*preset)->base_url->empty() ? (*preset)->base_url_example.has_value()
                                                : config::url_fault(*(*preset)->base_url).empty()));
            CHECK((*preset)->auth.count("api-key") == 1);
            // Cut out and alone, it says what it says in the whole file.
            const auto& table = std::get<config::Table>(whole->find(name)->data);
            CHECK((*preset)->source.members.size() == table.members.size());
        }
    }
}

TEST_CASE("a name that is no preset") {
    for (const std::string name : {"", "nope", "groq.auth", "auth", "gro", "[groq"}) {
        const auto preset = config::find_preset(name);
        REQUIRE(preset);
        CHECK_FALSE(preset->has_value());
    }
}
