#include "cli/qr_code.hpp"

#include <catch2/catch.hpp>

using namespace handover::cli;

TEST_CASE("a QR code takes the room it needs, and a quiet zone of two") {
    // Two dark modules on the diagonal of a square of two: six with the quiet zone, three lines.
    const Modules modules = {.width = 2, .dark = {true, false, false, true}};
    const std::string begin = "\x1b[30;107m";
    const std::string end = "\x1b[0m\n";
    const auto line = [&](const std::string& middle) { return begin + "  " + middle + "  " + end; };
    const auto expected = line("  ") + line("\u2580\u2584") + line("  ");
    CHECK(draw(modules, {.columns = 6, .rows = 5}) == expected);
    CHECK_FALSE(draw(modules, {.columns = 5, .rows = 5}));
    CHECK_FALSE(draw(modules, {.columns = 6, .rows = 4}));
    // An odd size: the last line's lower half is light.
    const Modules one = {.width = 1, .dark = {true}};
    const auto odd = draw(one, {.columns = 80, .rows = 24});
    REQUIRE(odd);
    CHECK(*odd == begin + "     " + end + begin + "  \u2580  " + end + begin + "     " + end);
}

TEST_CASE("libqrencode's code has the three finder patterns") {
    const auto modules = qr_modules("https://auth.example/device?user_code=WDJB-MJHT");
    REQUIRE(modules);
    REQUIRE(modules->dark.size() == modules->width * modules->width);
    const auto last = modules->width - 1;
    const auto dark = [&](std::size_t row, std::size_t column) {
        return static_cast<bool>(modules->dark[row * modules->width + column]);
    };
    for (std::size_t at = 0; at < 7; ++at) {
        CHECK(dark(0, at));
        CHECK(dark(at, last));
        CHECK(dark(last, at));
    }
    CHECK_FALSE(dark(7, 0));
    CHECK_FALSE(dark(1, 1));
    CHECK_FALSE(qr_modules(std::string(10'000, 'x')));
}
