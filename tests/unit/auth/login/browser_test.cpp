#include "auth/login/browser.hpp"

#include <catch2/catch.hpp>

#include <poll.h>

using namespace handover;
using namespace handover::auth;
using namespace handover::auth::login;

TEST_CASE("$BROWSER: a list, split at white space, %s or appended") {
    const std::string url = "https://a.example/x?a=%20b&c='d'";
    CHECK(browser_commands("firefox", url) == std::vector<Command>{{"firefox", url}});
    CHECK(browser_commands(" a  -b\t%s : : c --app=%s", url) ==
          std::vector<Command>{{"a", "-b", url}, {"c", "--app=" + url}});
    CHECK(browser_commands("", url).empty());
    CHECK(browser_commands(":: :", url).empty());
    CHECK(browser_commands("a %s %s", "u%su") == std::vector<Command>{{"a", "u%su", "u%su"}});
    CHECK(browser_commands("sh -c 'x'", url) == std::vector<Command>{{"sh", "-c", "'x'", url}});
}

TEST_CASE("the browser gets no key variables") {
    Method method;
    method.env = {"MINE"};
    CHECK(key_variables({"PATH", "MINE", "X_API_KEY", "GH_TOKEN", "A_SECRET", "TOKEN_X", "MINE2"},
                        {method}) ==
          std::vector<std::string>{"MINE", "X_API_KEY", "GH_TOKEN", "A_SECRET"});
}

TEST_CASE("browsers are tried in order until one does not fail") {
    const auto wait_end = [](const BrowserLauncher& browser) {
        pollfd entry = {browser.ended_fd(), POLLIN, 0};
        return poll(&entry, 1, 30'000) == 1;
    };
    BrowserLauncher browser({{"/nonexistent/browser", "u"}, {"false"}, {"true"}, {"false"}}, {});
    REQUIRE(browser.open_next());
    REQUIRE(wait_end(browser));
    REQUIRE(browser.on_ended());
    REQUIRE(wait_end(browser));
    CHECK(browser.on_ended());
    CHECK(browser.ended_fd() == -1);

    BrowserLauncher none({{"/nonexistent/browser", "u"}}, {});
    CHECK_FALSE(none.open_next());
    BrowserLauncher failing({{"false"}}, {});
    REQUIRE(failing.open_next());
    REQUIRE(wait_end(failing));
    CHECK_FALSE(failing.on_ended());
}
