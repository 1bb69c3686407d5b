// Opens streams at a server on loopback and measures when their events come.
#pragma once

#include <string>
#include <vector>

#include "stream_event.hpp"

namespace handover::bench {

struct StreamLoad {
    int port = 0;
    std::string key = {};
    int connections = 1;
    int streams_each = 1;  // one after another through one connection
    StreamPlan plan = {};
    std::vector<std::string> headers = {};  // "NAME: VALUE", besides the usual ones
};

// Prints "ready" when each connection has the first event of its first stream, and at the end a
// line of figures. False, with a line on stderr, where a stream was not what was asked for.
bool measure_streams(const StreamLoad& load);

}  // namespace handover::bench
