// One HTTP exchange as values. The service turns a Request into a Reply; only the server knows
// sockets.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace handover::sandbox {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method = "GET";
    std::string path = {};   // without the query
    std::string query = {};  // raw, without '?'
    Headers headers = {};    // names in lower case
    std::string body = {};
};

// The header's value, or an empty text.
inline std::string_view header(const Request& request, std::string_view lower_case_name) {
    for (const auto& [name, value] : request.headers) {
        if (name == lower_case_name) {
            return value;
        }
    }
    return {};
}

// How the server ends the exchange; everything but `whole` is a fault somebody asked for.
enum class Ending {
    whole,
    no_answer,      // the connection closes without a byte
    half_an_answer  // the head and a part of the body, then the connection closes
};

struct Reply {
    int status = 200;
    Headers headers = {};
    std::string body = {};
    bool streams = false;  // `events` go out as chunks, one by one, and `body` is unused
    std::vector<std::string> events = {};  // each a complete server-sent event
    std::chrono::milliseconds delay{0};    // before the head
    std::chrono::milliseconds pace{0};     // between events
    Ending ending = Ending::whole;
    bool is_model_request = false;  // counted as in flight until Service::finished
};

}  // namespace handover::sandbox
