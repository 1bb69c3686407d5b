// Work that outlives who asked for it, and the end of the threads that do it.
#include "gateway/workers.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "gateway/away.hpp"

using namespace handover::gateway;
namespace asio = boost::asio;

namespace {

// Blocks until it is asked to end; says on which thread it was.
std::function<std::thread::id()> silent_work(std::atomic<bool>& begun, std::stop_token ending) {
    return [&begun, ending = std::move(ending)] {
        std::mutex mutex;
        std::condition_variable_any never;
        std::unique_lock lock(mutex);
        begun = true;
        begun.notify_all();
        never.wait(lock, ending, [] { return false; });
        return std::this_thread::get_id();
    };
}

asio::awaitable<void> ask(Workers& workers,
                          Workers::For purpose,
                          std::atomic<bool>& begun,
                          std::thread::id& where) {
    const auto there = co_await away(workers, purpose, silent_work(begun, workers.ending()));
    where = there;
}

}  // namespace

TEST_CASE("finish ends what is silent, and its result is back at the loop by then") {
    Workers workers;
    asio::io_context loop{1};
    std::atomic<bool> begun = false;
    std::thread::id where;
    asio::co_spawn(loop, ask(workers, Workers::For::listings, begun, where), asio::detached);
    loop.poll();
    begun.wait(false);
    CHECK(where == std::thread::id());
    workers.finish();
    loop.poll();  // nothing is awaited from elsewhere any more
    CHECK(where != std::thread::id());
    CHECK(where != std::this_thread::get_id());
}

TEST_CASE("a loop may go before a result that nobody reads") {
    Workers workers;
    std::atomic<bool> begun = false;
    std::thread::id where;
    {
        asio::io_context loop{1};
        asio::co_spawn(loop, ask(workers, Workers::For::credentials, begun, where), asio::detached);
        loop.poll();
        begun.wait(false);
        workers.finish();
    }
    workers.finish();  // once more does no harm
}

TEST_CASE("after the end work is done by who asks for it") {
    Workers workers;
    workers.finish();
    asio::io_context loop{1};
    std::atomic<bool> begun = false;
    std::thread::id where;
    asio::co_spawn(loop, ask(workers, Workers::For::credentials, begun, where), asio::detached);
    loop.run();
    CHECK(where == std::this_thread::get_id());
}
