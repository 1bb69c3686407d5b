// `handover config path`: where the config file is, whether or not it exists.
#include "cli/commands.hpp"

namespace handover::cli {

Result<int> config_path(const ConfigPathOptions& /*options*/,
                        Services& services,
                        const Streams& streams) {
    const auto paths = services.paths();
    if (!paths) return paths.failure();
    streams.out((*paths)->config_file.string() + "\n");
    return 0;
}

}  // namespace handover::cli
