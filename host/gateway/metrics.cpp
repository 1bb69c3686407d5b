#include "gateway/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "secret/secret.hpp"

namespace handover::gateway {
namespace {

// A label's value (text exposition format): backslash, quote and line feed are escaped.
std::string label(std::string_view value) {
    std::string out;
    for (const char c : value) {
        if (c == '\\' || c == '"') out.push_back('\\');
        if (c == '\n') {
            out += "\\n";
        } else {
            out.push_back(c);
        }
    }
    return out;
}

template <typename Map, typename View>
typename Map::mapped_type& at(Map& counters, const View& key) {
    const auto found = counters.find(key);
    if (found != counters.end()) return found->second;
    return counters.try_emplace(typename Map::key_type(key)).first->second;
}

template <typename Map>
void add_all(Map& into, const Map& from) {
    for (const auto& [key, value] : from) {
        if constexpr (std::is_integral_v<typename Map::mapped_type>) {
            into[key] += value;
        } else {
            into[key].add(value);
        }
    }
}

class Page {
public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        fmt::format_to(back(), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    }

    template <typename Number>
    void sample(std::string_view labels, Number value) {
        if (labels.empty()) {
            fmt::format_to(back(), "{} {}\n", name_, value);
        } else {
            fmt::format_to(back(), "{}{{{}}} {}\n", name_, labels, value);
        }
    }

    template <std::size_t size>
    void histogram(const std::string& labels,
                   const std::array<double, size>& bounds,
                   const Histogram<size>& histogram) {
        std::uint64_t below = 0;
        const auto comma = labels.empty() ? "" : ",";
        for (std::size_t i = 0; i < size; ++i) {
            below += histogram.counts[i];
            bucket(fmt::format("{}{}le=\"{}\"", labels, comma, bounds[i]), below);
        }
        below += histogram.counts[size];
        bucket(fmt::format("{}{}le=\"+Inf\"", labels, comma), below);
        const auto braces = labels.empty() ? std::string() : "{" + labels + "}";
        fmt::format_to(back(), "{}_sum{} {}\n", name_, braces, histogram.sum);
        fmt::format_to(back(), "{}_count{} {}\n", name_, braces, below);
    }

    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::back_insert_iterator<std::string> back() { return std::back_inserter(text_); }
    void bucket(const std::string& labels, std::uint64_t count) {
        fmt::format_to(back(), "{}_bucket{{{}}} {}\n", name_, labels, count);
    }

    std::string text_;
    std::string_view name_ = {};
};

struct Gauges {
    std::int64_t in_flight = 0;
    std::int64_t queued = 0;
    std::int64_t connections = 0;
    std::int64_t certificate_ends = 0;
};

void write_gauges(Page& page, const Gauges& gauges) {
    page.family("handover_in_flight_requests", "gauge", "Requests that are being answered.");
    page.sample("", gauges.in_flight);
    page.family("handover_queued_requests", "gauge", "Requests that wait for their turn.");
    page.sample("", gauges.queued);
    page.family("handover_connections", "gauge", "Open client connections.");
    page.sample("", gauges.connections);
    page.family("handover_tls_certificate_expiry_timestamp_seconds",
                "gauge",
                "When the gateway's certificate ends, in Unix time; absent without TLS.");
    if (gauges.certificate_ends != 0) page.sample("", gauges.certificate_ends);
}

void write_totals(Page& page, const Counts& counts) {
    page.family("handover_requests_total", "counter", "Answered requests.");
    for (const auto& [labels, count] : counts.requests) {
        const auto& [provider, dialect, status] = labels;
        page.sample(fmt::format(R"(provider="{}",dialect="{}",status="{}")",
                                label(provider),
                                label(dialect),
                                status),
                    count);
    }
    page.family("handover_refused_total", "counter", "Requests that the front refused.");
    page.sample("", counts.refused);
    page.family("handover_connections_total", "counter", "Accepted client connections.");
    page.sample("", counts.accepted);
    page.family("handover_tls_failures_total", "counter", "Connections whose TLS failed.");
    page.sample("", counts.tls_failures);
    page.family("handover_client_gone_total", "counter", "Clients that left before the end.");
    page.sample("", counts.client_gone);
    page.family("handover_tokens_total", "counter", "Tokens as the providers counted them.");
    for (const auto& [labels, count] : counts.tokens) {
        const auto& [provider, kind] = labels;
        page.sample(fmt::format(R"(provider="{}",kind="{}")", label(provider), label(kind)), count);
    }
    page.family("handover_refreshes_total", "counter", "Refreshes of credentials.");
    for (const auto& [labels, count] : counts.refreshes) {
        const auto& [provider, outcome] = labels;
        page.sample(fmt::format(R"(provider="{}",outcome="{}")", label(provider), label(outcome)),
                    count);
    }
    page.family(
        "handover_fallbacks_total", "counter", "Requests that went on to another provider.");
    for (const auto& [provider, count] : counts.fallbacks)
        page.sample(fmt::format("from=\"{}\"", label(provider)), count);
    page.family("handover_retries_total", "counter", "Repeated upstream requests.");
    for (const auto& [provider, count] : counts.retries)
        page.sample(fmt::format("provider=\"{}\"", label(provider)), count);
}

void write_histograms(Page& page, const Counts& counts) {
    page.family("handover_upstream_seconds",
                "histogram",
                "From sending a request until the first byte of its answer.");
    for (const auto& [provider, histogram] : counts.upstream)
        page.histogram(fmt::format("provider=\"{}\"", label(provider)), upstream_bounds, histogram);
    page.family(
        "handover_lease_wait_seconds",
        "histogram",
        "Waiting for a subscription's one request at a time, or for a provider's concurrency.");
    for (const auto& [provider, histogram] : counts.lease_waits)
        page.histogram(fmt::format("provider=\"{}\"", label(provider)), upstream_bounds, histogram);
    page.family("handover_added_seconds", "histogram", "What the gateway itself adds.");
    page.histogram("", added_bounds, counts.added);
}

}  // namespace

template <std::size_t size>
void Histogram<size>::observe(const std::array<double, size>& bounds, double value) {
    const auto bound = std::lower_bound(bounds.begin(), bounds.end(), value);
    ++counts.at(static_cast<std::size_t>(bound - bounds.begin()));
    sum += value;
}

template <std::size_t size>
void Histogram<size>::add(const Histogram& other) {
    for (std::size_t i = 0; i <= size; ++i) counts[i] += other.counts[i];
    sum += other.sum;
}

void Counts::add(const Counts& other) {
    add_all(requests, other.requests);
    add_all(tokens, other.tokens);
    add_all(refreshes, other.refreshes);
    add_all(fallbacks, other.fallbacks);
    add_all(retries, other.retries);
    add_all(upstream, other.upstream);
    add_all(lease_waits, other.lease_waits);
    added.add(other.added);
    refused += other.refused;
    accepted += other.accepted;
    tls_failures += other.tls_failures;
    client_gone += other.client_gone;
}

void LoopMetrics::request(const RequestFacts& facts) {
    const std::lock_guard lock(mutex_);
    ++at(counts_.requests, std::tuple(facts.provider, facts.dialect, facts.status));
}

void LoopMetrics::tokens(std::string_view provider, std::string_view kind, std::uint64_t count) {
    if (count == 0) return;
    const std::lock_guard lock(mutex_);
    at(counts_.tokens, std::tuple(provider, kind)) += count;
}

void LoopMetrics::upstream(std::string_view provider, double seconds) {
    const std::lock_guard lock(mutex_);
    at(counts_.upstream, provider).observe(upstream_bounds, seconds);
}

void LoopMetrics::added(double seconds) {
    const std::lock_guard lock(mutex_);
    counts_.added.observe(added_bounds, seconds);
}

void LoopMetrics::refresh(std::string_view provider, std::string_view outcome) {
    const std::lock_guard lock(mutex_);
    ++at(counts_.refreshes, Counts::TokenLabels(provider, outcome));
}

void LoopMetrics::lease_wait(std::string_view provider, double seconds) {
    const std::lock_guard lock(mutex_);
    counts_.lease_waits[std::string(provider)].observe(upstream_bounds, seconds);
}

void LoopMetrics::fallback(std::string_view from) {
    const std::lock_guard lock(mutex_);
    ++counts_.fallbacks[std::string(from)];
}

void LoopMetrics::retry(std::string_view provider) {
    const std::lock_guard lock(mutex_);
    ++counts_.retries[std::string(provider)];
}

void LoopMetrics::refused() {
    const std::lock_guard lock(mutex_);
    ++counts_.refused;
}

void LoopMetrics::accepted() {
    const std::lock_guard lock(mutex_);
    ++counts_.accepted;
}

void LoopMetrics::tls_failed() {
    const std::lock_guard lock(mutex_);
    ++counts_.tls_failures;
}

void LoopMetrics::client_gone() {
    const std::lock_guard lock(mutex_);
    ++counts_.client_gone;
}

Counts LoopMetrics::counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
}

Metrics::Metrics(std::size_t loops) {
    for (std::size_t i = 0; i <= loops; ++i) loops_.push_back(std::make_unique<LoopMetrics>());
}

std::string Metrics::text() const {
    Counts sum;
    Gauges gauges;
    for (const auto& loop : loops_) {
        sum.add(loop->counts());
        gauges.in_flight += loop->in_flight;
        gauges.queued += loop->queued;
        gauges.connections += loop->connections;
    }
    gauges.certificate_ends = certificate_ends;
    Page page;
    write_gauges(page, gauges);
    write_totals(page, sum);
    write_histograms(page, sum);
    return redact(page.take());
}

}  // namespace handover::gateway
