#include "models/fetch.hpp"

#include <fmt/format.h>

#include <utility>

#include "http/retry_policy.hpp"
#include "log/log.hpp"
#include "run/error_mapping.hpp"
#include "run/outgoing_request.hpp"

namespace handover::models {
namespace {

constexpr http::Limits limits = {
    .connect = std::chrono::seconds(10), .total = std::chrono::seconds(30), .max_body = 8U << 20U};

class Fetch {
public:
    Fetch(const Source& source, const std::string& etag, const std::stop_token& stop)
        : source_(source),
          etag_(etag),
          stop_(stop),
          destination_(run::destination_of(
              source.provider,
              std::make_shared<const auth::Target>(source.provider.target(source.account)))),
          target_(*destination_.target) {}

    Result<Fetched> run() {
        const auto prepared = source_.instance.prepare_models(destination_.owned_headers);
        if (!prepared) return prepared.failure();
        auto resolved = source_.broker.resolve(target_, {.stop = stop_});
        if (!resolved) return resolved.failure();
        auto response = send(*prepared, **resolved);
        constexpr int unauthorized = 401;
        const bool refused = response && response->status == unauthorized;
        if (refused && (*resolved)->method.kind == auth::Kind::oauth2) {
            resolved = source_.broker.recover(target_, **resolved, {.stop = stop_});
            if (!resolved) return resolved.failure();
            response = send(*prepared, **resolved);
        }
        if (!response) return response.failure();
        return judge(*response, **resolved);
    }

private:
    Result<http::Response> send(const plugins::PreparedRequest& prepared,
                                const auth::Resolved& resolved) const {
        const auto& credentials = resolved.headers;
        if (!credentials) return credentials.failure();
        auto request = run::outgoing_request(
            source_.provider, destination_, prepared, prepared.body, *credentials);
        if (!request) return request.failure();
        if (!etag_.empty()) request->headers.push_back({.name = "If-None-Match", .value = etag_});
        log::info("models",
                  fmt::format("{} {} as {} (credential: {})",
                              request->method,
                              request->url,
                              target_.provider,
                              resolved.source.text()));
        auto outcome = source_.send(*request, limits, stop_);
        if (outcome.delivery != http::Delivery::answered) return fail(std::move(outcome.error));
        return std::move(outcome.response);
    }

    [[nodiscard]] Result<Fetched> judge(const http::Response& response,
                                        const auth::Resolved& resolved) const {
        constexpr int not_modified = 304;
        if (response.status == not_modified && !etag_.empty())
            return Fetched{.not_modified = true, .etag = etag_};
        const run::Origin origin = {.provider = target_.provider,
                                    .account = target_.account,
                                    .kind = resolved.method.kind,
                                    .source = resolved.source.text()};
        if (response.status >= 400) {
            const auto now = source_.clock();
            return fail(run::provider_error(source_.instance.classify(response, now),
                                            response,
                                            origin,
                                            http::retry_after(response.headers, now),
                                            now));
        }
        if (response.status >= 300)
            return fail(run::redirect_error(response.status, response.headers, origin));
        auto models = source_.instance.read_models(response.body);
        if (!models) return models.failure();
        const auto etag = http::find_header(response.headers, "etag").value_or("");
        return Fetched{.models = *std::move(models), .etag = std::string(etag)};
    }

    const Source& source_;
    const std::string& etag_;
    const std::stop_token& stop_;
    run::Destination destination_;
    const auth::Target& target_;
};

}  // namespace

Result<Fetched> fetch_models(const Source& source,
                             const std::string& etag,
                             const std::stop_token& stop) {
    return Fetch(source, etag, stop).run();
}

}  // namespace handover::models
