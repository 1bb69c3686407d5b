// The plugin's face towards the host.
#include "model_list/model_list.hpp"
#include "openai/openai.hpp"

namespace {

class OpenAi {
public:
    OpenAi(const handover::sdk::Config& config, handover::sdk::Log)
        : settings_(handover::openai::read_settings(config)) {}

    [[nodiscard]] handover::sdk::PrepareAnswer prepare(
        const handover::sdk::Request& request) const {
        return handover::openai::prepare(settings_, request);
    }

    [[nodiscard]] handover::sdk::Classification classify(
        const handover::sdk::Failure& failure) const {
        return handover::openai::classify(failure);
    }

    [[nodiscard]] std::vector<handover::sdk::LimitWindow> limits(
        const handover::sdk::AnswerHeaders& answer) const {
        return handover::openai::limits(answer);
    }

    [[nodiscard]] handover::sdk::ModelsRequest models_request() const {
        return handover::openai::models_request(settings_);
    }

    [[nodiscard]] std::vector<handover::sdk::Model> models(std::string_view body) const {
        return handover::model_list::read_model_list(body);
    }

private:
    handover::openai::Settings settings_;
};

}  // namespace

HANDOVER_PLUGIN(OpenAi)
