// One question for a provider's models at a time, in the whole process: who asks meanwhile waits
// for the answer to that one.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace handover::gateway {

// Thread-safe.
class ListingsInFlight {
public:
    using Ended = std::function<void()>;

    // `ended` is called once what is under way has ended, on whatever thread. True: nothing was,
    // and it begins with the caller, who sees to `end`.
    [[nodiscard]] bool join(const std::string& provider, Ended ended);
    void end(const std::string& provider);

private:
    std::mutex mutex_;  // guards waiting_
    std::map<std::string, std::vector<Ended>> waiting_ = {};
};

}  // namespace handover::gateway
