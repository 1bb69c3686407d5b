#include "log/log.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include "log/events.hpp"
#include "secret/secret.hpp"
#include "text/printable.hpp"
#include "text/time.hpp"

namespace handover::log {
namespace {

constexpr std::size_t longest_message = 4000;
constexpr std::size_t longest_value = 500;
constexpr std::array<std::string_view, 4> level_names = {"error", "warning", "info", "debug"};

std::atomic<Level> most_written = Level::warning;
std::atomic<Format> chosen_format = Format::text;
std::atomic<bool> events_said = false;

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

std::string clean_value(const Field& field) {
    if (field.kind != Field::Kind::outside) return field.value;
    return text::printable(redact(field.value), longest_value);
}

void append_member(std::string& line, const Field& field) {
    const auto value = clean_value(field);
    line.append(",\"").append(field.name).append("\":");
    line += field.kind == Field::Kind::own_number ? value : json_string(value);
}

void append_fact(std::string& line, const Field& field) {
    const auto value = clean_value(field);
    const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string::npos;
    line.append(" ").append(field.name).append("=") += plain ? value : json_string(value);
}

void write_line(Level level,
                std::string_view area,
                std::string_view message,
                std::span<const Field> fields) {
    const auto name = level_names.at(static_cast<std::size_t>(level));
    std::string line;
    if (chosen_format.load(std::memory_order_relaxed) == Format::json) {
        line = fmt::format(R"({{"time":"{}","level":"{}","area":{},"message":{})",
                           text::format_rfc3339(std::chrono::system_clock::now()),
                           name,
                           json_string(area),
                           json_string(message));
        for (const auto& field : fields) append_member(line, field);
        line += "}\n";
    } else {
        line = fmt::format("{}: {}: {}", name, area, message);
        for (const auto& field : fields) append_fact(line, field);
        line += '\n';
    }
    say(line);
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
    write_line(level, area, text::printable(redact(message), longest_message), {});
}

void say_events() {
    events_said = enabled(Level::warning);
}

bool says_events() {
    return events_said.load(std::memory_order_relaxed) || enabled(Level::info);
}

void write_event(Level level,
                 std::string_view area,
                 std::string_view message,
                 std::span<const Field> fields) {
    if (says_events() || enabled(level)) write_line(level, area, message, fields);
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
