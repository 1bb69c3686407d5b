// What is the same for every request to a provider under one account: looked up and checked once
// where requests are many. Pure.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/broker.hpp"
#include "providers/provider.hpp"
#include "run/target_url.hpp"

namespace handover::run {

struct Destination {
    std::shared_ptr<const auth::Target> target = {};
    Result<Base> base;
    std::vector<Result<Base>> hosts = {};  // the manifest's, in its order
    // The headers of every method's `attach`: which method serves must not decide what a plugin may
    // set.
    std::vector<std::string> owned_headers = {};
    std::string ledger = {};  // the limits of who is logged in there: PROVIDER@ACCOUNT
};

// A base that cannot be used is an error of the requests that go there.
Destination destination_of(const providers::Provider& provider,
                           std::shared_ptr<const auth::Target> target);

}  // namespace handover::run
