// One request through a provider: prepare, attach the credential, send, judge, retry, recover from
// a 401, hand over the stream.
#pragma once

#include <handover/result.hpp>

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "auth/broker.hpp"
#include "http/client.hpp"
#include "limits/ledgers.hpp"
#include "plugins/plugin.hpp"
#include "providers/provider.hpp"
#include "run/destination.hpp"

namespace handover::run {

struct Upstream {
    const providers::Provider& provider;
    const plugins::Instance& instance;
    auth::Broker& broker;
    http::Client* client = nullptr;  // what blocking calls send with
    std::string account = {};        // empty: the provider's own
    int max_retries = 3;
    auth::Clock clock = {};
    limits::Ledgers* ledgers = nullptr;        // absent: limits are neither asked nor learned
    const Destination* destination = nullptr;  // under that account, where it is at hand
};

// Events of one exchange, on the calling thread. The bytes of a stream are handed over as they
// come, from its first event on: an error in that one reaches nobody and may be retried.
struct ExchangeHandler {
    std::function<void(const http::ResponseHead&)> on_head =
        {};                                              // of the answer that counts, status 200
    std::function<bool(std::string_view)> on_body = {};  // raw bytes as they come; false cancels
    std::function<void()> on_settled = {};               // as http::ResponseHandler's
    std::function<void(std::string_view)> notice =
        {};  // for people: waiting for a lease, a retry, ...
    std::function<void(const http::Response&)> on_refusal =
        {};  // the failed answer (status >= 400) that ended the exchange
    // It ended for want of quota, or at a rate limit longer than a retry waits; when it is worth
    // another try, if anybody said.
    std::function<void(std::optional<Time> reset)> on_quota = {};
    http::Flow* flow = nullptr;  // lets the reader hold the answer back; on an event loop only
    bool hold_preamble = false;  // also hold back the events that open a Responses stream, so that
                                 // a failure after them is retried
};

// Runs one exchange to its end: takes the lease, sends, retries by the plugin's verdict while
// nothing has reached the handler, recovers once from a 401. Errors: AUTH_*, PROVIDER_REJECTED /
// _RATE_LIMITED / _QUOTA_EXHAUSTED / _UNAVAILABLE, PLUGIN_FAILED, AUTH_CANCELLED is not used for
// Ctrl-C: a stop ends with PROVIDER_UNAVAILABLE and `stop.stop_requested()`.
Result<void> exchange(const Upstream& upstream,
                      const plugins::ClientRequest& request,
                      const ExchangeHandler& handler,
                      std::stop_token stop);

// A failure inside an answer that began well, judged.
struct JudgedFailure {
    Error error = {};
    std::optional<Time> until = {};  // with PROVIDER_QUOTA_EXHAUSTED, where the provider said
};
// `failed` has status 0 where it is an event, else the one under which it came.
JudgedFailure judge_failure(const Upstream& upstream, const http::Response& failed);

// A prompt as `handover run` takes it.
struct Prompt {
    std::string text = {};
    std::string instructions = {};
    std::string model = {};  // empty: the provider's default
    bool stream = true;
};

// Builds the request in the provider's first dialect and calls `on_text` with the answer's text as
// it comes. Returns the final response object as the upstream gave it (for chat streams:
// collected), as JSON.
Result<std::string> run_prompt(const Upstream& upstream,
                               const Prompt& prompt,
                               const std::function<void(std::string_view)>& on_text,
                               const std::function<void(std::string_view)>& notice,
                               std::stop_token stop);

}  // namespace handover::run
