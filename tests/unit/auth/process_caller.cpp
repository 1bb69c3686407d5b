// A caller in a process of its own.
//   auth_process refresh FOLDER         resolves the expired login below FOLDER; a refresh appends
//   a line to FOLDER/sent auth_process lease FOLDER ROUNDS    takes the lease ROUNDS times; exits 3
//   if somebody else was in it too auth_process hold FOLDER            takes the lease, makes
//   FOLDER/held, and waits to be killed
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "fake_authority.hpp"

using namespace handover::auth;
using namespace handover::auth::testing;

namespace {

int append_line(const std::filesystem::path& file) {
    const handover::platform::Descriptor opened(
        open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    return write(opened.get(), "x\n", 2) == 2 ? 0 : 1;
}

int refresh(const std::filesystem::path& folder) {
    Services services = {.store = open_file_store({.folder = folder / "credentials"}),
                         .send =
                             [&](const auto&, const auto&, auto) {
                                 (void)append_line(folder / "sent");
                                 return tokens(1);
                             },
                         .clock = [] { return at(0); },
                         .environment = [](const auto&) { return std::optional<std::string>(); }};
    Broker broker(std::move(services));
    const auto resolved = broker.resolve(target_with({oauth_method()}), {});
    return resolved && (*resolved)->credential.access_token.reveal() == "sandbox-access-1" ? 0 : 2;
}

int lease(const std::filesystem::path& folder, int rounds) {
    LeaseTable table(folder / "leases");
    const auto inside = folder / "inside";
    for (int i = 0; i < rounds; ++i) {
        const auto held = table.take("subject", {});
        if (!held) return 2;
        const handover::platform::Descriptor alone(
            open(inside.c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        if (!alone.valid()) return 3;
        if (append_line(folder / "rounds") != 0 || unlink(inside.c_str()) != 0) return 4;
    }
    return 0;
}

int hold(const std::filesystem::path& folder) {
    LeaseTable table(folder / "leases");
    const auto held = table.take("subject", {});
    if (!held || append_line(folder / "held") != 0) return 2;
    for (;;) pause();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 64;
    const std::string what = argv[1];
    if (what == "refresh") return refresh(argv[2]);
    if (what == "lease" && argc == 4) return lease(argv[2], std::atoi(argv[3]));
    if (what == "hold") return hold(argv[2]);
    return 64;
}
