// The plugin's face towards the host.
#include "codex/codex.hpp"

namespace {

class Codex {
public:
    Codex(const handover::sdk::Config& config, handover::sdk::Log)
        : settings_(handover::codex::read_settings(config)) {}

    [[nodiscard]] handover::sdk::PrepareAnswer prepare(
        const handover::sdk::Request& request) const {
        return handover::codex::prepare(settings_, request);
    }

    [[nodiscard]] handover::sdk::Classification classify(
        const handover::sdk::Failure& failure) const {
        return handover::codex::classify(failure);
    }

    [[nodiscard]] std::vector<handover::sdk::LimitWindow> limits(
        const handover::sdk::AnswerHeaders& answer) const {
        return handover::codex::limits(answer);
    }

private:
    handover::codex::Settings settings_;
};

}  // namespace

HANDOVER_PLUGIN(Codex)
