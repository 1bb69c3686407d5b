#include "log/log.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include "secret/secret.hpp"
#include "text/printable.hpp"
#include "text/time.hpp"

namespace handover::log {
namespace {

constexpr std::size_t longest_message = 4000;
constexpr std::array<std::string_view, 4> level_names = {"error", "warning", "info", "debug"};

std::atomic<Level> most_written = Level::warning;
std::atomic<Format> chosen_format = Format::text;

std::function<void(std::string_view)>& diverted() {
    static std::function<void(std::string_view)> sink;
    return sink;
}

// JSON needs only the quote and the backslash escaped: printable() left no control characters.
std::string json_string(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    out.push_back('"');
    return out;
}

}  // namespace

void configure(Level most, Format format) {
    most_written = most;
    chosen_format = format;
}

bool enabled(Level level) {
    return level <= most_written.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view area, std::string_view message) {
    if (!enabled(level)) return;
    const auto name = level_names.at(static_cast<std::size_t>(level));
    const auto clean = text::printable(redact(message), longest_message);
    std::string line;
    if (chosen_format.load(std::memory_order_relaxed) == Format::json) {
        line = fmt::format(R"({{"time":"{}","level":"{}","area":{},"message":{}}})"
                           "\n",
                           text::format_rfc3339(std::chrono::system_clock::now()),
                           name,
                           json_string(area),
                           json_string(clean));
    } else {
        line = fmt::format("{}: {}: {}\n", name, area, clean);
    }
    say(line);
}

Level most_talkative() {
    return most_written;
}

Format format() {
    return chosen_format;
}

void divert(std::function<void(std::string_view)> sink) {
    diverted() = std::move(sink);
}

void say(std::string_view line) {
    if (diverted()) return diverted()(line);
    // A log line that cannot be written has nowhere to be reported.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace handover::log
