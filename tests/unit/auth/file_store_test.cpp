#include "auth/file_store.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <thread>

#include "auth/credential_file.hpp"
#include "fake_authority.hpp"
#include "platform/files.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;
using handover::Errc;
using handover::Secret;

namespace {

const CredentialId example = {"example", "default"};

struct StoreWorld {
    TemporaryFolder folder;
    std::filesystem::path credentials = folder.path() / "credentials";
    std::filesystem::path json = credentials / "example@default.json";
    std::shared_ptr<CredentialStore> store = open_file_store({.folder = credentials});

    void put() {
        const auto lock = store->lock(example, {});
        REQUIRE(lock);
        REQUIRE(
            store->store_if_unchanged(**lock, login(at(10)), store->generation(example), nullptr));
    }
    Errc load_error() {
        const auto loaded = store->load(example);
        REQUIRE_FALSE(loaded);
        return loaded.error().code;
    }
};

void write(const std::filesystem::path& file, const std::string& text) {
    REQUIRE(handover::platform::replace_file(file, text));
}

}  // namespace

TEST_CASE("what is stored comes back; folder and file are private") {
    StoreWorld world;
    CHECK_FALSE(world.store->load(example).value());
    CHECK(world.store->list()->empty());
    world.put();
    CHECK(world.store->load(example).value()->access_token == Secret("sandbox-access-0"));
    CHECK(world.store->list().value() == std::vector<CredentialId>{example});
    struct stat status = {};
    REQUIRE(stat(world.json.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
    REQUIRE(stat(world.credentials.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("a file others can read is refused with the chmod that mends it") {
    StoreWorld world;
    world.put();
    for (const mode_t mode : {0640, 0604, 0620, 0601}) {
        REQUIRE(chmod(world.json.c_str(), mode) == 0);
        const auto loaded = world.store->load(example);
        REQUIRE_FALSE(loaded);
        CHECK(loaded.error().code == Errc::store_permissions);
        CHECK(loaded.error().fix == "chmod 600 '" + world.json.string() + "'");
    }
    REQUIRE(chmod(world.json.c_str(), 0400) == 0);
    CHECK(world.store->load(example));
}

TEST_CASE("links, folders and pipes are no credentials") {
    StoreWorld world;
    world.put();
    const auto other = world.folder.path() / "other";
    SECTION("hard link") {
        REQUIRE(link(world.json.c_str(), other.c_str()) == 0);
        CHECK(world.load_error() == Errc::store_permissions);
    }
    SECTION("symbolic link") {
        std::filesystem::rename(world.json, other);
        std::filesystem::create_symlink(other, world.json);
        CHECK(world.load_error() == Errc::store_permissions);
    }
    SECTION("pipe") {
        std::filesystem::remove(world.json);
        REQUIRE(mkfifo(world.json.c_str(), 0600) == 0);
        CHECK(world.load_error() == Errc::store_permissions);
    }
    SECTION("too long") {
        write(world.json, std::string(longest_credential_file + 1, ' '));
        CHECK(world.load_error() == Errc::store_io);
    }
    SECTION("another user's") {
        if (geteuid() != 0) return;
        REQUIRE(chown(world.json.c_str(), 12345, 12345) == 0);
        CHECK(world.load_error() == Errc::store_permissions);
    }
    SECTION("a folder that others can write to") {
        REQUIRE(chmod(world.credentials.c_str(), 0777) == 0);
        world.store = open_file_store({.folder = world.credentials});
        CHECK(world.load_error() == Errc::store_permissions);
    }
}

TEST_CASE("a damaged file is set aside, whole") {
    StoreWorld world;
    world.put();
    write(world.json, "{torn");
    CHECK(world.load_error() == Errc::store_corrupt);
    CHECK_FALSE(world.store->load(example).value());
    int aside = 0;
    for (const auto& entry : std::filesystem::directory_iterator(world.credentials)) {
        if (entry.path().string().find("example@default.json.corrupt-") == std::string::npos)
            continue;
        ++aside;
        CHECK(handover::platform::read_file(entry.path()).value() == "{torn");
    }
    CHECK(aside == 1);
    CHECK(world.store->list()->empty());
}

TEST_CASE("the generation only rises and outlives the credential") {
    StoreWorld world;
    CHECK(world.store->generation(example) == 0);
    CHECK(world.store->raise_generation(example, 5).value() == 5);
    CHECK(world.store->raise_generation(example, 3).value() == 5);
    world.put();
    const auto lock = world.store->lock(example, {});
    REQUIRE(lock);
    CHECK(world.store->remove(**lock, example).value());
    CHECK(world.store->generation(example) == 5);
    CHECK(world.store->store_if_unchanged(**lock, login(at(1)), 4, nullptr).value() ==
          Stored::generation_moved);
    CHECK_FALSE(world.store->load(example).value());
}

TEST_CASE("the lock excludes others until it goes") {
    StoreWorld world;
    auto first = world.store->lock(example, {});
    REQUIRE(first);
    const auto soon = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
    CHECK(world.store->lock(example, {.deadline = soon}).error().code == Errc::auth_timeout);
    std::stop_source stop;
    std::thread waiter([&] {
        const auto lock = world.store->lock(example, {.stop = stop.get_token()});
        CHECK(lock.error().code == Errc::auth_cancelled);
    });
    stop.request_stop();
    waiter.join();
    std::atomic<bool> taken = false;
    std::thread next([&] { taken = world.store->lock(example, {}).has_value(); });
    first->reset();
    next.join();
    CHECK(taken);
}

TEST_CASE("journal and sidecar") {
    StoreWorld world;
    const auto lock = world.store->lock(example, {});
    REQUIRE(lock);
    CHECK_FALSE(world.store->journal(example).value());
    const Journal journal = {.fingerprint = "f", .generation = 3, .at = at(5), .resent = true};
    REQUIRE(world.store->write_journal(**lock, example, journal));
    CHECK(world.store->journal(example).value() == journal);
    REQUIRE(world.store->clear_journal(**lock, example));
    CHECK_FALSE(world.store->journal(example).value());
    const RefreshRecord record = {.fate = RefreshFate::unknown,
                                  .at = at(1),
                                  .next_try = at(6),
                                  .failures = 2,
                                  .generation = 3,
                                  .fingerprint = "f",
                                  .code = "c",
                                  .message = "m"};
    REQUIRE(world.store->write_record(**lock, example, record));
    CHECK(world.store->record(example) == record);
    write(world.credentials / "example@default.refresh", "{}");
    CHECK_FALSE(world.store->record(example));
}

TEST_CASE("a reservation that is not used leaves nothing") {
    StoreWorld world;
    const auto lock = world.store->lock(example, {});
    const auto there = world.credentials / "example@default.json-new";
    {
        const auto reservation = world.store->reserve(**lock, example);
        REQUIRE(reservation);
        CHECK(std::filesystem::file_size(there) >= 65536);
    }
    CHECK_FALSE(std::filesystem::exists(there));
}

TEST_CASE("a file mounted by itself is served, and not to be replaced") {
    StoreWorld world;
    world.put();
    const auto source = world.folder.path() / "source.json";
    std::filesystem::copy(world.json, source);
    if (mount(source.c_str(), world.json.c_str(), nullptr, MS_BIND, nullptr) != 0) {
        WARN("no right to mount: not tested here");
        return;
    }
    CHECK(world.store->load(example).value());
    {
        const auto lock = world.store->lock(example, {});
        const auto reservation = world.store->reserve(**lock, example);
        REQUIRE_FALSE(reservation);
        CHECK(reservation.error().code == Errc::store_io);
        CHECK_THAT(reservation.error().fix,
                   Catch::Matchers::Contains("mount the folder, not the file"));
    }
    CHECK(umount(world.json.c_str()) == 0);
}

TEST_CASE("a full disk is noticed before anything is spent") {
    TemporaryFolder folder;
    if (mount("none", folder.path().c_str(), "tmpfs", 0, "size=32k,mode=0700") != 0) {
        WARN("no right to mount: not tested here");
        return;
    }
    {
        const auto store = open_file_store({.folder = folder.path()});
        const auto lock = store->lock(example, {});
        REQUIRE(lock);
        const auto reservation = store->reserve(**lock, example);
        REQUIRE_FALSE(reservation);
        CHECK(reservation.error().code == Errc::store_io);
        CHECK_THAT(reservation.error().fix, Catch::Matchers::Contains("free some space"));
        CHECK(store->list()->empty());
    }
    CHECK(umount(folder.path().c_str()) == 0);
}
