// The extension "handover.limits/1": asked for once after loading, its answers checked like any
// other.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>

#include "log/log.hpp"
#include "plugins/loaded.hpp"
#include "text/printable.hpp"

namespace handover::plugins {
namespace {

constexpr std::size_t most_windows = 32;
constexpr std::size_t longest_name = 64;
constexpr std::int64_t longest_window = 10LL * 366 * 24 * 3600;  // seconds
constexpr std::int64_t year_2200 = 7'258'118'400;  // later is a mistake, and overflows the clock

std::optional<std::int64_t> known(std::int64_t number) {
    return number >= 0 ? std::optional(number) : std::nullopt;
}

// Services tell a little more than 100 when a window was overdrawn.
std::optional<double> percent(double number) {
    constexpr double whole = 100;
    if (!std::isfinite(number) || number < 0) return std::nullopt;
    return std::min(number, whole);
}

std::optional<LimitWindow> checked(const handover_limit_window* given) {
    if (given == nullptr || !HANDOVER_HAS(given, resets_at)) return std::nullopt;
    if (given->name.size == 0 || given->name.size > longest_name || given->name.data == nullptr)
        return std::nullopt;
    LimitWindow window{.name = text::printable({given->name.data, given->name.size}, longest_name),
                       .used_percent = percent(given->used_percent),
                       .limit = known(given->limit),
                       .remaining = known(given->remaining)};
    if (given->window_seconds > 0 && given->window_seconds <= longest_window)
        window.length = std::chrono::seconds(given->window_seconds);
    if (given->resets_at > 0 && given->resets_at < year_2200)
        window.resets_at = Time(std::chrono::seconds(given->resets_at));
    return window;
}

void add_window(void* context, const handover_limit_window* given) noexcept {
    auto& windows = *static_cast<std::vector<LimitWindow>*>(context);
    try {
        auto window = checked(given);
        if (!window) return;
        std::erase_if(windows, [&](const auto& other) { return other.name == window->name; });
        if (windows.size() < most_windows) windows.push_back(*std::move(window));
    } catch (const std::exception&) {  // the ABI's edge: a window for which there is no memory
    }
}

}  // namespace

const handover_limits* find_limits_extension(const handover_plugin& plugin, const std::string& id) {
    const auto* answer = ask_for_extension(plugin, id, HANDOVER_EXT_LIMITS);
    const auto* limits = static_cast<const handover_limits*>(answer);
    if (limits == nullptr) return nullptr;
    if (HANDOVER_HAS(limits, read) && limits->read != nullptr) return limits;
    log::warning("plugins",
                 "the plugin " + id +
                     " offers " HANDOVER_EXT_LIMITS " without its function; it is not used");
    return nullptr;
}

std::vector<LimitWindow> read_windows(const handover_limits& limits,
                                      const handover_instance* instance,
                                      const std::vector<http::Header>& headers,
                                      Time now) {
    std::vector<handover_pair> pairs;
    pairs.reserve(headers.size());
    for (const auto& header : headers)
        pairs.push_back(
            {{header.name.data(), header.name.size()}, {header.value.data(), header.value.size()}});
    std::vector<LimitWindow> windows;
    const handover_limits_output output = {.size = sizeof(handover_limits_output),
                                           .reserved = 0,
                                           .context = &windows,
                                           .add_window = add_window};
    const auto seconds =
        std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
    try {
        limits.read(instance, pairs.data(), pairs.size(), seconds, &output);
    } catch (...) {  // the ABI's edge: what was said before it counts
    }
    return windows;
}

}  // namespace handover::plugins
