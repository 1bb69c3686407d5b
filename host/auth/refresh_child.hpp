// The exchange in a process of its own: exec'd from this very program, in a session of its own,
// with nothing of the caller open but the locked file. Ctrl-C, a closed terminal, `timeout -s KILL`
// or a SIGKILL of the caller do not stop it half-way.
#pragma once

#include <functional>
#include <string>

#include "auth/refresh.hpp"
#include "http/message.hpp"

namespace handover::auth {

struct RefreshChild {
    std::string folder = {};  // the credentials
    std::string cache = {};   // discovery documents
    std::string proxy = {};   // [http] of the config
    std::string ca_file = {};
    std::vector<std::string> without_environment = {};  // variables with keys in them
};

// Spends a token by `PROGRAM __refresh LOCK MAILBOX` and waits for it. On a stop request it stops
// waiting; the child goes on.
SpendToken spend_in_child(RefreshChild child);

// The child's side: the descriptors it inherited, and how to make its way out once the order says
// which proxy and which CA file. Returns the exit status: 0 when the report was written.
using MakeSend = std::function<http::Send(const std::string& proxy, const std::string& ca_file)>;
int run_refresh_child(int lock, int mailbox, const MakeSend& make_send);

}  // namespace handover::auth
