// One list of models asked of a provider: credential, request, judgement, the recovery from a 401.
#pragma once

#include <handover/result.hpp>

#include <stop_token>
#include <string>
#include <vector>

#include "models/models.hpp"

namespace handover::models {

struct Fetched {
    bool not_modified = false;  // what is kept under that ETag is still right
    std::vector<plugins::Model> models = {};
    std::string etag = {};
};

// `etag`: of what is kept, or empty.
Result<Fetched> fetch_models(const Source& source,
                             const std::string& etag,
                             const std::stop_token& stop);

}  // namespace handover::models
