#include "models/cache.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace handover;
using namespace handover::models;

namespace {

const Key key = {
    .provider = "p", .account = "default", .base_url = "https://models.example.com/v1"};

Kept some() {
    return {.models = {{.id = "a/b",
                        .display_name = "A \"B\"",
                        .owner = "o",
                        .context_window = 8192,
                        .created = text::parse_rfc3339("2026-01-01T00:00:00Z")},
                       {.id = "c"}},
            .fetched_at = *text::parse_rfc3339("2026-11-22T12:00:00Z"),
            .etag = "W/\"1\""};
}

}  // namespace

TEST_CASE("what is kept comes back as it was") {
    const auto printed = print_kept(key, some());
    CHECK(parse_kept(key, printed) == some());
    const Kept none = {.fetched_at = some().fetched_at};
    CHECK(parse_kept(key, print_kept(key, none)) == none);
    for (std::size_t cut = 0; cut < printed.size(); ++cut)
        CHECK_FALSE(parse_kept(key, printed.substr(0, cut)));
    CHECK_FALSE(parse_kept(key, printed + "x"));
}

TEST_CASE("another provider's, account's or address's list is none") {
    const auto printed = print_kept(key, some());
    for (const auto& other : {Key{"q", key.account, key.base_url},
                              Key{key.provider, "work", key.base_url},
                              Key{key.provider, key.account, "https://other.example.com/v1"}}) {
        CHECK_FALSE(parse_kept(other, printed));
    }
}

TEST_CASE("a file that somebody changed") {
    struct Case {
        const char* name;
        std::string text;
        bool usable;
    };
    const std::string head = R"({"provider":"p","account":"default","base_url":")" + key.base_url +
                             R"(","fetched_at":"2026-11-22T12:00:00Z",)";
    const Case cases[] = {
        {"no version or etag", head + R"("models":[{"id":"m"}]})", true},
        {"a model without id", head + R"("models":[{"name":"m"}]})", false},
        {"an id that would not print", head + R"("models":[{"id":"m\u001b[1m"}]})", false},
        {"a model that is no object", head + R"("models":["m"]})", false},
        {"no list", head + R"("models":{}})", false},
        {"no time",
         R"({"provider":"p","account":"default","base_url":")" + key.base_url + R"(","models":[]})",
         false},
        {"no object", "[]", false},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            CHECK(parse_kept(key, c.text).has_value() == c.usable);
        }
    }
    const auto split = parse_kept(key, head + R"("etag":"a\r\nX: y","models":[]})");
    REQUIRE(split);
    CHECK(split->etag.empty());
}

TEST_CASE("on disk, one file for each key; a damaged one is as if nothing were kept") {
    auto pattern = (std::filesystem::temp_directory_path() / "handover-models-XXXXXX").string();
    const std::filesystem::path folder = std::filesystem::path(mkdtemp(pattern.data())) / "cache";
    CHECK_FALSE(load_kept(folder, key));
    store_kept(folder, key, some());
    CHECK(load_kept(folder, key) == some());
    const Key work = {key.provider, "work", key.base_url};
    CHECK_FALSE(load_kept(folder, work));
    store_kept(folder, work, {.fetched_at = some().fetched_at});
    CHECK(load_kept(folder, key) == some());
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        std::ofstream(entry.path()) << "{";
    CHECK_FALSE(load_kept(folder, key));
    CHECK_FALSE(load_kept({}, key));
    store_kept({}, key, some());
    std::filesystem::remove_all(folder.parent_path());
}
