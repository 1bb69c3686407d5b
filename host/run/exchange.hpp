// An exchange as a coroutine: what run.hpp's blocking one runs on a thread of its own, and the
// gateway on its event loops.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>

#include "run/run.hpp"
#include "run/steps.hpp"

namespace handover::run {

// As exchange() in run.hpp. Everything referred to outlives the coroutine, which runs on one
// thread at a time; a stop may be requested from any.
boost::asio::awaitable<Result<void>> exchange(Steps& steps,
                                              const Upstream& upstream,
                                              const plugins::ClientRequest& request,
                                              const ExchangeHandler& handler,
                                              std::stop_token stop);

}  // namespace handover::run
