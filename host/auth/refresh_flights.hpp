// One refresh per credential in this process: join the flight or become it. A flight has a thread
// of its own, so that it is finished even if everybody who waited for it has gone.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "auth/refresh.hpp"

namespace handover::auth {

class RefreshFlights {
public:
    explicit RefreshFlights(Refresher& refresher) : refresher_(refresher) {}
    RefreshFlights(const RefreshFlights&) = delete;
    RefreshFlights& operator=(const RefreshFlights&) = delete;
    // Calls off flights that have sent nothing yet, and waits for the others: at most the time an
    // exchange may take.
    ~RefreshFlights();

    // The flight's result; AUTH_REFRESH_UNAVAILABLE at the caller's deadline, AUTH_CANCELLED on a
    // stop request, while the flight goes on.
    RefreshResult join(const RefreshWork& work, const Patience& patience);
    // Nobody waits: `landed` is called on the flight's thread, or here if it has just landed.
    using Landed = std::function<void(const RefreshResult&)>;
    void start(const RefreshWork& work, Landed landed);

private:
    struct Flight {
        std::mutex mutex;  // guards done and result
        std::condition_variable_any landed;
        bool done = false;
        RefreshResult result = {};
        std::vector<Landed> told = {};
        std::thread thread = {};
    };

    std::shared_ptr<Flight> flight_for(const RefreshWork& work);
    void fly(const std::shared_ptr<Flight>& flight, const RefreshWork& work);
    void join_landed();

    Refresher& refresher_;
    std::stop_source call_off_;
    std::mutex mutex_;  // guards flights_ and landed_
    std::map<CredentialId, std::shared_ptr<Flight>> flights_;
    std::vector<std::thread> landed_;  // ended or about to end; joined by the next to come
};

}  // namespace handover::auth
