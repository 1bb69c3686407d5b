// Work that blocks, done on a pool of threads while the loop goes on. Includes Asio: for few .cpp
// files only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <optional>
#include <utility>

namespace handover::gateway {

// An optional, since Asio wants a value to give when an exception is thrown.
template <typename T>
boost::asio::awaitable<std::optional<T>> on_that_thread(std::function<T()> work) {
    co_return work();
}

// Comes back to the caller's loop with what `work` gave. It may outlive the caller, so it owns what
// it uses.
template <typename T>
boost::asio::awaitable<T> away(boost::asio::thread_pool& threads, std::function<T()> work) {
    auto result = co_await boost::asio::co_spawn(
        threads, on_that_thread<T>(std::move(work)), boost::asio::use_awaitable);
    co_return *std::move(result);
}

}  // namespace handover::gateway
