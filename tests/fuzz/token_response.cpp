// Token answers: a success holds a token that can stand in a header, an expiry is never an
// overflow, and one body means one thing.
#include "auth/oauth2/token_response.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

using namespace handover;
using namespace handover::auth::oauth2;

namespace {

void check(const Tokens& tokens) {
    const auto& shown = tokens.access_token.empty() ? tokens.refresh_token : tokens.access_token;
    const auto text = shown.reveal();
    if (text.empty()) std::abort();
    if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c >= 0x7F; }))
        std::abort();
    if (tokens.expires_at && *tokens.expires_at < Time()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto sent_at = Time(std::chrono::seconds(1'800'000'000));
    const auto tokens = parse_tokens(bytes, sent_at);
    if (tokens) check(*tokens);
    const http::Outcome outcome = {
        .delivery = http::Delivery::answered,
        .response = {.status = 200, .headers = {}, .body = std::string(bytes)},
        .error = {}};
    const auto verdict = judge_refresh(outcome, {"refresh_token_reused"}, sent_at);
    if (verdict.outcome == RefreshOutcome::success && (!tokens || parse_authority_error(bytes)))
        std::abort();
    if (verdict.outcome == RefreshOutcome::terminal && verdict.code.empty()) std::abort();
    if (judge_exchange(outcome, sent_at) && verdict.outcome != RefreshOutcome::success)
        std::abort();
    const auto pause = asked_pause({{.name = "Retry-After", .value = std::string(bytes)}}, sent_at);
    if (pause && (*pause < Milliseconds(0) || *pause > std::chrono::hours(1))) std::abort();
    return 0;
}
