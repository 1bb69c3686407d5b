#include "models/models.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/cache.hpp"
#include "models/fetch.hpp"

namespace handover::models {
namespace {

// A clock that was wrong when the file was written must not keep it for years.
constexpr auto clock_skew = std::chrono::minutes(5);

Key key_of(const providers::Provider& provider, const std::string& account) {
    return {.provider = provider.name,
            .account = account.empty() ? provider.account : account,
            .base_url = provider.base_url};
}

bool is_fresh(const Kept& kept, Time now, std::chrono::seconds fresh_for) {
    return now >= kept.fetched_at - clock_skew && now < kept.fetched_at + fresh_for;
}

// The provider is not there, or not now; nothing is wrong with what was asked or who asked.
bool is_unreachable(Errc code) {
    return code == Errc::provider_unavailable || code == Errc::provider_rate_limited ||
           code == Errc::auth_refresh_unavailable;
}

Failure lists_none(const providers::Provider& provider) {
    return fail(
        {.code = Errc::provider_rejected,
         .message = fmt::format("the plugin {} cannot list models", provider.plugin),
         .reason = "it does not offer the extension handover.models/1",
         .fix = "take a model's name from the provider's documentation, and give it with -m"});
}

}  // namespace

Result<Listing> list_models(const Source& source,
                            Freshness freshness,
                            const std::stop_token& stop) {
    if (!source.instance.lists_models()) return lists_none(source.provider);
    const auto key = key_of(source.provider, source.account);
    auto kept = load_kept(source.cache_folder, key);
    if (kept && freshness == Freshness::kept_will_do &&
        is_fresh(*kept, source.clock(), source.fresh_for)) {
        return Listing{.models = std::move(kept->models),
                       .fetched_at = kept->fetched_at,
                       .origin = Origin::cache};
    }
    auto fetched = fetch_models(source, kept ? kept->etag : std::string(), stop);
    if (!fetched) {
        if (!kept || stop.stop_requested() || !is_unreachable(fetched.error().code))
            return fetched.failure();
        return Listing{.models = std::move(kept->models),
                       .fetched_at = kept->fetched_at,
                       .origin = Origin::stale_cache,
                       .unreachable = fetched.error()};
    }
    Kept now{.models = fetched->not_modified ? std::move(kept->models) : std::move(fetched->models),
             .fetched_at = source.clock(),
             .etag = std::move(fetched->etag)};
    store_kept(source.cache_folder, key, now);
    return Listing{.models = std::move(now.models), .fetched_at = now.fetched_at};
}

std::optional<Listing> kept_models(const providers::Provider& provider,
                                   const std::string& account,
                                   const std::filesystem::path& cache_folder) {
    auto kept = load_kept(cache_folder, key_of(provider, account));
    if (!kept) return std::nullopt;
    return Listing{.models = std::move(kept->models),
                   .fetched_at = kept->fetched_at,
                   .origin = Origin::stale_cache};
}

}  // namespace handover::models
