// The keys of [serve] that the gateway's front heeds: who may come in, and for how long.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace handover::config {

class TableReader;

struct FrontSettings {
    std::vector<std::string> hosts = {};    // names beyond localhost that Host may have
    std::vector<std::string> origins = {};  // pages that may call from a browser (CORS)
    // Files in PEM; both or neither. Connections over TCP are plain without them.
    std::string tls_certificate = {};
    std::string tls_key = {};
    int max_connections = 4096;
    std::chrono::milliseconds head_timeout = std::chrono::seconds(10);
    std::chrono::milliseconds body_timeout = std::chrono::minutes(2);
    // Without a request on a connection that is kept alive.
    std::chrono::milliseconds keep_alive = std::chrono::minutes(2);
    // A client that takes nothing of its answer for so long has gone.
    std::chrono::milliseconds stall_timeout = std::chrono::minutes(1);
    // A comment goes into an event stream that was silent for so long.
    std::chrono::milliseconds stream_keep_alive = std::chrono::seconds(15);
    std::chrono::milliseconds grace = std::chrono::seconds(30);  // for open streams after SIGTERM

    bool operator==(const FrontSettings&) const = default;
};

void read_front_settings(TableReader& serve, FrontSettings& settings);

}  // namespace handover::config
