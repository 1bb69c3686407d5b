#include "batch/batch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

#include "batch/in_flight.hpp"
#include "batch/input.hpp"
#include "batch/output_file.hpp"
#include "crypto/crypto.hpp"
#include "text/encoding.hpp"

namespace handover::batch {
namespace {

// So many lines in a row that were not served: the upstream is gone or overrun, and the rest would
// only fail too.
constexpr std::size_t most_unserved_in_a_row = 20;

// What an answer means for the batch as a whole.
enum class Consequence { record, wait_for_quota, stop };

Consequence consequence_of(const Answer& answer) {
    if (!answer.error) return Consequence::record;
    switch (answer.error->code) {
        case Errc::provider_rejected:
        case Errc::provider_unavailable:
            return Consequence::record;
        case Errc::provider_rate_limited:
            // A pause too long for a retry is a limit for every line.
            return answer.until ? Consequence::wait_for_quota : Consequence::record;
        case Errc::provider_quota_exhausted:
            return Consequence::wait_for_quota;
        default:
            return Consequence::stop;  // authentication, storage, config, plugin: every further
                                       // line would meet it
    }
}

std::string new_request_id() {
    return "batch_req_" + text::base64url_encode(crypto::random_bytes(15));
}

class Run {
public:
    Run(const Options& options,
        const SendLine& send,
        const Watch& watch,
        std::stop_token stop,
        WorkQueue work,
        OutputFile& output,
        InFlight& state,
        Report report)
        : options_(options),
          send_(send),
          watch_(watch),
          stop_(std::move(stop)),
          output_(output),
          state_(state),
          work_(std::move(work)),
          report_(std::move(report)) {}

    Report to_the_end() {
        {
            std::vector<std::jthread> workers;
            for (std::size_t i = 0; i < options_.concurrency; ++i) {
                workers.emplace_back([this, i] { work_on(i); });
            }
        }
        return std::move(report_);
    }

private:
    void work_on(std::size_t worker) {
        while (auto work = next_work()) {
            if (!handle(worker, *work)) return;
        }
    }

    std::optional<Work> next_work() {
        const std::lock_guard lock(mutex_);
        if (ended_ || stop_.stop_requested()) return {};
        auto work = work_.next();
        if (!work) {
            end(work.error());
            return {};
        }
        return std::move(*work);
    }

    // False: this worker is done.
    bool handle(std::size_t worker, const Work& work) {
        for (;;) {
            if (auto begun = state_.begin(worker, work.line); !begun)
                return stop_with(begun.error());
            auto answer = send_(worker, work.request, stop_);
            // A cancelled request may have been served: it stays marked, and the next run says that
            // it sends it again.
            if (answer.error && stop_.stop_requested()) return false;
            switch (consequence_of(answer)) {
                case Consequence::record:
                    return record(worker, work, std::move(answer));
                case Consequence::stop:
                    return clear(worker) && stop_with(*answer.error);
                case Consequence::wait_for_quota:
                    if (!clear(worker) || !waits_for_quota(answer)) return false;
            }
        }
    }

    // False: this worker is done.
    bool waits_for_quota(const Answer& answer) {
        if (!options_.wait || !answer.until) return stop_with(*answer.error);
        return wait_until(*answer.until);
    }

    bool record(std::size_t worker, const Work& work, Answer answer) {
        const bool failed = answer.error.has_value() || answer.status_code >= 400;
        const bool answered = answer.status_code != 0;
        const bool served = !answer.error || answer.error->code == Errc::provider_rejected;
        const auto line = format_result_line({.id = new_request_id(),
                                              .custom_id = work.request.custom_id,
                                              .status_code = answer.status_code,
                                              .request_id = std::move(answer.request_id),
                                              .body = std::move(answer.body),
                                              .error = answered ? std::nullopt : answer.error});
        if (auto appended = output_.append(line); !appended) return stop_with(appended.error());
        if (!clear(worker)) return false;
        const std::lock_guard lock(mutex_);
        ++report_.done;
        if (failed) ++report_.failed;
        ++finished_;
        unserved_ = served ? 0 : unserved_ + 1;
        tell_progress();
        if (unserved_ >= most_unserved_in_a_row) end(*answer.error);
        return !ended_;
    }

    bool clear(std::size_t worker) {
        auto cleared = state_.end(worker);
        return cleared ? true : stop_with(cleared.error());
    }

    bool stop_with(const Error& error) {
        const std::lock_guard lock(mutex_);
        end(error);
        return false;
    }

    // Requires mutex_.
    void end(const Error& error) {
        if (!ended_) report_.stopped = error;
        ended_ = true;
        changed_.notify_all();
    }

    // False if the batch ended meanwhile.
    bool wait_until(Time until) {
        if (watch_.notice) {
            watch_.notice(fmt::format("the provider is at its limit; waiting until {}",
                                      text::format_rfc3339(until)));
        }
        const auto wait = std::max<Time::duration>(until - watch_.clock(), std::chrono::seconds(1));
        std::unique_lock lock(mutex_);
        (void)changed_.wait_for(lock, stop_, wait, [this] { return ended_; });
        return !ended_ && !stop_.stop_requested();
    }

    // Requires mutex_.
    void tell_progress() {
        if (!watch_.progress) return;
        const auto elapsed = std::chrono::steady_clock::now() - started_;
        watch_.progress(
            {.total = report_.total,
             .done = report_.done,
             .failed = report_.failed,
             .this_run = finished_,
             .elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed)});
    }

    const Options& options_;
    const SendLine& send_;
    const Watch& watch_;
    const std::stop_token stop_;
    const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
    OutputFile& output_;
    InFlight& state_;

    std::mutex mutex_;  // guards everything below; spans reading the next line, never a request
    std::condition_variable_any changed_;
    WorkQueue work_;
    Report report_;
    std::size_t finished_ = 0;
    std::size_t unserved_ = 0;
    bool ended_ = false;
};

// Marks what the output already answers. An id that the input does not know: the output belongs to
// another batch.
// How many of the answers are failures.
Result<std::size_t> mark_answered(const OutputFile& output,
                                  const Options& options,
                                  LineIndex& index) {
    std::optional<std::string> stranger;
    std::unordered_set<std::uint64_t> failures;  // the later line of an id wins
    auto read = output.for_each([&](const Recorded& recorded) {
        const bool answered = !options.retry_failed || !recorded.failed;
        if (!index.mark(recorded.custom_id, answered) && !stranger) stranger = recorded.custom_id;
        if (answered && recorded.failed) {
            failures.insert(index.hash(recorded.custom_id));
        } else {
            failures.erase(index.hash(recorded.custom_id));
        }
    });
    if (!read) return read.failure();
    if (!stranger) return failures.size();
    return fail({.code = Errc::usage,
                 .message = options.output + " holds answers to other requests",
                 .reason = fmt::format("custom_id \"{}\" is not in {}", *stranger, options.input),
                 .fix = "name another file with -o"});
}

std::size_t count_sent_again(const InFlight& state, int input_fd, const LineIndex& answered) {
    if (state.left_over().empty()) return 0;
    WorkQueue unanswered(input_fd, answered);
    std::size_t again = 0;
    for (;;) {
        const auto work = unanswered.next();
        if (!work || !work->has_value()) return again;
        const auto& lines = state.left_over();
        if (std::find(lines.begin(), lines.end(), (*work)->line) != lines.end()) ++again;
    }
}

}  // namespace

Result<Report> run_batch(const Options& options,
                         const SendLine& send,
                         const Watch& watch,
                         std::stop_token stop) {
    auto input = Input::open(options.input);
    if (!input) return input.failure();
    auto index = input->check();
    if (!index) return index.failure();
    auto output = OutputFile::open(options.output, input->fd());
    if (!output) return output.failure();
    const auto failed_before = mark_answered(*output, options, *index);
    if (!failed_before) return failed_before.failure();
    auto state = InFlight::open(options.output + ".state", options.concurrency);
    if (!state) return state.failure();
    Report report{.total = index->size(),
                  .answered_before = index->marked(),
                  .sent_again = count_sent_again(*state, input->fd(), *index),
                  .done = index->marked(),
                  .failed = 0,
                  .failed_before = *failed_before,
                  .cut_torn_line = output->cut_torn_line(),
                  .stopped = {}};
    if (auto emptied = state->reset(); !emptied) return emptied.failure();
    if (report.sent_again > 0 && watch.notice) {
        watch.notice(fmt::format("{} in flight when an earlier run ended; sending again",
                                 report.sent_again == 1
                                     ? "1 line was"
                                     : fmt::format("{} lines were", report.sent_again)));
    }
    Run run(options,
            send,
            watch,
            std::move(stop),
            WorkQueue(input->fd(), *index),
            *output,
            *state,
            std::move(report));
    report = run.to_the_end();
    if (options.retry_failed) {
        if (auto compacted = output->compact(); !compacted) return compacted.failure();
    }
    if (report.done == report.total) state->remove();
    return report;
}

}  // namespace handover::batch
