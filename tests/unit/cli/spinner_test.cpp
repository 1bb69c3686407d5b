#include "cli/spinner.hpp"

#include <catch2/catch.hpp>

#include <condition_variable>
#include <mutex>
#include <string>

namespace handover::cli {
namespace {

// Keeps what was written; lets a test wait for a spinner's frame.
struct Screen {
    std::mutex mutex = {};
    std::condition_variable changed = {};
    std::string text = {};

    void write(std::string_view bytes) {
        const std::lock_guard lock(mutex);
        text += bytes;
        changed.notify_all();
    }
    void wait_for_any() {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return !text.empty(); });
    }
};

}  // namespace

TEST_CASE("away from a terminal there is no spinner, only what is said") {
    Screen screen;
    Spinner spinner([&](std::string_view bytes) { screen.write(bytes); }, false);
    spinner.say("waiting");
    spinner.stop();
    CHECK(screen.text == "waiting\n");
}

TEST_CASE("on a terminal it spins, and leaves a clean line") {
    Screen screen;
    Spinner spinner([&](std::string_view bytes) { screen.write(bytes); }, true);
    screen.wait_for_any();
    spinner.say("waiting");
    spinner.stop();
    const auto size = screen.text.size();
    CHECK_THAT(screen.text, Catch::Contains("\r\033[Kwaiting\n"));
    CHECK_THAT(screen.text, Catch::EndsWith("\r\033[K"));
    spinner.stop();
    CHECK(screen.text.size() == size);
}

}  // namespace handover::cli
