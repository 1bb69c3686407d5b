#include "gateway/generation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <variant>

#include "dialects/json_validity.hpp"
#include "gateway/asked_model.hpp"
#include "gateway/away.hpp"
#include "gateway/loop_steps.hpp"
#include "gateway/metrics.hpp"
#include "gateway/relay.hpp"
#include "gateway/upstream_error.hpp"
#include "log/log.hpp"
#include "run/exchange.hpp"

namespace handover::gateway {
namespace {

using SteadyClock = std::chrono::steady_clock;
using config::ModelAt;

// A request waits so long for the default provider to say what it has.
constexpr auto longest_listing = std::chrono::seconds(3);

std::string_view name_of(Endpoint endpoint) {
    switch (endpoint) {
        case Endpoint::responses:
            return "responses";
        case Endpoint::chat_completions:
            return "chat_completions";
        case Endpoint::embeddings:
            break;
    }
    return "embeddings";
}

// It goes on in headers and bodies of the provider's: a header could hold other bytes.
bool is_session(std::string_view value) {
    return !value.empty() &&
           std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < '\x7F'; });
}

// A conversation's own id, where the client tells one: it keeps the provider's caches warm.
std::string session_of(const ClientRequest& request) {
    for (const auto* name : {"session-id", "session_id", "conversation_id", "x-session-id"}) {
        if (const auto value = request.header(name); is_session(value)) return std::string(value);
    }
    return {};
}

// Why one stop did not serve: as a failure that is weighed, or as what the client is told anyway.
using Unserved = std::variant<UpstreamFailure, ApiError>;

class Generation {
public:
    Generation(std::shared_ptr<ApiLoop> loop,
               Endpoint endpoint,
               ClientRequest& request,
               Responder& responder)
        : loop_(std::move(loop)),
          parts_(loop_->shared->parts),
          endpoint_(endpoint),
          request_(request),
          responder_(responder),
          client_{.responder = responder, .notes = request.notes, .flow = flow_} {}
    Generation(const Generation&) = delete;
    Generation& operator=(const Generation&) = delete;
    // Whoever was held back is not any more.
    ~Generation() {
        responder_.on_drained([] {});
    }

    // What the client asks of the gateway. False: it was refused.
    bool read() {
        request_.notes.dialect = name_of(endpoint_);
        auto asked =
            read_asked(request_.body,
                       endpoint_ == Endpoint::embeddings ? Numbers::do_not_count : Numbers::count);
        if (const auto* refusal = std::get_if<ApiError>(&asked)) {
            refuse(*refusal);
            return false;
        }
        asked_ = std::get<AskedModel>(std::move(asked));
        return true;
    }

    [[nodiscard]] bool model_is_ambiguous() const {
        return is_ambiguous(parts_.routing, asked_.model);
    }

    // Once: a name with a slash may be one of the default provider's.
    boost::asio::awaitable<void> learn_models() {
        const auto& table = parts_.routing;
        if (loop_->shared->known.of(table.default_provider) != nullptr) co_return;
        std::vector<std::string> names = {table.default_provider};
        co_await ask_for_models(loop_, std::move(names), longest_listing, request_.client_gone);
    }

    // Nothing: it was refused.
    std::optional<Itinerary> way() {
        const auto listed = [this](std::string_view model) {
            return loop_->shared->known.lists(parts_.routing.default_provider, model);
        };
        auto way = itinerary(parts_.routing, asked_.model, listed);
        if (way) return *std::move(way);
        refuse(api_error({.error = way.error()}, parts_.max_retries, now()));
        return std::nullopt;
    }

    // Nothing: the client has its answer.
    boost::asio::awaitable<std::optional<Unserved>> visit(const ModelAt& stop, bool last) {
        request_.notes.provider = stop.provider;
        bear_names();
        // Nearly always there, and then without a coroutine more.
        Result<ReadyProviderPtr> ready = loop_->shared->ready->find(stop.provider);
        if (*ready == nullptr) {
            auto made = co_await ready_provider(*loop_->shared, stop.provider);
            ready = std::move(made);
        }
        if (!ready) co_return Unserved(UpstreamFailure{.error = ready.error()});
        const auto& provider = **ready;
        auto written = write_request(provider.provider, stop, last);
        if (auto* refused = std::get_if<ApiError>(&written))
            co_return Unserved(std::move(*refused));
        const auto request = std::get<plugins::ClientRequest>(std::move(written));
        request_.notes.account = provider.provider.account;
        request_.notes.model = request.model;

        UpstreamFailure failure;
        const auto handler = handler_of(failure, last);
        const auto upstream = upstream_of(provider);
        auto steps = steps_of(provider);
        const auto exchanged =
            co_await run::exchange(steps, upstream, request, handler, request_.client_gone);
        failure.queue_wait = steps.queue_wait();
        if (!failure.reset) failure.reset = steps.next_refresh();
        co_return outcome(exchanged, upstream, std::move(failure));
    }

    // After a stop that did not serve: true to try the next one, while the client has seen nothing.
    bool goes_on(const Unserved& unserved, const ModelAt& stop, const ModelAt* next) {
        if (request_.client_gone.stop_requested()) {
            responder_.abort();
            return false;
        }
        if (next != nullptr && may_go_on(unserved)) {
            leave(stop, *next, std::get<UpstreamFailure>(unserved));
            return true;
        }
        give_up(unserved);
        return false;
    }

private:
    [[nodiscard]] Time now() const {
        return parts_.clock ? parts_.clock() : std::chrono::system_clock::now();
    }

    [[nodiscard]] bool may_go_on(const Unserved& unserved) const {
        const auto* failure = std::get_if<UpstreamFailure>(&unserved);
        return failure != nullptr && !responder_.head_sent() && is_worth_a_fallback(*failure);
    }

    void leave(const ModelAt& from, const ModelAt& to, const UpstreamFailure& failure) {
        if (request_.notes.fallback_from.empty()) request_.notes.fallback_from = from.provider;
        if (request_.metrics != nullptr) request_.metrics->fallback(from.provider);
        log::warning("gateway",
                     fmt::format("{}: {} cannot serve it ({}: {}); trying {}",
                                 request_.request_id,
                                 from.provider,
                                 code_name(failure.error.code),
                                 failure.error.message,
                                 to.provider));
    }

    void note(const UpstreamFailure& failure) {
        request_.notes.error = code_name(failure.error.code);
        if (failure.refusal) request_.notes.upstream_status = failure.refusal->status;
        log::info("gateway", fmt::format("{}: {}", request_.request_id, failure.error.message));
    }

    void give_up(const Unserved& unserved) {
        const auto* failure = std::get_if<UpstreamFailure>(&unserved);
        const auto error = failure != nullptr ? api_error(*failure, parts_.max_retries, now())
                                              : std::get<ApiError>(unserved);
        if (failure != nullptr) note(*failure);
        if (responder_.head_sent()) {
            if (relay_ != nullptr) relay_->fail(error);
            return;
        }
        const auto theirs = failure != nullptr ? error_as_it_came(*failure) : std::nullopt;
        if (!theirs) return refuse(error);
        auto headers = error_headers(error);
        if (failure->refusal) {
            auto passed = passed_headers(failure->refusal->headers);
            for (auto& header : passed) {
                if (!http::find_header(headers, header.name)) headers.push_back(std::move(header));
            }
        }
        responder_.whole(error.status, headers, *theirs);
    }

    void refuse(const ApiError& error) {
        if (request_.notes.error.empty()) request_.notes.error = error.code;
        answer_error(responder_, error, request_.request_id);
    }

    // The client sees who answers, and who was asked first.
    void bear_names() {
        const auto& notes = request_.notes;
        const std::array headers = {
            HeaderView{.name = "x-handover-provider", .value = notes.provider},
            HeaderView{.name = "x-handover-fallback-from", .value = notes.fallback_from}};
        const auto count = notes.fallback_from.empty() ? headers.size() - 1 : headers.size();
        responder_.bear(std::span(headers).first(count));
    }

    // In the client's own dialect where the provider speaks it, byte for byte.
    std::variant<plugins::ClientRequest, ApiError> write_request(
        const providers::Provider& provider, const ModelAt& stop, bool last) {
        conversation_ = {.client = dialects::dialect_named(name_of(endpoint_)),
                         .client_streams = asked_.stream};
        const auto& model = stop.model.empty() ? provider.model : stop.model;
        if (model.empty() && !asked_.model.empty()) {
            return ApiError{.status = 404,
                            .message = fmt::format("\"{}\" names no model of {}, which has no "
                                                   "default one (set it in the config)",
                                                   asked_.model,
                                                   provider.name),
                            .code = "model_not_found",
                            .param = "model"};
        }
        const auto speaks = [&](std::string_view dialect) {
            return std::find(provider.dialects.begin(), provider.dialects.end(), dialect) !=
                   provider.dialects.end();
        };
        plugins::ClientRequest request = {.dialect = std::string(name_of(endpoint_)),
                                          .model = model,
                                          .session = session_of(request_),
                                          .stream = asked_.stream};
        if (speaks(request.dialect)) {
            conversation_.upstream = conversation_.client;
            request.body = last ? std::move(request_.body) : request_.body;
            return request;
        }
        const auto other = std::find_if(
            provider.dialects.begin(), provider.dialects.end(), [](const std::string& dialect) {
                return dialects::dialect_named(dialect).has_value();
            });
        if (!conversation_.client || other == provider.dialects.end()) {
            return ApiError{
                .status = 404,
                .message = fmt::format("{} does not serve {}", provider.name, request.dialect),
                .code = "unsupported_endpoint"};
        }
        conversation_.upstream = dialects::dialect_named(*other);
        conversation_.seed = request_.request_id;
        conversation_.now = std::chrono::system_clock::to_time_t(now());
        // Either API wants a model named; a request without one gets the provider's own.
        const bool names_none = asked_.model.empty() && !model.empty();
        const auto named = names_none ? with_model(request_.body, model) : std::string();
        auto translated = dialects::translate_request(*conversation_.client,
                                                      *conversation_.upstream,
                                                      names_none ? named : request_.body,
                                                      provider.compatibility);
        if (const auto* refusal = std::get_if<dialects::Refusal>(&translated)) {
            return ApiError{.status = 400,
                            .message = refusal->message,
                            .code = refusal->code,
                            .param = refusal->param};
        }
        auto& made = std::get<dialects::TranslatedRequest>(translated);
        for (const auto& field : made.dropped) {
            const bool first = parts_.lasting->left_out.is_first(provider.name, field);
            log::write(first ? log::Level::warning : log::Level::info,
                       "gateway",
                       fmt::format("{}: {} has no field like \"{}\"; it was left out",
                                   request_.request_id,
                                   provider.name,
                                   field));
        }
        conversation_.facts = std::move(made.facts);
        request.dialect = *other;
        request.body = std::move(made.body);
        return request;
    }

    // Refers to `failure`.
    run::ExchangeHandler handler_of(UpstreamFailure& failure, bool last) {
        relay_.reset();
        return {
            .on_head =
                [this](const http::ResponseHead& head) {
                    request_.notes.upstream_first_byte = SteadyClock::now();
                    request_.notes.upstream_status = head.status;
                    relay_ = make_relay(client_, conversation_, head);
                },
            .on_body = [this](std::string_view bytes) { return relay_->body(bytes); },
            .on_settled = [this] { responder_.flush(); },
            .on_refusal =
                [this, &failure](const http::Response& refusal) {
                    request_.notes.upstream_first_byte = SteadyClock::now();
                    failure.refusal = refusal;
                },
            .on_quota = [&failure](std::optional<Time> reset) { failure.reset = reset; },
            .flow = &flow_,
            // Where nobody waits for it, or there is somewhere else to go, a failure right after
            // the beginning is one before it.
            .hold_preamble = !asked_.stream || !last,
        };
    }

    [[nodiscard]] run::Upstream upstream_of(const ReadyProvider& ready) const {
        return {.provider = ready.provider,
                .instance = ready.instance,
                .broker = *parts_.broker,
                .max_retries = parts_.max_retries,
                .clock = parts_.clock,
                .ledgers = parts_.ledgers,
                .destination = &ready.destination};
    }

    [[nodiscard]] LoopSteps steps_of(const ReadyProvider& ready) const {
        return LoopSteps({.client = loop_->client,
                          .broker = *parts_.broker,
                          .workers = parts_.lasting->workers,
                          .request = request_,
                          .slots = ready.slots,
                          .max_queue = parts_.max_queue,
                          .queue_timeout = parts_.queue_timeout});
    }

    std::optional<Unserved> outcome(const Result<void>& exchanged,
                                    const run::Upstream& upstream,
                                    UpstreamFailure failure) {
        if (relay_ != nullptr && (exchanged || relay_->ended())) {
            const auto told = relay_->finish();
            if (!told) return std::nullopt;
            auto judged = run::judge_failure(upstream, *told);
            failure.error = std::move(judged.error);
            failure.reset = judged.until;
        } else {
            failure.error = exchanged ? Error{} : exchanged.error();
            if (const auto* why = relay_ != nullptr ? relay_->gave_up() : nullptr)
                failure.error = *why;
        }
        return Unserved(std::move(failure));
    }

    std::shared_ptr<ApiLoop> loop_;
    const ModelApiParts& parts_;
    Endpoint endpoint_;
    ClientRequest& request_;
    Responder& responder_;
    AskedModel asked_ = {};
    Conversation conversation_ = {};
    http::Flow flow_{};
    ClientSide client_;
    std::unique_ptr<Relay> relay_ = {};
};

}  // namespace

ApiShared::ApiShared(ModelApiParts given)
    : parts(std::move(given)),
      ready(std::make_shared<ReadyProviders>(
          parts.provider, parts.instance, *parts.broker, parts.lasting->slots)) {}

boost::asio::awaitable<void> generate(std::shared_ptr<ApiLoop> loop,
                                      Endpoint endpoint,
                                      ClientRequest& request,
                                      Responder& responder) {
    Generation one(std::move(loop), endpoint, request, responder);
    if (!one.read()) co_return;
    if (one.model_is_ambiguous()) co_await one.learn_models();
    const auto way = one.way();
    if (!way) co_return;
    const auto& stops = way->stops;
    for (std::size_t i = 0; i < stops.size(); ++i) {
        const auto* const next = i + 1 < stops.size() ? &stops[i + 1] : nullptr;
        const auto unserved = co_await one.visit(stops[i], next == nullptr);
        if (!unserved || !one.goes_on(*unserved, stops[i], next)) co_return;
    }
}

boost::asio::awaitable<Result<ReadyProviderPtr>> ready_provider(ApiShared& shared,
                                                                const std::string& name) {
    if (auto ready = shared.ready->find(name)) co_return ready;
    std::function<Result<ReadyProviderPtr>()> work = [ready = shared.ready, name] {
        return ready->make(name);
    };
    auto made =
        co_await away(shared.parts.lasting->workers, Workers::For::credentials, std::move(work));
    co_return made;
}

}  // namespace handover::gateway
