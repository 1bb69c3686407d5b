// A config is read whole or refused with its code and place.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/config.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto config = handover::config::parse_config(text, "config.toml");
    if (config) {
        if (config->max_retries < 0 || config->max_queue < 1 || config->max_body == 0) std::abort();
        for (const auto& [name, provider] : config->providers) {
            if (name.empty() || provider.concurrency.value_or(1) < 1) std::abort();
        }
        return 0;
    }
    if (config.error().code != handover::Errc::config_invalid) std::abort();
    if (config.error().message.rfind("config.toml:", 0) != 0) std::abort();
    return 0;
}
