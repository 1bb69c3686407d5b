// A batch's way out: every line is one exchange with the provider, its answer collected whole.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "batch/batch.hpp"
#include "run/run.hpp"

namespace handover::batch {

struct LineSettings {
    std::string model = {};  // for lines that name none; empty: the provider's default
    std::function<void(std::string_view)> notice = {};  // for people, from any worker
    std::function<void()> before_send = {};
};

// What `upstream` refers to outlives the result. Lines of a dialect that the provider does not
// speak end the batch with USAGE: all of their kind would.
SendLine make_send_line(run::Upstream upstream, LineSettings settings);

}  // namespace handover::batch
