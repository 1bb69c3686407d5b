#include <optional>

#include "auth/endpoints.hpp"
#include "auth/login/accepted_tokens.hpp"
#include "auth/login/browser.hpp"
#include "auth/login/callback_server.hpp"
#include "auth/login/device_login.hpp"
#include "auth/login/login.hpp"
#include "auth/login/loopback_socket.hpp"
#include "auth/login/page.hpp"
#include "auth/login/pasted_line.hpp"
#include "auth/login/preflight.hpp"
#include "auth/login/wait_for_redirect.hpp"
#include "auth/oauth2/authorization_url.hpp"
#include "auth/oauth2/endpoint_url.hpp"
#include "auth/oauth2/pkce.hpp"
#include "auth/oauth2/token_request.hpp"
#include "auth/oauth2/token_response.hpp"
#include "crypto/crypto.hpp"
#include "text/encoding.hpp"

namespace handover::auth {
namespace {

constexpr auto patience_without_browser = std::chrono::minutes(15);
// RFC 8252 section 7.3, where a method declares none: any free port of the loopback address.
constexpr std::string_view default_redirect_uri = "http://127.0.0.1:0/callback";

std::string random_text() {
    return text::base64url_encode(crypto::random_bytes(32));
}

// What this one login goes by; none of it changes once the URL is shown.
struct Attempt {
    EffectiveEndpoints endpoints = {};
    oauth2::Pkce pkce = {};
    std::string state = {};
    std::string nonce = {};  // empty: none is sent
    std::string redirect_uri = {};
    std::string url = {};
};

Result<void> check_method(const Login& login) {
    if (login.method.kind != Kind::oauth2) {
        return fail(
            {.code = Errc::auth_method_unsupported,
             .message = "the auth method \"" + login.method.id + "\" has no login in a browser",
             .reason = {},
             .fix = "handover auth login " + login.target.provider + " --with-api-key"});
    }
    if (login.method.client_id.empty()) {
        return fail({.code = Errc::config_invalid,
                     .message = "the auth method \"" + login.method.id + "\" has no client_id",
                     .reason = {},
                     .fix = "set client_id under [providers." + login.target.provider + ".auth." +
                            login.method.id + "]"});
    }
    return {};
}

// `fallback` means: declared endpoints, then discovery if they are gone. The token endpoint shows
// that by its answer; the authorization endpoint is only ever seen by the browser, so it is asked
// once before a person is sent there.
Result<void> look_for_authorization_endpoint(const Login& login) {
    if (login.method.discovery != Discovery::fallback) return {};
    const auto sources = endpoint_sources(login.method, login.discovery());
    const auto& declared = login.method.endpoints.authorization_endpoint;
    if (sources.size() < 2 || sources.front() != oauth2::EndpointSource::declared || !declared)
        return {};
    if (auto checked = oauth2::check_endpoint_url(*declared, "authorization_endpoint"); !checked)
        return checked.failure();
    constexpr http::Limits brief = {.connect = std::chrono::seconds(5),
                                    .total = std::chrono::seconds(5)};
    const auto outcome =
        login.services.send({.method = "GET", .url = *declared}, brief, login.stop);
    if (endpoint_is_gone(outcome))
        remember_gone(login.method, sources.front(), outcome, login.discovery());
    return {};
}

Result<EffectiveEndpoints> login_endpoints(const Login& login) {
    if (auto looked = look_for_authorization_endpoint(login); !looked) return looked.failure();
    auto found = effective_endpoints(login.method, login.discovery(), login.stop);
    if (!found) return found;
    if (found->endpoints.authorization_endpoint && found->endpoints.token_endpoint) return found;
    return fail(
        {.code = Errc::config_invalid,
         .message = "the auth method \"" + login.method.id +
                    "\" lacks an endpoint for a login in a browser",
         .reason = "authorization_endpoint and token_endpoint are both needed, from one source",
         .fix = "declare both, or set discovery = \"first\""});
}

Result<Attempt> begin(const Login& login,
                      EffectiveEndpoints endpoints,
                      const std::string& redirect_uri) {
    auto pkce = oauth2::make_pkce(crypto::random_bytes(oauth2::verifier_octets));
    if (!pkce) return pkce.failure();
    const auto& method = login.method;
    const bool with_nonce = login::asks_for_id_token(method) && method.nonce != Nonce::none;
    Attempt attempt = {.endpoints = std::move(endpoints),
                       .pkce = std::move(*pkce),
                       .state = random_text(),
                       .nonce = with_nonce ? random_text() : std::string(),
                       .redirect_uri = redirect_uri,
                       .url = {}};
    auto url = oauth2::authorization_url(
        {.authorization_endpoint = *attempt.endpoints.endpoints.authorization_endpoint,
         .client_id = method.client_id,
         .redirect_uri = attempt.redirect_uri,
         .scopes = method.scopes,
         .state = attempt.state,
         .code_challenge = attempt.pkce.code_challenge,
         .nonce = attempt.nonce,
         .authorize_params = method.authorize_params});
    if (!url) return url.failure();
    attempt.url = std::move(*url);
    return attempt;
}

std::vector<login::Command> commands_for(const Login& login, const std::string& url) {
    if (!login.request.open_browser) return {};
    if (!login.request.browser.empty()) return login::browser_commands(login.request.browser, url);
    return login.console.terminal ? login::platform_browser_commands(url)
                                  : std::vector<login::Command>();
}

void explain(const Login& login, const Attempt& attempt, bool opened, bool can_paste) {
    login.console.say(opened ? "Finish the sign-in in the browser window that opens. If none does, "
                               "open this address:"
                             : "Open this address in a browser and sign in:");
    if (can_paste) {
        login.console.say(
            "On another machine: paste here the address that the browser ends on, then press "
            "Return.");
    }
    if (!opened && login::has_device_endpoints(login.method, attempt.endpoints)) {
        login.console.say("Or sign in with a code on any device: " +
                          login::device_login_command(login.target));
    }
}

Result<oauth2::AuthorizationResponse> ask_the_person(const Login& login,
                                                     const Attempt& attempt,
                                                     const oauth2::ExpectedCallback& expected,
                                                     login::CallbackServer& server) {
    login::BrowserLauncher browser(
        commands_for(login, attempt.url),
        login::key_variables(login::environment_names(), login.target.methods));
    login::PasteReader paste(login.console.paste_fd);
    const bool opened = browser.open_next();
    explain(login, attempt, opened, paste.is_terminal());
    login.console.show_url(attempt.url);
    const auto usual = opened ? login.request.browser_timeout : patience_without_browser;
    const login::Wait wait = {
        .server = server,
        .paste = paste,
        .browser = browser,
        .expected = expected,
        .say = login.console.say,
        .timeout = login.request.timeout.value_or(usual),
        .timeout_without_browser = login.request.timeout.value_or(patience_without_browser)};
    return login::wait_for_redirect(wait, login.stop);
}

// The endpoints of this login are not mixed with another source's: it fails, and the next one
// begins with the other source.
Failure token_endpoint_gone(const Login& login,
                            const Attempt& attempt,
                            const http::Outcome& outcome,
                            Error error) {
    const auto sources = endpoint_sources(login.method, login.discovery());
    remember_gone(login.method, attempt.endpoints.source, outcome, login.discovery());
    if (sources.size() > 1)
        error.fix = "run the login again: it will use the issuer's other endpoints";
    return fail(std::move(error));
}

Result<oauth2::Tokens> exchange(const Login& login,
                                const Attempt& attempt,
                                const oauth2::AuthorizationResponse& response,
                                Time sent_at) {
    auto request = oauth2::authorization_code_grant_request(
        login.method,
        response,
        {.token_endpoint = *attempt.endpoints.endpoints.token_endpoint,
         .redirect_uri = attempt.redirect_uri,
         .code_verifier = attempt.pkce.code_verifier});
    if (!request) return request.failure();
    // Sent once: a code is good for one use, and an answer that was lost may have used it.
    const auto outcome = login.services.send(*request, http::Limits(), login.stop);
    if (login.stop.stop_requested() && outcome.delivery != http::Delivery::answered) {
        return fail({.code = Errc::auth_cancelled,
                     .message = "the login was cancelled",
                     .reason = {},
                     .fix = {}});
    }
    auto tokens = oauth2::judge_exchange(outcome, sent_at);
    if (!tokens && endpoint_is_gone(outcome)) {
        return token_endpoint_gone(login, attempt, outcome, tokens.error());
    }
    return tokens;
}

Result<Credential> redeem(const Login& login,
                          const Attempt& attempt,
                          const oauth2::AuthorizationResponse& response) {
    const auto sent_at = login.services.clock();
    auto tokens = exchange(login, attempt, response, sent_at);
    if (!tokens) return tokens.failure();
    return login::accept_tokens(login.broker,
                                {.target = login.target,
                                 .method = login.method,
                                 .token_endpoint = *attempt.endpoints.endpoints.token_endpoint,
                                 .nonce = attempt.nonce,
                                 .sent_at = sent_at,
                                 .now = login.services.clock()},
                                std::move(*tokens));
}

Result<Credential> run(const Login& login, const Attempt& attempt, login::LoopbackSockets sockets) {
    const oauth2::ExpectedCallback expected = {.path = sockets.path,
                                               .state = attempt.state,
                                               .issuer = login.method.issuer,
                                               .issuer_promised = attempt.endpoints.iss_promised};
    login::CallbackServer server(std::move(sockets), expected);
    const auto response = ask_the_person(login, attempt, expected, server);
    auto credential =
        response ? redeem(login, attempt, *response) : Result<Credential>(response.failure());
    server.finish(credential ? login::success_response(login.target.provider)
                             : login::failure_response(credential.error()));
    return credential;
}

}  // namespace

Result<Credential> login_with_browser(const Login& login) {
    if (auto usable = check_method(login); !usable) return usable.failure();
    const auto ready = login::check_before_login(login);
    if (!ready) return ready.failure();
    auto endpoints = login_endpoints(login);
    if (!endpoints) return endpoints.failure();
    auto redirect_uris = login.method.redirect_uris;
    if (redirect_uris.empty()) redirect_uris.emplace_back(default_redirect_uri);
    auto sockets = login::listen_on_loopback(redirect_uris);
    if (!sockets) return sockets.failure();
    const auto attempt = begin(login, std::move(*endpoints), sockets->redirect_uri);
    if (!attempt) return attempt.failure();
    return run(login, *attempt, std::move(*sockets));
}

}  // namespace handover::auth
