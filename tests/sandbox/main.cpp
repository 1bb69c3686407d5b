// handover-sandbox: options, one line about where it listens, then service until a signal.
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

#include "sandbox/options.hpp"
#include "sandbox/server.hpp"
#include "sandbox/service.hpp"

namespace {

using namespace handover;
using namespace handover::sandbox;

int complain(const Error& error) {
    std::fprintf(stderr,
                 "error: %s [%s]\n",
                 error.message.c_str(),
                 std::string(code_name(error.code)).c_str());
    if (!error.reason.empty()) {
        std::fprintf(stderr, "  reason: %s\n", error.reason.c_str());
    }
    std::fprintf(stderr, "  fix: %s\n", error.fix.c_str());
    return error.code == Errc::usage ? 2 : 1;
}

void announce(const std::string& origin) {
    std::printf(R"({"issuer":"%s","base_url":"%s/v1","codex_base_url":"%s/backend-api/codex",)"
                R"("sandbox":"%s/_sandbox","api_key":"sandbox-key-demo","pid":%d})"
                "\n",
                origin.c_str(),
                origin.c_str(),
                origin.c_str(),
                origin.c_str(),
                static_cast<int>(::getpid()));
    std::fflush(stdout);
}

int run(const std::vector<std::string>& arguments) {
    const auto options = parse_options(arguments);
    if (!options) {
        return complain(options.error());
    }
    if (options->help) {
        std::fputs(usage().c_str(), stdout);
        return 0;
    }
    const auto parent = ::getppid();
    if (options->exit_with_parent) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (::getppid() != parent) {
            return 0;  // it ended before the kernel was told to watch it
        }
    }
    Faults faults;
    for (const auto& argument : options->faults) {
        if (const auto applied = faults.apply_argument(argument); !applied) {
            return complain(applied.error());
        }
    }
    auto signer = Signer::create();
    if (!signer) {
        return complain(signer.error());
    }
    auto server = Server::listen(options->port);
    if (!server) {
        return complain(server.error());
    }
    const auto origin = "http://127.0.0.1:" + std::to_string(server->port());
    Service service({.issuer = origin, .token_lifetime = options->token_lifetime},
                    *std::move(signer),
                    std::move(faults));
    announce(origin);
    server->serve(service);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        return run(std::vector<std::string>(argv + 1, argv + argc));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "error: %s [INTERNAL]\n", error.what());
        return 1;
    }
}
