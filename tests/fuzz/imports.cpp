// Files of other programs: what is taken from them can stand in a header, and a credential made of
// it is bound to the method it was made for.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/imports/imported_login.hpp"

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::imports;

namespace {

void expect(bool holds) {
    if (!holds) std::abort();
}

bool is_visible(const Secret& secret) {
    const auto text = secret.reveal();
    return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

void check(const Result<ImportedLogin>& login) {
    if (!login) {
        expect(!login.error().message.empty() && !login.error().fix.empty());
        return;
    }
    expect(login->api_key.empty() != login->access_token.empty());
    expect((login->what == What::api_key) == login->access_token.empty());
    expect(is_visible(login->access_token) && is_visible(login->refresh_token) &&
           is_visible(login->id_token));
    Method method;
    method.kind = Kind::oauth2;
    method.issuer = "https://auth.example";
    method.client_id = "app";
    method.endpoints.token_endpoint = "https://auth.example/token";
    Target target;
    target.origins = {"https://api.example"};
    const auto now = Time(std::chrono::seconds(1'800'000'000));
    const auto credential = bind_login(*login, target, method, now);
    if (!credential) return;
    expect(credential->issuer == method.issuer && credential->origins == target.origins);
    expect(!credential->expires_at || *credential->expires_at > now ||
           !credential->refresh_token.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check(parse_codex_auth(bytes));
    check(parse_handover_ts(bytes));
    return 0;
}
