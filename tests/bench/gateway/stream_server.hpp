// An upstream that streams Chat Completions chunks as the request's StreamPlan says.
#pragma once

namespace handover::bench {

// Serves on 127.0.0.1 until it is killed.
[[noreturn]] void serve_streams(int port);

}  // namespace handover::bench
