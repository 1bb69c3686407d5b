// `handover` alone: what to do next on this machine.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.hpp"
#include "cli/default_provider.hpp"
#include "text/printable.hpp"

namespace handover::cli {
namespace {

std::string no_plugin(const plugins::Catalogue& catalogue) {
    std::string out =
        "Handover is here, but no plugin is: a provider is a shared object dropped into a "
        "folder.\n\n"
        "Next: put codex.so or openai.so into one of these folders:\n";
    for (const auto& folder : catalogue.folders())
        out += fmt::format("  {}\n", text::printable(folder.string()));
    return out + "or name one with --plugin-dir.\n";
}

std::string no_credential(const std::vector<std::string>& plugin_ids) {
    std::string out = fmt::format("Plugins found: {}. No credential yet.\n\nNext, one of these:\n",
                                  fmt::join(plugin_ids, ", "));
    for (const auto& id : plugin_ids) out += fmt::format("  handover auth login {}\n", id);
    return out +
           "  export OPENAI_API_KEY=...      # a key in the environment is enough for openai; "
           "GROQ_API_KEY for groq, ...\n"
           "  handover run -p ollama \"hi\"    # a local server needs no login\n\n"
           "`handover auth login` lists every provider that is known by name.\n";
}

std::string ready(const std::vector<std::string>& usable) {
    if (usable.size() == 1) {
        return fmt::format(
            "Ready: {} is usable.\n\nNext:\n  handover run \"Say hello\"\n  handover auth status\n",
            usable.front());
    }
    return fmt::format(
        "Ready: {} are usable.\n\nNext:\n  handover run -p {} \"Say hello\"\n  handover auth "
        "status\n\n"
        "Without -p the provider named by default_provider in the config file is taken.\n",
        fmt::join(usable, ", "),
        usable.front());
}

}  // namespace

Result<int> next_step(const NextStepOptions& /*options*/,
                      Services& services,
                      const Streams& streams) {
    const auto catalogue = services.catalogue();
    if (!catalogue) return catalogue.failure();
    const auto ids = (*catalogue)->ids();
    if (ids.empty()) {
        streams.out(no_plugin(**catalogue));
        return 0;
    }
    const auto usable = usable_providers(services);
    if (!usable) return usable.failure();
    streams.out(usable->empty() ? no_credential(ids) : ready(*usable));
    streams.out("`handover --help` lists the commands.\n");
    return 0;
}

}  // namespace handover::cli
