// Everything behind the socket: which endpoint a request is for, who may ask, which faults strike,
// what is counted.
#pragma once

#include <cstdint>
#include <string>

#include "sandbox/authorization.hpp"
#include "sandbox/counters.hpp"
#include "sandbox/exchange.hpp"
#include "sandbox/faults.hpp"
#include "sandbox/model.hpp"

namespace handover::sandbox {

enum class Finish { sent, client_went_away };

// Used from one thread.
class Service {
public:
    Service(AuthorizationSettings settings, Signer signer, Faults faults);
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    Reply handle(const Request& request, Time now);

    // Once for every reply of `handle`, when its last byte is written or its client is gone.
    void finished(const Reply& reply, Finish finish);

    void connected() { counters_.add("connections"); }

private:
    Reply route(const Request& request, Time now);
    Reply control(const Request& request);
    Reply model(const Request& request, Time now);
    Reply answer(const Request& request, Time now);
    [[nodiscard]] bool is_authorized(const Request& request, Time now) const;
    void apply_stream_faults(const Request& request, Reply& reply);
    void remember(const Request& request);

    Faults faults_;
    Counters counters_;
    Authorization authorization_;
    std::uint64_t answers_ = 0;
    std::string last_model_request_ = "null";
};

// True for localhost, 127.0.0.1 and [::1] with any port: a page on another name that resolves to
// loopback is refused.
bool is_loopback_host(std::string_view host);

}  // namespace handover::sandbox
