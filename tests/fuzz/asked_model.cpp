// What a client's request asks for, read without taking it apart: whatever is accepted is a JSON
// object, and another model's name can be written into it with nothing else changed.
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "dialects/json_validity.hpp"
#include "gateway/asked_model.hpp"
#include "run/raw_json.hpp"

using namespace handover;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    for (const auto& [name, value] : run::raw_members(body)) (void)run::raw_elements(value);
    const auto asked = gateway::read_asked(body);
    if (const auto* refused = std::get_if<gateway::ApiError>(&asked)) {
        if (refused->status != 400 || refused->message.empty()) std::abort();
        return 0;
    }
    if (!dialects::is_json(body)) std::abort();
    constexpr std::string_view another = R"("another \" model")";
    const auto renamed = gateway::with_model(body, "another \" model");
    if (!dialects::is_json(renamed)) std::abort();
    if (run::raw_member(renamed, "model") != another) std::abort();
    const auto again = gateway::read_asked(renamed);
    const auto* read = std::get_if<gateway::AskedModel>(&again);
    if (read == nullptr || read->model != "another \" model") std::abort();
    if (read->stream != std::get<gateway::AskedModel>(asked).stream) std::abort();
    for (const auto& [name, value] : run::raw_members(body)) {
        if (!dialects::is_json(value)) std::abort();
        if (name != "model" && run::raw_member(renamed, name) != run::raw_member(body, name))
            std::abort();
    }
    return 0;
}
