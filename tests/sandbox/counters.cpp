#include "sandbox/counters.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>

namespace handover::sandbox {
namespace {

constexpr std::array always_shown = {"authorizations",
                                     "client_disconnects",
                                     "code_exchanges",
                                     "connections",
                                     "device_polls",
                                     "model_requests",
                                     "model_successes",
                                     "model_unauthorized",
                                     "refreshes",
                                     "refresh_successes",
                                     "reuse_detections",
                                     "revocations",
                                     "with_authorization"};

}  // namespace

void Counters::model_began() {
    add("model_requests");
    max_in_flight_ = std::max(max_in_flight_, ++in_flight_);
}

void Counters::model_ended() {
    --in_flight_;
}

void Counters::reset() {
    requests_.clear();
    named_.clear();
    max_in_flight_ = in_flight_;
}

std::string Counters::to_json() const {
    boost::json::object requests;
    for (const auto& [endpoint, count] : requests_) {
        requests[endpoint] = count;
    }
    boost::json::object all{{"requests", std::move(requests)}};
    for (const auto* name : always_shown) {
        all[name] = 0U;
    }
    for (const auto& [name, count] : named_) {
        all[name] = count;
    }
    all["in_flight"] = in_flight_;
    all["max_in_flight"] = max_in_flight_;
    return boost::json::serialize(all);
}

}  // namespace handover::sandbox
