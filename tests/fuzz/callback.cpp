// The redirect and what is pasted for it: a head is judged the same whatever follows it, and a code
// comes out of nothing but a target with our path and our state.
#include "auth/oauth2/callback.hpp"

#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace handover::auth::oauth2;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const ExpectedCallback expected = {
        .path = "/auth/callback", .state = "sandbox-state", .issuer = {}, .issuer_promised = false};

    const auto parse = parse_request_head(bytes);
    if (parse.state == HeadState::complete) {
        const auto longer = parse_request_head(std::string(bytes) + "\r\nx");
        if (longer.state != HeadState::complete || !(longer.head == parse.head)) std::abort();
        (void)is_loopback_authority(parse.head.host, 1455);
        const auto response = parse_callback(parse.head.target, expected);
        if (response && !answers_our_request(parse.head.target, expected)) std::abort();
    }

    const auto target = pasted_target(bytes, expected);
    const auto pasted = parse_pasted(bytes, expected);
    if (!pasted) return 0;
    if (!target || pasted->code().empty()) std::abort();
    if (target_path(*target) != expected.path) std::abort();
    return 0;
}
