// The extension "handover.models/1", and how any extension is asked for: once after loading, its
// answers checked like any other.
#include <algorithm>
#include <chrono>
#include <exception>
#include <unordered_set>

#include "log/log.hpp"
#include "plugins/loaded.hpp"
#include "plugins/prepare_answer.hpp"
#include "text/printable.hpp"

namespace handover::plugins {
namespace {

constexpr std::size_t most_models = 10'000;
constexpr std::size_t longest_text = 256;
constexpr std::int64_t most_tokens = 1'000'000'000'000;  // more is a mistake
constexpr std::int64_t year_2200 = 7'258'118'400;        // the same, and it overflows the clock

struct Reading {
    ModelList list = {};
    std::unordered_set<std::string> seen = {};
};

// An id goes back into requests, so one that would have to be changed to be shown is none.
std::optional<std::string> id_of(handover_string text) {
    const auto id = given(text);
    if (!id || id->empty() || id->size() > longest_text) return std::nullopt;
    if (text::printable(*id, longest_text) != *id) return std::nullopt;
    return std::string(*id);
}

std::string shown(handover_string text) {
    const auto value = given(text);
    return value ? text::printable(*value, longest_text) : std::string();
}

std::optional<Model> checked(const handover_model* told) {
    if (told == nullptr || !HANDOVER_HAS(told, created)) return std::nullopt;
    auto id = id_of(told->id);
    if (!id) return std::nullopt;
    Model model{.id = *std::move(id),
                .display_name = shown(told->display_name),
                .owner = shown(told->owner)};
    if (told->context_window > 0 && told->context_window <= most_tokens)
        model.context_window = told->context_window;
    if (told->created > 0 && told->created < year_2200)
        model.created = Time(std::chrono::seconds(told->created));
    return model;
}

void add_model(void* context, const handover_model* told) noexcept {
    auto& reading = *static_cast<Reading*>(context);
    try {
        auto model = checked(told);
        if (!model || reading.list.models.size() == most_models) return;
        if (reading.seen.insert(model->id).second) reading.list.models.push_back(*std::move(model));
    } catch (const std::exception&) {  // the ABI's edge: a model for which there is no memory
    }
}

void set_message(void* context, handover_string message) noexcept {
    constexpr std::size_t longest_message = 2000;
    try {
        if (const auto text = given(message))
            static_cast<Reading*>(context)->list.message = text->substr(0, longest_message);
    } catch (const std::exception&) {  // the ABI's edge
    }
}

}  // namespace

const void* ask_for_extension(const handover_plugin& plugin,
                              const std::string& id,
                              std::string_view extension) {
    if (plugin.get_extension == nullptr) return nullptr;
    try {
        return plugin.get_extension({extension.data(), extension.size()});
    } catch (...) {  // the ABI's edge: a plugin without the C++ face may leak one
        log::warning("plugins", "the plugin " + id + " let an exception out of get_extension");
        return nullptr;
    }
}

const handover_models* find_models_extension(const handover_plugin& plugin, const std::string& id) {
    const auto* models =
        static_cast<const handover_models*>(ask_for_extension(plugin, id, HANDOVER_EXT_MODELS));
    if (models == nullptr) return nullptr;
    if (HANDOVER_HAS(models, read) && models->prepare != nullptr && models->read != nullptr)
        return models;
    log::warning("plugins",
                 "the plugin " + id +
                     " offers " HANDOVER_EXT_MODELS " without its functions; it is not used");
    return nullptr;
}

ModelList read_model_list(const handover_models& extension,
                          const handover_instance* instance,
                          std::string_view body) {
    Reading reading;
    const handover_models_output output = {.size = sizeof(handover_models_output),
                                           .reserved = 0,
                                           .context = &reading,
                                           .add_model = add_model,
                                           .set_message = set_message};
    try {
        const auto status = extension.read(instance, {body.data(), body.size()}, &output);
        reading.list.understood = number_of(status) == HANDOVER_OK;
    } catch (...) {  // the ABI's edge: a plugin without the C++ face may leak one
        reading.list.message = "an exception left its function";
    }
    return std::move(reading.list);
}

}  // namespace handover::plugins
