#include "auth/refresh_flights.hpp"

#include <utility>

#include "platform/signals.hpp"

namespace handover::auth {
namespace {

// Longer than any holder of the lock needs: it connects in 10 s and has its answer in 30 s.
constexpr auto longest_lock_wait = std::chrono::seconds(60);

}  // namespace

RefreshFlights::~RefreshFlights() {
    call_off_.request_stop();
    for (;;) {
        std::vector<std::thread> threads;
        {
            const std::lock_guard guard(mutex_);
            threads = std::exchange(landed_, {});
            for (auto& [id, flight] : flights_) {
                if (flight->thread.joinable()) threads.push_back(std::move(flight->thread));
            }
        }
        if (threads.empty()) return;
        for (auto& thread : threads) thread.join();
    }
}

RefreshResult RefreshFlights::join(const RefreshWork& work, const Patience& patience) {
    const auto flight = flight_for(work);
    std::unique_lock guard(flight->mutex);
    const auto landed = [&] { return flight->done; };
    if (patience.deadline == std::chrono::steady_clock::time_point::max()) {
        (void)flight->landed.wait(guard, patience.stop, landed);
    } else {
        (void)flight->landed.wait_until(guard, patience.stop, patience.deadline, landed);
    }
    if (flight->done) return flight->result;
    if (patience.stop.stop_requested()) {
        return {.trouble = Error{.code = Errc::auth_cancelled,
                                 .message = "cancelled while waiting for a refresh"}};
    }
    return {.trouble = Error{
                .code = Errc::auth_refresh_unavailable,
                .message = "the login of " + work.id.provider + " could not be refreshed in time",
                .reason = "the refresh had no answer yet when the time was up; it goes on",
                .fix = "try again later"}};
}

void RefreshFlights::start(const RefreshWork& work, Landed landed) {
    const auto flight = flight_for(work);
    {
        const std::lock_guard guard(flight->mutex);
        if (!flight->done) {
            flight->told.push_back(std::move(landed));
            return;
        }
    }
    landed(flight->result);
}

std::shared_ptr<RefreshFlights::Flight> RefreshFlights::flight_for(const RefreshWork& work) {
    join_landed();
    const std::lock_guard guard(mutex_);
    if (const auto found = flights_.find(work.id); found != flights_.end()) return found->second;
    auto flight = std::make_shared<Flight>();
    flights_[work.id] = flight;
    const platform::SignalsBlocked blocked;
    flight->thread = std::thread([this, flight, work] { fly(flight, work); });
    return flight;
}

void RefreshFlights::fly(const std::shared_ptr<Flight>& flight, const RefreshWork& work) {
    auto result = refresher_.run(work,
                                 {.deadline = std::chrono::steady_clock::now() + longest_lock_wait,
                                  .stop = call_off_.get_token()});
    {
        // From here on a newcomer starts another flight.
        const std::lock_guard guard(mutex_);
        flights_.erase(work.id);
        if (flight->thread.joinable()) landed_.push_back(std::move(flight->thread));
    }
    std::vector<Landed> told;
    {
        const std::lock_guard guard(flight->mutex);
        flight->result = std::move(result);
        flight->done = true;
        told = std::exchange(flight->told, {});
        flight->landed.notify_all();
    }
    for (const auto& tell : told) tell(flight->result);
}

void RefreshFlights::join_landed() {
    std::vector<std::thread> threads;
    {
        const std::lock_guard guard(mutex_);
        threads = std::exchange(landed_, {});
    }
    for (auto& thread : threads) thread.join();
}

}  // namespace handover::auth
