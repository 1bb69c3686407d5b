#include "batch/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "text/time.hpp"

namespace handover::batch {
namespace {

std::string figures(const Progress& progress) {
    const auto share = progress.total == 0 ? 100 : progress.done * 100 / progress.total;
    auto text = fmt::format("{:3} % {}/{}", share, progress.done, progress.total);
    if (progress.failed > 0) text += fmt::format(", {} failed", progress.failed);
    const auto seconds = static_cast<double>(progress.elapsed.count()) / 1000.0;
    if (progress.this_run == 0 || seconds <= 0) return text;
    const double rate = static_cast<double>(progress.this_run) / seconds;
    text += fmt::format(", {:.1f}/s", rate);
    if (progress.done < progress.total) {
        const auto left = static_cast<double>(progress.total - progress.done) / rate * 1000.0;
        text +=
            ", " + text::describe_duration(Milliseconds(static_cast<std::int64_t>(left))) + " left";
    }
    return text;
}

}  // namespace

std::string progress_line(const Progress& progress, std::size_t width) {
    constexpr std::size_t widest_bar = 30;
    constexpr std::size_t narrowest_bar = 5;
    constexpr std::size_t frame = 3;  // brackets and a space
    auto text = figures(progress);
    if (text.size() > width) return text.substr(0, width);
    const auto room = width - text.size();
    if (room < narrowest_bar + frame) return text;
    const auto bar = std::min(widest_bar, room - frame);
    const auto filled = progress.total == 0 ? bar : bar * progress.done / progress.total;
    return "[" + std::string(filled, '#') + std::string(bar - filled, '.') + "] " + text;
}

}  // namespace handover::batch
