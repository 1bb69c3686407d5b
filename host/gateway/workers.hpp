// Threads that stand in for loops where something blocks. They outlive every reload, and are asked
// to end before the loops that wait for them do. Asio's part of it is away.hpp.
#pragma once

#include <memory>
#include <mutex>
#include <stop_token>

namespace boost::asio {
class thread_pool;
}

namespace handover::gateway {

// Thread-safe.
class Workers {
public:
    enum class For { credentials, listings };  // of their own: providers may hang

    Workers();
    Workers(const Workers&) = delete;
    Workers& operator=(const Workers&) = delete;
    ~Workers();

    // Asks what still runs to stop, and waits for it: what comes of it has gone back to its loop by
    // then. Work that is asked for later is done by who asks.
    void finish();

    // For work that would otherwise take its time: ends when `finish` is called.
    [[nodiscard]] std::stop_token ending() const { return ending_.get_token(); }

    // Keeps the threads for work that is about to be given to them; null: they have ended.
    class Hold;
    std::shared_ptr<Hold> hold(For purpose);

private:
    boost::asio::thread_pool& pool(For purpose);

    std::mutex mutex_;  // guards ended_
    bool ended_ = false;
    std::stop_source ending_;
    std::unique_ptr<boost::asio::thread_pool> credentials_;
    std::unique_ptr<boost::asio::thread_pool> listings_;
};

}  // namespace handover::gateway
