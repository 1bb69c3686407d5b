// `handover config init`: writes the annotated default; never over a file that is there, unless
// told to.
#include <fmt/format.h>

#include "cli/commands.hpp"
#include "platform/files.hpp"

namespace handover::cli {

Result<int> config_init(const ConfigInitOptions& options,
                        Services& services,
                        const Streams& streams) {
    const auto paths = services.paths();
    if (!paths) return paths.failure();
    const auto& file = (*paths)->config_file;
    std::error_code error;
    if (!options.force && std::filesystem::exists(file, error)) {
        return fail({.code = Errc::usage,
                     .message = fmt::format("{} is there already", file.string()),
                     .reason = "it is not overwritten without being told to",
                     .fix = "handover config init --force"});
    }
    if (const auto written = platform::replace_file(file, config::annotated_default()); !written)
        return written.failure();
    streams.say(fmt::format("Wrote {}", file.string()));
    return 0;
}

}  // namespace handover::cli
