#include "gateway/gateway_keys.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include "platform/files.hpp"

namespace handover::gateway {
namespace {

const Time now = Time(std::chrono::seconds(1'763'856'000));

class Folder {
public:
    Folder() {
        std::string name =
            (std::filesystem::temp_directory_path() / "handover-keys-XXXXXX").string();
        path = mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& text, mode_t mode = 0600) const {
        const auto file = path / "gateway-keys.json";
        std::ofstream(file) << text;
        chmod(file.c_str(), mode);
    }

    std::filesystem::path path;
};

}  // namespace

TEST_CASE("a new key is long, marked, and never the same") {
    std::set<std::string, std::less<>> seen;
    for (int i = 0; i < 100; ++i) {
        const auto made = make_gateway_key();
        CHECK(made.reveal().starts_with("hok_"));
        CHECK(made.reveal().size() == 4 + 43);
        CHECK(seen.insert(std::string(made.reveal())).second);
    }
}

TEST_CASE("the file of keys, there and back") {
    const std::vector<GatewayKey> keys = {
        {.name = "default", .key = make_gateway_key(), .created_at = "2026-11-22T17:00:00Z"},
        {.name = "laptop-2", .key = make_gateway_key(), .created_at = {}}};
    const auto read = parse_gateway_keys(format_gateway_keys(keys));
    REQUIRE(read);
    REQUIRE(read->size() == 2);
    for (std::size_t i = 0; i < keys.size(); ++i) {
        CHECK((*read)[i].name == keys[i].name);
        CHECK((*read)[i].key == keys[i].key);
        CHECK((*read)[i].created_at == keys[i].created_at);
    }
}

TEST_CASE("a file that does not hold keys says why, and no key") {
    struct Case {
        const char* name;
        const char* text;
        const char* says;
    };
    const Case cases[] = {
        {"nothing", "", "not JSON"},
        {"half", R"({"keys": [)", "not JSON"},
        {"an array", "[]", "no array"},
        {"keys of another type", R"({"keys": {}})", "no array"},
        {"a key that is text", R"({"keys": ["hok_sandbox-0000000000000000000"]})", "no object"},
        {"no name", R"({"keys": [{"key": "hok_sandbox-0000000000000000000"}]})", "no name"},
        {"a name with a space",
         R"({"keys": [{"name": "a b", "key": "hok_sandbox-0000000000000000000"}]})",
         "no name"},
        {"another prefix",
         R"({"keys": [{"name": "a", "key": "sk_sandbox-000000000000000000000"}]})",
         "hok_"},
        {"too short",
         R"({"keys": [{"name": "a", "key": "hok_sandbox-00000000000"}]})",
         "too short"},
        {"a space in the key",
         R"({"keys": [{"name": "a", "key": "hok_sandbox- 000000000000000000"}]})",
         "hok_"},
        {"a name twice",
         R"({"keys": [{"name": "a", "key": "hok_sandbox-0000000000000000000"}, {"name": "a", "key": "hok_sandbox-0000000000000000001"}]})",
         "two keys"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto read = parse_gateway_keys(c.text);
            REQUIRE(!read);
            CHECK(read.error().code == Errc::store_corrupt);
            CHECK(read.error().reason.find(c.says) != std::string::npos);
            CHECK(read.error().reason.find("sandbox-") == std::string::npos);
        }
    }
    CHECK(parse_gateway_keys(R"({"keys": [{"name": "a", "key": "hok_sandbox-000000000000"}]})"));
}

TEST_CASE("the first key is made once, and is the user's alone") {
    const Folder folder;
    std::vector<std::string> made(8);
    {
        std::vector<std::jthread> threads;
        for (auto& mine : made) {
            threads.emplace_back([&] {
                const auto keys = GatewayKeyFile(folder.path).read_or_make(now);
                if (keys && keys->size() == 1) mine = keys->front().key.reveal();
            });
        }
    }
    CHECK(!made.front().empty());
    for (const auto& one : made) CHECK(one == made.front());
    struct stat status = {};
    REQUIRE(stat((folder.path / "gateway-keys.json").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("keys come and go, several are valid at once") {
    const Folder folder;
    GatewayKeyFile file(folder.path);
    REQUIRE(file.read_or_make(now));
    const auto before = file.version();
    const auto laptop = file.add("laptop", now);
    REQUIRE(laptop);
    CHECK(file.version() != before);
    auto keys = file.read();
    REQUIRE(keys);
    REQUIRE(keys->size() == 2);
    CHECK(find_key(*keys, laptop->key.reveal())->name == "laptop");
    CHECK(find_key(*keys, keys->front().key.reveal())->name == "default");
    CHECK(find_key(*keys, "") == nullptr);

    const auto again = file.add("laptop", now);
    REQUIRE(again);
    keys = file.read();
    REQUIRE(keys);
    CHECK(keys->size() == 2);
    CHECK(find_key(*keys, laptop->key.reveal()) == nullptr);
    CHECK(find_key(*keys, again->key.reveal())->name == "laptop");

    // Its place stays: the first is the one that is shown.
    REQUIRE(file.add("default", now));
    CHECK(file.read()->front().name == "default");

    CHECK(file.remove("laptop"));
    const auto gone = file.remove("laptop");
    REQUIRE(!gone);
    CHECK(gone.error().code == Errc::usage);
    CHECK(!file.add("no name", now));
}

TEST_CASE("keys that others can read are not used") {
    const Folder folder;
    folder.write(R"({"keys": [{"name": "a", "key": "hok_sandbox-0000000000000000000"}]})", 0640);
    const auto read = GatewayKeyFile(folder.path).read_or_make(now);
    REQUIRE(!read);
    CHECK(read.error().code == Errc::store_permissions);
    CHECK(read.error().fix.find("chmod 600") != std::string::npos);
}

}  // namespace handover::gateway
