// A broker over a real file store, with an authority that answers as told.
#pragma once

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "fake_authority.hpp"

namespace handover::auth::testing {

inline const CredentialId example = {"example", "default"};

struct BrokerWorld : World {
    Target target = target_with({oauth_method()});
    std::unique_ptr<Broker> broker;

    Broker& open() {
        broker.reset();
        broker = std::make_unique<Broker>(services());
        return *broker;
    }
    // A login that was stored at 0 and expires at `seconds`.
    Broker& logged_in(int seconds) {
        auto& opened = open();
        REQUIRE(opened.store_login(target, target.methods.front(), login(at(seconds))));
        return opened;
    }
    void answer(http::Outcome outcome) {
        const std::lock_guard guard(mutex);
        answers = {std::move(outcome)};
    }
    std::string token() {
        const auto resolved = broker->resolve(target, {});
        return resolved ? std::string((*resolved)->credential.access_token.reveal())
                        : std::string(code_name(resolved.error().code));
    }
    std::optional<Credential> stored() {
        auto loaded = store()->load(example);
        return loaded ? std::move(*loaded) : std::nullopt;
    }
    std::filesystem::path file(const std::string& suffix) {
        return folder.path() / "credentials" / ("example@default" + suffix);
    }
};

inline bool eventually(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return holds();
}

}  // namespace handover::auth::testing
