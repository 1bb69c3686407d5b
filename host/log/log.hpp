// The log: one line per event on stderr, as text or JSON. Every line passes redaction and loses its
// control characters here.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace handover::log {

enum class Level { error, warning, info, debug };
enum class Format { text, json };

// Set once, before the first thread starts. `most` is the most talkative level that is written (the
// default is warning).
void configure(Level most, Format format);
bool enabled(Level level);
Level most_talkative();
Format format();

// Lines go to `sink` instead of stderr, whole and already cleaned, with their line break: for a
// process whose words somebody else says. Set once, before the first thread starts.
void divert(std::function<void(std::string_view line)> sink);

// Says a line that another process diverted, as it is.
void say(std::string_view line);

// `area` is the module that speaks ("auth", "http", "plugin:codex"). Thread-safe; one write(2) per
// line.
void write(Level level, std::string_view area, std::string_view message);

// A named fact of an event that happens often: NAME=VALUE in text, a member of the object in JSON.
// What comes from outside is cleaned as every line is; looking for secrets in what is the host's
// own would cost more than the event itself.
struct Field {
    enum class Kind { outside, own_text, own_number };

    std::string_view name = {};
    std::string value = {};
    Kind kind = Kind::outside;
};

// `message` is the host's own, too.
void write_event(Level level,
                 std::string_view area,
                 std::string_view message,
                 std::span<const Field> fields);

inline void warning(std::string_view area, std::string_view message) {
    write(Level::warning, area, message);
}
inline void info(std::string_view area, std::string_view message) {
    write(Level::info, area, message);
}
inline void debug(std::string_view area, std::string_view message) {
    write(Level::debug, area, message);
}

}  // namespace handover::log
