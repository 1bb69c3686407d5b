// Which fields of requests were left out at which provider: said aloud the first time only, since
// every request of a client has the same ones. Safe for threads.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <utility>

namespace handover::gateway {

class LeftOutFields {
public:
    // Fields come from tables and from the config, never from a client alone; all the same, so
    // many are remembered and no more.
    static constexpr std::size_t most = 1000;

    // True once for each pair.
    bool is_first(const std::string& provider, const std::string& field) {
        const std::lock_guard lock(mutex_);
        return said_.size() < most && said_.emplace(provider, field).second;
    }

private:
    std::mutex mutex_;
    std::set<std::pair<std::string, std::string>> said_ = {};  // guarded by mutex_
};

}  // namespace handover::gateway
