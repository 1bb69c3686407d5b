// Whether a stream that passes through came to its end. A server that closes its connection after
// the answer, without a length and without chunks, closes it in the same way when it dies. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialects/answer.hpp"
#include "dialects/dialect.hpp"

namespace handover::gateway {

struct StreamEnd {
    bool reached = false;  // with an event that answers end with, or one that says that it failed
    std::optional<dialects::AnswerFailure> failure = {};
};

// `last_events`: whole ones, as they were sent, or none.
StreamEnd stream_end(dialects::Dialect dialect, std::string_view last_events);

}  // namespace handover::gateway
