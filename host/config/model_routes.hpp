// [models]: names that the gateway's clients use, and where they lead.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace handover::config {

class TableReader;

// A place that a request may go to: a provider and what the model is called there.
struct ModelAt {
    std::string provider = {};  // empty: the default one
    std::string model = {};     // empty: as the request names it, else the provider's own

    bool operator==(const ModelAt&) const = default;
};

struct ModelAlias {
    ModelAt first = {};
    std::vector<ModelAt> fallback = {};  // in turn, where the one before has no quota or is down

    bool operator==(const ModelAlias&) const = default;
};

// "PROVIDER" or "PROVIDER/MODEL"; the model's name may hold more slashes.
ModelAt parse_model_at(const std::string& text);

// A list of those under `key`. What is wrong goes into the reader's problems.
std::vector<ModelAt> read_fallback(TableReader& reader, std::string_view key);

// Every entry is "PROVIDER/MODEL", or a table with `provider`, `model` and `fallback`.
std::map<std::string, ModelAlias> read_models(TableReader& top);

}  // namespace handover::config
