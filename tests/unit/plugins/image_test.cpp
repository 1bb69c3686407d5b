#include "plugins/image.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cerrno>

#include "files.hpp"

using namespace handover;
using namespace handover::plugins;
using namespace handover::plugins::testing;

namespace {

platform::Descriptor open_file(const std::filesystem::path& file) {
    return platform::Descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC));
}

std::string bytes_of(const Image& image) {
    return read("/proc/self/fd/" + std::to_string(image.descriptor()));
}

}  // namespace

TEST_CASE("an image is the file's bytes, sealed") {
    const Folder folder;
    const auto file = write(folder.path() / "x.so", "abc");
    const auto image = Image::copy(open_file(file).get(), "x.so");
    REQUIRE(image);
    write(file, "something else");
    CHECK(bytes_of(*image) == "abc");
    CHECK(::write(image->descriptor(), "x", 1) == -1);
    CHECK(ftruncate(image->descriptor(), 0) == -1);
    CHECK((fcntl(image->descriptor(), F_GETFD) & FD_CLOEXEC) != 0);
    // FIPS 180-4: SHA-256 of "abc".
    CHECK(image->sha256() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_CASE("where memory cannot execute, a private copy named by its hash is used") {
    const Folder folder;
    const auto file = write(folder.path() / "x.so", "abc");
    const auto image = Image::copy(open_file(file).get(), "x.so");
    REQUIRE(image);
    const auto copies = folder.path() / "cache" / "plugins";
    const auto copy = image->executable_copy(copies);
    REQUIRE(copy);
    CHECK(*copy == copies / "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.so");
    CHECK(read(*copy) == "abc");
    struct stat first = {};
    REQUIRE(stat(copy->c_str(), &first) == 0);
    CHECK((first.st_mode & 07777U) == 0500);

    SECTION("a good copy is used again") {
        struct stat second = {};
        REQUIRE(image->executable_copy(copies));
        REQUIRE(stat(copy->c_str(), &second) == 0);
        CHECK(second.st_ino == first.st_ino);
    }
    SECTION("a copy with other bytes is replaced") {
        std::filesystem::remove(*copy);
        write(*copy, "evil");
        REQUIRE(chmod(copy->c_str(), 0500) == 0);
        REQUIRE(image->executable_copy(copies));
        CHECK(read(*copy) == "abc");
    }
    SECTION("a copy others could have changed is replaced") {
        REQUIRE(chmod(copy->c_str(), 0757) == 0);
        REQUIRE(image->executable_copy(copies));
        struct stat second = {};
        REQUIRE(stat(copy->c_str(), &second) == 0);
        CHECK((second.st_mode & 07777U) == 0500);
    }
}
