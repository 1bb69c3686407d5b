// Counters of what the gateway does, for GET /metrics in Prometheus' text format. Each loop counts
// for itself, as do the threads beside them; a scrape adds them up.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace handover::gateway {

// Upper bounds in seconds; one more bucket has none.
inline constexpr std::array added_bounds = {
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0};
inline constexpr std::array upstream_bounds = {
    0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0};

template <std::size_t size>
struct Histogram {
    std::array<std::uint64_t, size + 1> counts = {};  // the last one: above every bound
    double sum = 0;

    void observe(const std::array<double, size>& bounds, double value);
    void add(const Histogram& other);
};

// Labels may be looked up by views of them. (clang 14 compares no tuples of different types.)
struct LabelOrder {
    using is_transparent = void;

    template <typename One, typename Other>
    bool operator()(const One& one, const Other& other) const {
        return views(one) < views(other);
    }

private:
    static std::string_view view(std::string_view text) { return text; }
    static int view(int number) { return number; }
    template <typename... Parts>
    static auto views(const std::tuple<Parts...>& labels) {
        return std::apply([](const auto&... part) { return std::tuple(view(part)...); }, labels);
    }
};

// What was counted since the start. Plain values, so that they add up.
struct Counts {
    using RequestLabels = std::tuple<std::string, std::string, int>;  // provider, dialect, status
    using TokenLabels = std::tuple<std::string, std::string>;         // provider, kind

    // Looked up with views: nothing is copied for a count that stands there already.
    std::map<RequestLabels, std::uint64_t, LabelOrder> requests = {};
    std::map<TokenLabels, std::uint64_t, LabelOrder> tokens = {};
    std::map<TokenLabels, std::uint64_t> refreshes = {};  // provider, outcome
    std::map<std::string, std::uint64_t> fallbacks = {};  // provider that was left
    std::map<std::string, std::uint64_t> retries = {};    // provider
    std::map<std::string, Histogram<upstream_bounds.size()>, std::less<>> upstream =
        {};                                                                     // provider
    std::map<std::string, Histogram<upstream_bounds.size()>> lease_waits = {};  // provider
    Histogram<added_bounds.size()> added = {};
    std::uint64_t refused = 0;   // by the front: bad requests, wrong keys, limits
    std::uint64_t accepted = 0;  // connections
    std::uint64_t tls_failures = 0;
    std::uint64_t client_gone = 0;  // before the answer was complete

    void add(const Counts& other);
};

struct RequestFacts {
    std::string_view provider = {};
    std::string_view dialect = {};
    int status = 0;
};

// One loop's. The front itself counts requests, tokens, upstream and added time, from the request's
// `Notes`; the rest is for whoever answers. Safe for threads; never contended but by a scrape.
class LoopMetrics {
public:
    void request(const RequestFacts& facts);
    void tokens(std::string_view provider, std::string_view kind, std::uint64_t count);
    void upstream(std::string_view provider, double seconds);  // sent until its first byte
    void added(double seconds);
    void refresh(std::string_view provider, std::string_view outcome);  // "ok", "failed"
    void lease_wait(std::string_view provider, double seconds);
    void fallback(std::string_view from);
    void retry(std::string_view provider);
    void refused();
    void accepted();
    void tls_failed();
    void client_gone();

    // Gauges: raised and lowered.
    std::atomic<std::int64_t> in_flight = 0;
    std::atomic<std::int64_t> queued = 0;  // requests that wait for a lease or a slot
    std::atomic<std::int64_t> connections = 0;

    [[nodiscard]] Counts counts() const;

private:
    mutable std::mutex mutex_;  // guards counts_
    Counts counts_ = {};
};

// All loops'. The number of loops is fixed when it is made.
class Metrics {
public:
    explicit Metrics(std::size_t loops);
    [[nodiscard]] LoopMetrics& of(std::size_t loop) { return *loops_.at(loop); }
    // What happens on no loop.
    [[nodiscard]] LoopMetrics& elsewhere() { return *loops_.back(); }
    [[nodiscard]] std::string text() const;  // the whole page

    std::atomic<std::int64_t> certificate_ends = 0;  // Unix time; 0: there is none

private:
    std::vector<std::unique_ptr<LoopMetrics>> loops_;  // and one more
};

}  // namespace handover::gateway
