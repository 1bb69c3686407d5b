// Which models there are: GET /v1/models and what routing asks of it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/client_request.hpp"
#include "gateway/responder.hpp"
#include "gateway/routing.hpp"
#include "models/models.hpp"

namespace handover::gateway {

struct ApiLoop;

// What providers listed last, for questions that cannot wait. Thread-safe.
class KnownModels {
public:
    using List = std::shared_ptr<const std::vector<plugins::Model>>;

    void learn(const std::string& provider, std::vector<plugins::Model> models);
    // It was asked and did not say: nobody waits for it again before `learn`.
    void learn_nothing(const std::string& provider);
    // Null: it was not asked yet.
    [[nodiscard]] List of(const std::string& provider) const;
    [[nodiscard]] bool lists(const std::string& provider, std::string_view model) const;

private:
    mutable std::mutex mutex_;  // guards known_
    std::map<std::string, List> known_ = {};
};

struct ListedModel {
    std::string id = {};
    std::string owner = {};
    std::int64_t created = 0;

    bool operator==(const ListedModel&) const = default;
};

// The aliases, the default provider's models by their own names, those of the others as
// PROVIDER/MODEL. Pure.
std::vector<ListedModel> listed_models(const RoutingTable& table,
                                       const std::vector<std::string>& providers,
                                       const KnownModels& known);

// In OpenAI's shapes.
std::string model_list_json(const std::vector<ListedModel>& models);
std::string model_json(const ListedModel& model);

// Asks those providers that are not being asked already, waiting no longer than that for the
// slowest; what they say is known afterwards.
boost::asio::awaitable<void> ask_for_models(std::shared_ptr<ApiLoop> loop,
                                            std::vector<std::string> providers,
                                            std::chrono::milliseconds longest,
                                            std::stop_token stop);

boost::asio::awaitable<void> answer_models(std::shared_ptr<ApiLoop> loop,
                                           ClientRequest& request,
                                           Responder& responder);
// GET /v1/models/{id}; the id may hold slashes.
boost::asio::awaitable<void> answer_model(std::shared_ptr<ApiLoop> loop,
                                          ClientRequest& request,
                                          Responder& responder);

}  // namespace handover::gateway
