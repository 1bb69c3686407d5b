#include "cli/spinner.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace handover::cli {
namespace {

constexpr std::string_view clear_line = "\r\033[K";
constexpr std::array<std::string_view, 4> frames = {"|", "/", "-", "\\"};
constexpr std::chrono::milliseconds frame_time(120);

}  // namespace

Spinner::Spinner(std::function<void(std::string_view)> err, bool terminal)
    : err_(std::move(err)), terminal_(terminal) {
    if (terminal_) thread_ = std::jthread([this](const std::stop_token& stop) { spin(stop); });
}

Spinner::~Spinner() {
    stop();
}

void Spinner::spin(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    for (std::size_t frame = 0; !stop.stop_requested(); frame = (frame + 1) % frames.size()) {
        (void)wake_.wait_for(lock, stop, frame_time, [] { return false; });
        if (stop.stop_requested()) return;
        err_(std::string(clear_line) + std::string(frames.at(frame)));
    }
}

void Spinner::say(std::string_view line) {
    const std::lock_guard lock(mutex_);
    err_((terminal_ ? std::string(clear_line) : std::string()) + std::string(line) + "\n");
}

void Spinner::stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    err_(clear_line);
}

}  // namespace handover::cli
