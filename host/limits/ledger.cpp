#include "limits/ledger.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <utility>

#include "text/printable.hpp"

namespace handover::limits {
namespace {

namespace json = boost::json;

constexpr auto forgotten_after = std::chrono::hours(24);
constexpr std::size_t most_windows = 32;

json::value time_value(const std::optional<Time>& time) {
    return time ? json::value(text::format_rfc3339(*time)) : json::value(nullptr);
}

template <typename T>
json::value number_value(const std::optional<T>& number) {
    return number ? json::value(*number) : json::value(nullptr);
}

json::object print_window(const Window& window) {
    return {{"name", window.name},
            {"used_percent", number_value(window.used_percent)},
            {"limit", number_value(window.limit)},
            {"remaining", number_value(window.remaining)},
            {"window_seconds",
             window.length ? json::value(window.length->count()) : json::value(nullptr)},
            {"resets_at", time_value(window.resets_at)},
            {"source", window.source == FactSource::header ? "header" : "error"},
            {"observed_at", text::format_rfc3339(window.observed_at)}};
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    return member != nullptr && member->is_string() ? std::string(member->get_string())
                                                    : std::string();
}

std::optional<Time> time_of(const json::object& object, std::string_view name) {
    return text::parse_rfc3339(text_of(object, name));
}

std::optional<std::int64_t> integer_of(const json::object& object, std::string_view name) {
    const auto* member = object.if_contains(name);
    if (member == nullptr || !member->is_int64()) return std::nullopt;
    return member->get_int64();
}

std::optional<double> percent_of(const json::object& object, std::string_view name) {
    constexpr double whole = 100;
    const auto* member = object.if_contains(name);
    if (member == nullptr || !member->is_number()) return std::nullopt;
    json::error_code error;
    const auto number = member->to_number<double>(error);
    return !error && number >= 0 && number <= whole ? std::optional(number) : std::nullopt;
}

std::optional<std::chrono::seconds> length_of(const json::object& object) {
    constexpr std::int64_t longest = 10LL * 366 * 24 * 3600;  // more would overflow in milliseconds
    const auto seconds = integer_of(object, "window_seconds");
    if (!seconds || *seconds <= 0 || *seconds > longest) return std::nullopt;
    return std::chrono::seconds(*seconds);
}

std::optional<Window> parse_window(const json::value& value) {
    const auto* object = value.if_object();
    if (object == nullptr) return std::nullopt;
    const auto observed_at = time_of(*object, "observed_at");
    const auto seconds = length_of(*object);
    Window window{
        .name = text_of(*object, "name"),
        .used_percent = percent_of(*object, "used_percent"),
        .limit = integer_of(*object, "limit"),
        .remaining = integer_of(*object, "remaining"),
        .length = seconds,
        .resets_at = time_of(*object, "resets_at"),
        .source = text_of(*object, "source") == "error" ? FactSource::error : FactSource::header,
        .observed_at = observed_at.value_or(Time())};
    if (window.name.empty() || !observed_at) return std::nullopt;
    return window;
}

std::optional<Blocked> parse_blocked(const json::object& object) {
    const auto since = time_of(object, "since");
    const auto probe_at = time_of(object, "probe_at");
    if (!since || !probe_at) return std::nullopt;
    return Blocked{.until = time_of(object, "until"),
                   .reason = text_of(object, "reason"),
                   .since = *since,
                   .probe_at = *probe_at,
                   .generation = static_cast<std::uint64_t>(
                       std::max<std::int64_t>(integer_of(object, "generation").value_or(0), 0))};
}

std::string in_time(Time then, Time now) {
    return "in " + text::describe_duration(std::chrono::duration_cast<Milliseconds>(then - now));
}

}  // namespace

Decision admit(const Ledger& ledger, std::uint64_t generation, Time now) {
    if (!ledger.blocked || ledger.blocked->generation != generation)
        return {.admission = Admission::go, .next = ledger};
    const auto& blocked = *ledger.blocked;
    if (blocked.until && now >= *blocked.until) return {.admission = Admission::go, .next = ledger};
    if (now < blocked.probe_at) return {.admission = Admission::refuse, .next = ledger};
    Decision decision{.admission = Admission::probe, .next = ledger};
    decision.next.blocked->probe_at = now + probe_interval;
    return decision;
}

Ledger block(Ledger ledger,
             std::optional<Time> until,
             const std::string& reason,
             std::uint64_t generation,
             Time now) {
    ledger.blocked = Blocked{.until = until,
                             .reason = text::printable(reason),
                             .since = now,
                             .probe_at = now + probe_interval,
                             .generation = generation};
    return ledger;
}

Ledger unblock(Ledger ledger) {
    ledger.blocked.reset();
    return ledger;
}

Ledger observe(Ledger ledger, const std::vector<Window>& windows, Time now) {
    std::erase_if(ledger.windows, [&](const Window& known) {
        const bool replaced = std::any_of(windows.begin(), windows.end(), [&](const Window& fresh) {
            return fresh.name == known.name;
        });
        return replaced || (known.resets_at && *known.resets_at + forgotten_after < now);
    });
    for (const auto& window : windows) {
        if (ledger.windows.size() < most_windows) ledger.windows.push_back(window);
    }
    return ledger;
}

std::string print_ledger(const Ledger& ledger) {
    json::array windows;
    for (const auto& window : ledger.windows) windows.push_back(print_window(window));
    json::value blocked = nullptr;
    if (ledger.blocked) {
        blocked = json::object{{"until", time_value(ledger.blocked->until)},
                               {"reason", ledger.blocked->reason},
                               {"since", text::format_rfc3339(ledger.blocked->since)},
                               {"probe_at", text::format_rfc3339(ledger.blocked->probe_at)},
                               {"generation", ledger.blocked->generation}};
    }
    return json::serialize(json::object{
        {"version", 1}, {"windows", std::move(windows)}, {"blocked", std::move(blocked)}});
}

std::optional<Ledger> parse_ledger(std::string_view text) {
    json::error_code error;
    const auto parsed = json::parse(json::string_view(text.data(), text.size()), error);
    if (error || !parsed.is_object()) return std::nullopt;
    const auto& object = parsed.get_object();
    const auto* windows = object.if_contains("windows");
    if (windows == nullptr || !windows->is_array()) return std::nullopt;
    Ledger ledger;
    for (const auto& value : windows->get_array()) {
        if (auto window = parse_window(value)) ledger.windows.push_back(std::move(*window));
    }
    if (const auto* blocked = object.if_contains("blocked");
        blocked != nullptr && blocked->is_object()) {
        ledger.blocked = parse_blocked(blocked->get_object());
    }
    return ledger;
}

std::string describe(const Window& window, Time now) {
    auto text = window.name;
    if (window.used_percent) {
        text += fmt::format(" {:.0f} % used", *window.used_percent);
    } else if (window.remaining && window.limit) {
        text += fmt::format(" {} of {} left", *window.remaining, *window.limit);
    } else if (window.remaining) {
        text += fmt::format(" {} left", *window.remaining);
    }
    if (window.length) text += " of " + text::describe_duration(*window.length);
    if (window.resets_at) {
        text += *window.resets_at <= now ? ", has been reset since"
                                         : ", resets " + in_time(*window.resets_at, now);
    }
    return text;
}

std::string describe(const Blocked& blocked, Time now) {
    if (!blocked.until) return "blocked, without a time given";
    if (*blocked.until <= now) return "was blocked until " + text::format_rfc3339(*blocked.until);
    return fmt::format("blocked until {} ({})",
                       text::format_rfc3339(*blocked.until),
                       in_time(*blocked.until, now));
}

}  // namespace handover::limits
