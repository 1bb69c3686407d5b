// Lines "name: value" as headers: what the plugins read from them is in range, whatever they say.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "codex/codex.hpp"
#include "openai/openai.hpp"

namespace {

using namespace handover;

constexpr std::int64_t now = 1'800'000'000;

sdk::AnswerHeaders headers_of(std::string_view text) {
    sdk::AnswerHeaders answer{.now = now};
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const auto colon = line.find(": ");
        if (colon == std::string_view::npos) continue;
        answer.headers.push_back({.name = line.substr(0, colon), .value = line.substr(colon + 2)});
    }
    return answer;
}

void check(const std::vector<sdk::LimitWindow>& windows) {
    for (const auto& window : windows) {
        if (window.name.empty()) std::abort();
        if (window.used_percent && !(*window.used_percent >= 0)) std::abort();
        for (const auto& number :
             {window.limit, window.remaining, window.window_seconds, window.resets_at}) {
            if (number && *number < 0) std::abort();
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto answer = headers_of({reinterpret_cast<const char*>(data), size});
    check(codex::limits(answer));
    check(openai::limits(answer));
    return 0;
}
