#include "gateway/model_listing.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>
#include <utility>

#include "gateway/api_error.hpp"
#include "gateway/away.hpp"
#include "gateway/generation.hpp"
#include "log/log.hpp"
#include "text/encoding.hpp"

namespace handover::gateway {
namespace {

namespace json = boost::json;
using boost::asio::use_awaitable;
using Models = std::vector<plugins::Model>;

// Providers that take longer are listed as they were known last.
constexpr auto longest_wait = std::chrono::seconds(10);
constexpr std::string_view model_path = "/v1/models/";

json::object as_object(const ListedModel& model) {
    return {{"id", model.id},
            {"object", "model"},
            {"created", model.created},
            {"owned_by", model.owner}};
}

// What one request waits for; belongs to its loop.
struct Gathering {
    Gathering(const boost::asio::any_io_executor& executor, std::chrono::milliseconds longest)
        : all_there(executor, longest) {}

    std::size_t missing = 0;
    boost::asio::steady_timer all_there;  // cancelled when nothing is missing or wanted any more
};

std::optional<Models> ask(const ReadyProvider& ready,
                          const ModelApiParts& parts,
                          const std::stop_token& stop) {
    const auto listing = models::list_models({.provider = ready.provider,
                                              .instance = ready.instance,
                                              .broker = *parts.broker,
                                              .send = parts.send,
                                              .clock = parts.clock,
                                              .cache_folder = parts.cache_folder},
                                             models::Freshness::kept_will_do,
                                             stop);
    if (listing) return listing->models;
    log::info("gateway", "no models of " + ready.provider.name + ": " + listing.error().message);
    return std::nullopt;
}

boost::asio::awaitable<void> learn_models(ApiShared& shared, const std::string& name) {
    const auto ready = co_await ready_provider(shared, name);
    if (!ready) co_return;
    auto& workers = shared.parts.lasting->workers;
    std::function<std::optional<Models>()> work =
        [provider = *ready, parts = &shared.parts, ending = workers.ending()] {
            return ask(*provider, *parts, ending);
        };
    auto models = co_await away(workers, Workers::For::listings, std::move(work));
    if (models) {
        shared.known.learn(name, *std::move(models));
    } else {
        shared.known.learn_nothing(name);
    }
}

// For all who wait by its end. It goes on when the one who asked first has gone, and ends with the
// gateway.
boost::asio::awaitable<void> list_provider(std::shared_ptr<ApiLoop> loop, std::string name) {
    try {
        co_await learn_models(*loop->shared, name);
    } catch (const std::exception& exception) {
        log::write(log::Level::error, "gateway", "models of " + name + ": " + exception.what());
    }
    loop->shared->listings.end(name);
}

// Another thread may say that a listing has ended.
ListingsInFlight::Ended one_less(const boost::asio::any_io_executor& executor,
                                 std::shared_ptr<Gathering> gathering) {
    return [executor, gathering = std::move(gathering)]() mutable {
        boost::asio::post(executor, [gathering = std::move(gathering)] {
            if (--gathering->missing == 0) gathering->all_there.cancel();
        });
    };
}

// Whoever is worth asking: the default provider first.
std::vector<std::string> listed_providers(const RoutingTable& table) {
    std::vector<std::string> names;
    if (!table.default_provider.empty()) names.push_back(table.default_provider);
    for (const auto& name : table.prefixes) {
        if (name != table.default_provider) names.push_back(name);
    }
    return names;
}

boost::asio::awaitable<std::vector<ListedModel>> gather(std::shared_ptr<ApiLoop> loop,
                                                        std::stop_token stop) {
    const auto& table = loop->shared->parts.routing;
    const auto names = listed_providers(table);
    co_await ask_for_models(loop, names, longest_wait, std::move(stop));
    co_return listed_models(table, names, loop->shared->known);
}

}  // namespace

void KnownModels::learn(const std::string& provider, std::vector<plugins::Model> models) {
    auto list = std::make_shared<const std::vector<plugins::Model>>(std::move(models));
    const std::lock_guard guard(mutex_);
    known_[provider] = std::move(list);
}

void KnownModels::learn_nothing(const std::string& provider) {
    const std::lock_guard guard(mutex_);
    auto& list = known_[provider];
    if (list == nullptr) list = std::make_shared<const std::vector<plugins::Model>>();
}

KnownModels::List KnownModels::of(const std::string& provider) const {
    const std::lock_guard guard(mutex_);
    const auto found = known_.find(provider);
    return found == known_.end() ? nullptr : found->second;
}

bool KnownModels::lists(const std::string& provider, std::string_view model) const {
    const auto list = of(provider);
    return list != nullptr &&
           std::any_of(list->begin(), list->end(), [&](const plugins::Model& one) {
               return one.id == model;
           });
}

boost::asio::awaitable<void> ask_for_models(std::shared_ptr<ApiLoop> loop,
                                            std::vector<std::string> providers,
                                            std::chrono::milliseconds longest,
                                            std::stop_token stop) {
    if (providers.empty() || stop.stop_requested()) co_return;
    const auto executor = co_await boost::asio::this_coro::executor;
    const auto gathering = std::make_shared<Gathering>(executor, longest);
    gathering->missing = providers.size();
    for (const auto& name : providers) {
        if (loop->shared->listings.join(name, one_less(executor, gathering)))
            boost::asio::co_spawn(executor, list_provider(loop, name), boost::asio::detached);
    }
    const std::stop_callback leaving(stop, [&] { gathering->all_there.cancel(); });
    boost::system::error_code ignored;
    co_await gathering->all_there.async_wait(boost::asio::redirect_error(use_awaitable, ignored));
}

std::vector<ListedModel> listed_models(const RoutingTable& table,
                                       const std::vector<std::string>& providers,
                                       const KnownModels& known) {
    std::vector<ListedModel> listed;
    for (const auto& [name, ignored] : table.aliases)
        listed.push_back({.id = name, .owner = "handover"});
    for (const auto& provider : providers) {
        const auto list = known.of(provider);
        if (list == nullptr) continue;
        const auto prefix = provider == table.default_provider ? "" : provider + '/';
        for (const auto& model : *list) {
            if (prefix.empty() && table.aliases.contains(model.id)) continue;
            const auto created = model.created.value_or(Time());
            listed.push_back({.id = prefix + model.id,
                              .owner = model.owner.empty() ? provider : model.owner,
                              .created = std::chrono::system_clock::to_time_t(created)});
        }
    }
    return listed;
}

std::string model_list_json(const std::vector<ListedModel>& models) {
    json::array data;
    for (const auto& model : models) data.push_back(as_object(model));
    return json::serialize(json::object{{"object", "list"}, {"data", std::move(data)}});
}

std::string model_json(const ListedModel& model) {
    return json::serialize(as_object(model));
}

boost::asio::awaitable<void> answer_models(std::shared_ptr<ApiLoop> loop,
                                           ClientRequest& request,
                                           Responder& responder) {
    request.notes.dialect = "models";
    const auto models = co_await gather(std::move(loop), request.client_gone);
    const std::vector<http::Header> headers = {
        {.name = "Content-Type", .value = "application/json"}};
    responder.whole(200, headers, model_list_json(models));
}

boost::asio::awaitable<void> answer_model(std::shared_ptr<ApiLoop> loop,
                                          ClientRequest& request,
                                          Responder& responder) {
    request.notes.dialect = "models";
    const auto named = request.path.substr(model_path.size());
    const auto id = text::percent_decode(named).value_or(std::string(named));
    const auto models = co_await gather(std::move(loop), request.client_gone);
    const auto found = std::find_if(
        models.begin(), models.end(), [&](const ListedModel& model) { return model.id == id; });
    if (found == models.end()) {
        const ApiError unknown = {.status = 404,
                                  .message = "there is no model \"" + id + '"',
                                  .code = "model_not_found",
                                  .param = "model"};
        request.notes.error = unknown.code;
        answer_error(responder, unknown, request.request_id);
        co_return;
    }
    const std::vector<http::Header> headers = {
        {.name = "Content-Type", .value = "application/json"}};
    responder.whole(200, headers, model_json(*found));
}

}  // namespace handover::gateway
