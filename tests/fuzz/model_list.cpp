// A provider's answer as a list of models, and the host's own file of one: either is refused, or
// every model in it is in range, and what the host keeps comes back as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <stdexcept>
#include <string_view>

#include "model_list/model_list.hpp"
#include "models/cache.hpp"

namespace {

using namespace handover;

void check_answer(std::string_view body) {
    std::set<std::string> seen;
    try {
        for (const auto& model : model_list::read_model_list(body)) {
            if (model.id.empty() || model.id.size() > 256) std::abort();
            if (!seen.insert(model.id).second) std::abort();
            if (model.context_window && *model.context_window < 1) std::abort();
            if (model.created && *model.created < 1) std::abort();
        }
    } catch (const std::runtime_error&) {
    }
}

void check_file(std::string_view text) {
    const models::Key key = {.provider = "p", .account = "default", .base_url = "u"};
    const auto kept = models::parse_kept(key, text);
    if (!kept) return;
    for (const auto& model : kept->models) {
        if (model.id.empty()) std::abort();
    }
    if (models::parse_kept(key, models::print_kept(key, *kept)) != kept) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check_answer(text);
    check_file(text);
    return 0;
}
