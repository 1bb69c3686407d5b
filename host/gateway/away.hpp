// Work that blocks, done on other threads while the loop goes on. Includes Asio: for few .cpp files
// only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "gateway/workers.hpp"

namespace handover::gateway {

class Workers::Hold {
public:
    using Executor = boost::asio::thread_pool::executor_type;

    explicit Hold(const Executor& executor) : guard_(executor) {}
    [[nodiscard]] Executor executor() const { return guard_.get_executor(); }

private:
    boost::asio::executor_work_guard<Executor> guard_;
};

// An optional, since Asio wants a value to give when an exception is thrown. `hold` is kept until
// Asio has its own.
template <typename T>
boost::asio::awaitable<std::optional<T>> on_that_thread(std::function<T()> work,
                                                        std::shared_ptr<Workers::Hold> hold) {
    hold.reset();
    co_return work();
}

// Comes back to the caller's loop with what `work` gave. The caller's coroutine waits at least as
// long as the work lasts, whoever has lost interest in it: what it holds may be used.
template <typename T>
boost::asio::awaitable<T> away(Workers& workers, Workers::For purpose, std::function<T()> work) {
    auto hold = workers.hold(purpose);
    if (hold == nullptr) co_return work();  // the end: everything is asked to stop
    const auto threads = hold->executor();
    auto task = on_that_thread<T>(std::move(work), std::move(hold));
    auto result =
        co_await boost::asio::co_spawn(threads, std::move(task), boost::asio::use_awaitable);
    co_return *std::move(result);
}

}  // namespace handover::gateway
