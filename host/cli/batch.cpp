// `handover batch`: a file of requests in, a file of answers out; run again it goes on where it
// stopped.
#include "batch/batch.hpp"

#include <fmt/format.h>

#include <mutex>

#include "batch/progress.hpp"
#include "batch/send_line.hpp"
#include "cli/commands.hpp"
#include "cli/default_provider.hpp"
#include "cli/exit_status.hpp"
#include "cli/open_upstream.hpp"
#include "log/log.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

constexpr std::string_view clear_line = "\r\033[K";
constexpr std::chrono::milliseconds between_frames(100);

// Notices and the progress bar on one terminal; without a terminal the notices alone. Thread-safe.
class Display {
public:
    explicit Display(const Streams& streams) : streams_(streams) {}

    void show(const batch::Progress& progress) {
        if (!streams_.err_redraws) return;
        const std::lock_guard lock(mutex_);
        const auto now = std::chrono::steady_clock::now();
        const bool last = progress.done == progress.total;
        if (!last && drawn_ && now - *drawn_ < between_frames) return;
        drawn_ = now;
        const auto width = streams_.err_width ? streams_.err_width() : 80;
        // The last column stays free: some terminals wrap there.
        bar_ = batch::progress_line(progress, width > 1 ? width - 1 : width);
        streams_.err(std::string(clear_line) + bar_);
    }

    void say(std::string_view line) {
        const std::lock_guard lock(mutex_);
        const bool bar = !bar_.empty();
        streams_.err((bar ? std::string(clear_line) : std::string()) +
                     text::printable(redact(line)) + "\n" + bar_);
    }

    void end() {
        const std::lock_guard lock(mutex_);
        if (!bar_.empty()) streams_.err("\n");
        bar_.clear();
    }

private:
    const Streams& streams_;
    std::mutex mutex_;  // guards the terminal's line
    std::optional<std::chrono::steady_clock::time_point> drawn_ = {};
    std::string bar_ = {};
};

Result<void> check_options(const BatchOptions& options) {
    if (options.concurrency && *options.concurrency < 1) {
        return fail({.code = Errc::usage,
                     .message = "--concurrency must be 1 or more",
                     .reason = {},
                     .fix = "handover batch --help"});
    }
    return {};
}

// The credential is needed before the first line is read twice: a login that has ended is said at
// once.
Result<int> concurrency_of(const BatchOptions& options,
                           const OpenUpstream& upstream,
                           Services& services,
                           const Streams& streams) {
    const auto& provider = upstream.provider;
    const auto resolved =
        upstream.broker.resolve(provider.target(options.account), services.patience());
    if (!resolved) return resolved.failure();
    const auto configured =
        options.concurrency ? options.concurrency : provider.configured_concurrency;
    auto effective = auth::effective_concurrency(
        (*resolved)->method.billing, configured, provider.manifest_concurrency);
    if (!effective.note.empty()) streams.say(text::printable(effective.note));
    return effective.value;
}

std::string lines_text(std::size_t count) {
    return count == 1 ? "1 line" : fmt::format("{} lines", count);
}

void say_summary(const batch::Report& report, const BatchOptions& options, const Streams& streams) {
    auto text = fmt::format("{} of {} answered", report.done, lines_text(report.total));
    if (const auto failed = report.failed + report.failed_before; failed > 0)
        text += fmt::format(", {} of them failed", failed);
    if (report.answered_before > 0)
        text += fmt::format("; {} had been before", report.answered_before);
    if (report.cut_torn_line) text += "; a torn last line was cut off";
    streams.say(text::printable(text + ": " + options.output));
}

Error stopped_early(Error error, const batch::Report& report, bool waits) {
    const auto remaining = report.total - report.done;
    const auto again = lines_text(remaining) + (remaining == 1 ? " remains" : " remain") +
                       "; the same command goes on with them";
    const bool quota = error.code == Errc::provider_quota_exhausted;
    const auto hint = again + (quota && !waits ? " (or add --wait)" : "");
    error.fix = error.fix.empty() ? hint : error.fix + ". " + hint;
    return error;
}

Result<int> outcome(const batch::Report& report, const BatchOptions& options) {
    if (report.stopped) return fail(stopped_early(*report.stopped, report, options.wait));
    return report.failed + report.failed_before > 0 ? exit_lines_failed : exit_done;
}

}  // namespace

Result<int> run_batch(const BatchOptions& options, Services& services, const Streams& streams) {
    if (auto checked = check_options(options); !checked) return checked.failure();
    const auto name = choose_provider(options.provider, services);
    if (!name) return name.failure();
    const auto upstream = open_upstream(*name, services);
    if (!upstream) return upstream.failure();
    // A batch may outlive many tokens: no request of it waits for the next one.
    (void)upstream->broker.keep_fresh(upstream->provider.target(options.account));
    const auto concurrency = concurrency_of(options, *upstream, services, streams);
    if (!concurrency) return concurrency.failure();

    Display display(streams);
    const auto send =
        batch::make_send_line(upstream->under(options.account),
                              {.model = options.model,
                               .notice = [&](std::string_view notice) { display.say(notice); },
                               .before_send = services.outside().before_network});
    const auto report = batch::run_batch(
        {.input = options.input,
         .output = options.output,
         .concurrency = static_cast<std::size_t>(*concurrency),
         .retry_failed = options.retry_failed,
         .wait = options.wait},
        send,
        {.progress = [&](const batch::Progress& progress) { display.show(progress); },
         .notice = [&](const std::string& notice) { display.say(notice); },
         .clock = services.outside().clock},
        services.outside().stop);
    display.end();
    if (!report) return report.failure();
    say_summary(*report, options, streams);
    return outcome(*report, options);
}

}  // namespace handover::cli
