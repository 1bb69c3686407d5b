// The wait between the browser's opening and its coming back: listener, pasted lines, browser, stop
// request and time-out in one poll loop.
#pragma once

#include <handover/result.hpp>

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "auth/login/browser.hpp"
#include "auth/login/callback_server.hpp"
#include "auth/login/pasted_line.hpp"
#include "auth/oauth2/callback.hpp"

namespace handover::auth::login {

struct Wait {
    CallbackServer& server;
    PasteReader& paste;
    BrowserLauncher& browser;
    const oauth2::ExpectedCallback& expected;
    std::function<void(const std::string&)> say = {};
    std::chrono::milliseconds timeout = {};
    std::chrono::milliseconds timeout_without_browser =
        {};  // counts from the start where no browser could be opened after all
};

// The answer to our authorization request, by the listener or pasted. AUTH_TIMEOUT, AUTH_CANCELLED,
// or what the answer says: AUTH_DENIED, AUTH_CALLBACK_INVALID. Requests and lines that do not
// belong to this login do not end it.
Result<oauth2::AuthorizationResponse> wait_for_redirect(const Wait& wait,
                                                        const std::stop_token& stop);

}  // namespace handover::auth::login
