// Answers of a device login: what is shown is visible and leads to https or loopback, no interval
// is shorter than a second, and polling never gets faster than the interval.
#include "auth/oauth2/device_authorization.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/oauth2/endpoint_url.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::oauth2;

namespace {

void expect(bool holds) {
    if (!holds) std::abort();
}

bool is_visible(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < 0x7F; });
}

http::Outcome answered(int status, std::string_view body) {
    return {.delivery = http::Delivery::answered,
            .response = {.status = status, .headers = {}, .body = std::string(body)},
            .error = {}};
}

void check_authorization(DeviceFlow flow, std::string_view body) {
    const auto device =
        judge_device_authorization(flow, answered(200, body), "https://auth.example/device");
    if (!device) return;
    expect(!device->device_code.empty() && !device->user_code.empty());
    expect(is_visible(device->user_code) && is_visible(device->verification_uri) &&
           is_visible(device->verification_uri_complete));
    expect(check_endpoint_url(device->verification_uri, "verification_uri").has_value());
    expect(device->interval.count() >= 1 && device->interval.count() <= 3600);
    expect(device->expires_in.count() >= 1 && device->expires_in.count() <= 86400);
}

void check_poll(DeviceFlow flow, int status, std::string_view body) {
    const auto poll = judge_device_poll(flow, answered(status, body), Time());
    const PollPace pace = {.interval = std::chrono::seconds(5), .pause = std::chrono::seconds(5)};
    const auto next = next_pace(pace, poll);
    expect(next.interval >= pace.interval && next.pause >= next.interval);
    if (poll.answer != PollAnswer::granted) return;
    const auto& secret =
        flow == DeviceFlow::codex ? poll.code.authorization_code : poll.tokens.access_token;
    expect(!secret.empty() && is_visible(secret.reveal()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    for (const auto flow : {DeviceFlow::rfc8628, DeviceFlow::codex}) {
        check_authorization(flow, bytes);
        for (const int status : {200, 400, 403, 429, 503}) check_poll(flow, status, bytes);
    }
    return 0;
}
