#include "gateway/request_report.hpp"

#include <vector>

#include "log/events.hpp"
#include "log/log.hpp"

namespace handover::gateway {
namespace {

using Kind = log::Field::Kind;

constexpr std::size_t longest_path = 200;

double seconds(std::chrono::nanoseconds time) {
    return std::chrono::duration<double>(time).count();
}

class Line {
public:
    void text(std::string_view name, std::string_view value) {
        if (!value.empty()) fields_.push_back({name, std::string(value), Kind::own_text});
    }
    void number(std::string_view name, std::uint64_t value) {
        fields_.push_back({name, std::to_string(value), Kind::own_number});
    }
    void count(std::string_view name, std::uint64_t value) {
        if (value > 0) number(name, value);
    }
    void outside(std::string_view name, std::string_view value) {
        if (!value.empty()) fields_.push_back({name, std::string(value), Kind::outside});
    }
    [[nodiscard]] const std::vector<log::Field>& fields() const { return fields_; }

private:
    std::vector<log::Field> fields_;
};

// The paths that are served need no cleaning.
bool is_well_known(std::string_view path) {
    return path == "/v1/responses" || path == "/v1/chat/completions" || path == "/v1/models" ||
           path == "/v1/embeddings" || path == "/healthz" || path == "/metrics";
}

void write_line(const ClientRequest& request, const AnswerFacts& facts) {
    const auto& notes = request.notes;
    const auto took =
        std::chrono::duration_cast<std::chrono::milliseconds>(facts.ended - request.received);
    Line line;
    line.text("request_id", request.request_id);
    line.text("method", request.method);
    const auto path = request.path.substr(0, longest_path);
    if (is_well_known(path)) {
        line.text("path", path);
    } else {
        line.outside("path", path);
    }
    line.number("status", static_cast<std::uint64_t>(facts.status));
    line.number("ms", static_cast<std::uint64_t>(std::max<std::int64_t>(took.count(), 0)));
    line.number("bytes", facts.body_bytes);
    line.text("key", request.key_name);
    line.text("provider", notes.provider);
    line.text("account", notes.account);
    line.outside("model", notes.model);
    line.text("dialect", notes.dialect);
    line.text("fallback_from", notes.fallback_from);
    line.count("upstream_status", static_cast<std::uint64_t>(notes.upstream_status));
    line.count("input_tokens", notes.input_tokens);
    line.count("cached_tokens", notes.cached_tokens);
    line.count("output_tokens", notes.output_tokens);
    line.outside("error", notes.error);
    if (!facts.complete) line.text("ended", "early");
    log::write_event(log::Level::info, "serve", "request", line.fields());
}

std::string_view or_dash(std::string_view text) {
    return text.empty() ? std::string_view("-") : text;
}

void count(const ClientRequest& request, const AnswerFacts& facts, LoopMetrics& metrics) {
    const auto& notes = request.notes;
    const auto provider = or_dash(notes.provider);
    metrics.request(
        {.provider = provider, .dialect = or_dash(notes.dialect), .status = facts.status});
    metrics.tokens(provider, "input", notes.input_tokens);
    metrics.tokens(provider, "cached", notes.cached_tokens);
    metrics.tokens(provider, "output", notes.output_tokens);
    if (notes.upstream_sent && notes.upstream_first_byte)
        metrics.upstream(provider, seconds(*notes.upstream_first_byte - *notes.upstream_sent));
    if (const auto added = added_time(request, facts)) metrics.added(seconds(*added));
    if (!facts.complete) metrics.client_gone();
}

}  // namespace

std::optional<std::chrono::nanoseconds> added_time(const ClientRequest& request,
                                                   const AnswerFacts& facts) {
    const auto& notes = request.notes;
    if (!notes.upstream_sent || !notes.upstream_first_byte || !facts.first_byte) return {};
    return (*notes.upstream_sent - request.received) +
           (*facts.first_byte - *notes.upstream_first_byte);
}

void report_request(const ClientRequest& request, const AnswerFacts& facts, LoopMetrics& metrics) {
    count(request, facts, metrics);
    if (log::says_events()) write_line(request, facts);
}

}  // namespace handover::gateway
