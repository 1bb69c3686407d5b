// The plugin's face towards the host.
#include "codex/codex.hpp"
#include "model_list/model_list.hpp"

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

    [[nodiscard]] handover::sdk::ModelsRequest models_request() const {
        return handover::codex::models_request(settings_);
    }

    [[nodiscard]] std::vector<handover::sdk::Model> models(std::string_view body) const {
        return handover::model_list::read_model_list(body);
    }

private:
    handover::codex::Settings settings_;
};

}  // namespace

HANDOVER_PLUGIN(Codex)
