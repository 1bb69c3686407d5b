// Many threads of one process that want one credential at the same moment, by the broker as the
// commands use it: over the real store, the refresh in a process of its own.
//   refresh_threads PROVIDER THREADS    in the environment of `handover`; HANDOVER_BIN is that
//   program
// Prints one JSON object: how many were served, each different token, each different error code.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "cli/services.hpp"

using namespace handover;

namespace {

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

// The broker starts the program that runs it for a refresh: that is handover's own business.
int refresh_by_handover(char** argv) {
    const char* program = std::getenv("HANDOVER_BIN");
    if (program == nullptr) return 64;
    execv(program, argv);
    return 127;
}

struct Outcome {
    std::mutex mutex = {};  // guards the rest
    int served = 0;
    std::set<std::string> tokens = {};
    std::set<std::string> errors = {};

    void add(const Result<auth::ResolvedPtr>& resolved) {
        const std::lock_guard guard(mutex);
        if (!resolved) {
            errors.insert('"' + std::string(code_name(resolved.error().code)) + '"');
            return;
        }
        ++served;
        tokens.insert('"' + std::string((*resolved)->credential.access_token.reveal()) + '"');
    }
};

int race(const std::string& provider_name, std::ptrdiff_t threads) {
    cli::Outside outside;
    outside.environment = environment;
    outside.clock = [] { return std::chrono::system_clock::now(); };
    cli::Services services(std::move(outside), {});
    const auto provider = services.provider(provider_name);
    const auto broker = services.broker();
    if (!provider || !broker) return 3;
    const auto target = provider->target();
    Outcome outcome;
    std::barrier start(threads);
    {
        std::vector<std::jthread> all;
        for (std::ptrdiff_t i = 0; i < threads; ++i) {
            all.emplace_back([&] {
                start.arrive_and_wait();
                outcome.add((*broker)->resolve(target, {}));
            });
        }
    }
    fmt::print("{{\"served\":{},\"tokens\":[{}],\"errors\":[{}]}}\n",
               outcome.served,
               fmt::join(outcome.tokens, ","),
               fmt::join(outcome.errors, ","));
    return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc == 4 && std::string_view(argv[1]) == "__refresh") return refresh_by_handover(argv);
    const int threads = argc == 3 ? std::atoi(argv[2]) : 0;
    if (threads < 1) return 64;
    return race(argv[1], threads);
}
