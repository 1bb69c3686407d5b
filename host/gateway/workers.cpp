#include "gateway/workers.hpp"

#include <boost/asio/thread_pool.hpp>

#include "gateway/away.hpp"

namespace handover::gateway {
namespace {

constexpr std::size_t threads_for_credentials = 4;
constexpr std::size_t threads_for_listings = 4;

}  // namespace

Workers::Workers()
    : credentials_(std::make_unique<boost::asio::thread_pool>(threads_for_credentials)),
      listings_(std::make_unique<boost::asio::thread_pool>(threads_for_listings)) {}

Workers::~Workers() {
    finish();
}

void Workers::finish() {
    {
        const std::lock_guard guard(mutex_);
        ended_ = true;
    }
    ending_.request_stop();
    credentials_->join();
    listings_->join();
}

std::shared_ptr<Workers::Hold> Workers::hold(For purpose) {
    const std::lock_guard guard(mutex_);
    if (ended_) return nullptr;
    return std::make_shared<Hold>(pool(purpose).get_executor());
}

boost::asio::thread_pool& Workers::pool(For purpose) {
    return purpose == For::listings ? *listings_ : *credentials_;
}

}  // namespace handover::gateway
