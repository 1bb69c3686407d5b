// A batch: every request of the input answered once in the output, whatever interrupts it.
#pragma once

#include <handover/result.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include "batch/progress.hpp"
#include "batch/request_line.hpp"
#include "text/time.hpp"

namespace handover::batch {

// What became of one request.
struct Answer {
    int status_code = 0;  // 0: there was no answer
    std::string request_id = {};
    std::string body = {};
    std::optional<Error> error = {};  // set unless the answer is a success
    // With PROVIDER_QUOTA_EXHAUSTED, or PROVIDER_RATE_LIMITED for longer than a retry waits: when
    // it is worth another try.
    std::optional<Time> until = {};
};

// Sends one request and waits for the whole answer. Called from as many threads as
// `Options::concurrency`; `worker` is below it.
using SendLine =
    std::function<Answer(std::size_t worker, const RequestLine& request, std::stop_token stop)>;

struct Options {
    std::string input = {};  // "-" is stdin
    std::string output = {};
    std::size_t concurrency = 1;
    bool retry_failed = false;  // send lines again whose answer was a failure; the later line wins
    bool wait = false;          // at a quota limit wait for its reset instead of stopping
};

struct Report {
    std::size_t total = 0;
    std::size_t answered_before = 0;  // lines that the output already held
    std::size_t sent_again = 0;       // lines that were in flight when an earlier run ended
    std::size_t done = 0;             // lines the output holds now
    std::size_t failed = 0;           // of those answered in this run
    std::size_t failed_before = 0;  // of those that the output held already and are not sent again
    bool cut_torn_line = false;
    std::optional<Error> stopped =
        {};  // why it ended early: quota, authentication, an upstream that is gone
};

struct Watch {
    std::function<void(const Progress&)> progress = {};   // after every line, one call at a time
    std::function<void(const std::string&)> notice = {};  // for people
    std::function<Time()> clock = {};
};

// Checks all input, opens the output, sends what is not answered yet. Errors: BATCH_INPUT_INVALID,
// USAGE, STORE_IO, STORE_CORRUPT; what happens while sending is in the report. A stop request ends
// the requests in flight and leaves them marked in OUTPUT.state.
Result<Report> run_batch(const Options& options,
                         const SendLine& send,
                         const Watch& watch,
                         std::stop_token stop);

}  // namespace handover::batch
