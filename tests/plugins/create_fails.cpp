#include <handover/plugin.hpp>

#include <stdexcept>

namespace {

using namespace handover::sdk;

class CreateFails {
public:
    CreateFails(const Config& config, Log) {
        throw std::runtime_error("no luck with " + std::string(config.provider));
    }
    PrepareAnswer prepare(const Request&) const { return Prepared{}; }
    Classification classify(const Failure&) const { return {}; }
};

}  // namespace

HANDOVER_PLUGIN(CreateFails)
