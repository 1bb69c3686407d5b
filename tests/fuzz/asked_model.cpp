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

namespace {

constexpr std::string_view another = "another \" model";
constexpr std::string_view another_quoted = R"("another \" model")";

void require(bool holds) {
    if (!holds) std::abort();
}

void check_renamed(std::string_view body, const std::string& renamed, bool stream) {
    require(dialects::is_json(renamed));
    require(run::raw_member(renamed, "model") == another_quoted);
    const auto again = gateway::read_asked(renamed);
    const auto* read = std::get_if<gateway::AskedModel>(&again);
    require(read != nullptr && read->model == another && read->stream == stream);
    for (const auto& [name, value] : run::raw_members(body)) {
        require(dialects::is_json(value));
        require(name == "model" || run::raw_member(renamed, name) == run::raw_member(body, name));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    for (const auto& [name, value] : run::raw_members(body)) (void)run::raw_elements(value);
    const auto asked = gateway::read_asked(body);
    if (const auto* refused = std::get_if<gateway::ApiError>(&asked)) {
        require(refused->status == 400 && !refused->message.empty());
        return 0;
    }
    require(dialects::is_json(body));
    const bool stream = std::get<gateway::AskedModel>(asked).stream;
    check_renamed(body, gateway::with_model(body, another), stream);
    return 0;
}
