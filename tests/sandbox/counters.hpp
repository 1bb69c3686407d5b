// What happened so far, for tests to count.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace handover::sandbox {

class Counters {
public:
    void request(std::string_view endpoint) { ++requests_[std::string(endpoint)]; }
    void add(std::string_view name) { ++named_[std::string(name)]; }
    void model_began();
    void model_ended();

    // Zeroes everything but what is in flight.
    void reset();

    // {"requests": {ENDPOINT: n}, NAME: n, "in_flight": n, "max_in_flight": n}. Every name is
    // there, with 0 if it never happened.
    [[nodiscard]] std::string to_json() const;

private:
    std::map<std::string, std::uint64_t> requests_;
    std::map<std::string, std::uint64_t> named_;
    std::uint64_t in_flight_ = 0;
    std::uint64_t max_in_flight_ = 0;
};

}  // namespace handover::sandbox
