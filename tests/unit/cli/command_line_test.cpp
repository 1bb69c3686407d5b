#include "cli/command_line.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <sstream>
#include <vector>

#include "cli/help.hpp"

namespace handover::cli {
namespace {

using Arguments = std::vector<std::string>;
using namespace std::chrono_literals;

Result<Invocation> parse(const Arguments& arguments) {
    return parse_command_line(arguments);
}

}  // namespace

TEST_CASE("argv becomes options") {
    struct Case {
        const char* name;
        Arguments arguments;
        Command expected;
    };
    const Case cases[] = {
        {"nothing", {}, NextStepOptions{}},
        {"login", {"auth", "login", "codex"}, LoginOptions{.provider = "codex"}},
        {"login without a provider", {"auth", "login"}, LoginOptions{}},
        {"login with everything",
         {"auth",
          "login",
          "codex",
          "--method",
          "subscription",
          "--account",
          "work",
          "--device",
          "--no-browser",
          "--with-api-key",
          "--timeout",
          "90s",
          "--force"},
         LoginOptions{.provider = "codex",
                      .method = "subscription",
                      .account = "work",
                      .device = true,
                      .no_browser = true,
                      .with_api_key = true,
                      .timeout = 90s,
                      .force = true}},
        {"options before the positional",
         {"auth", "login", "--force", "codex"},
         LoginOptions{.provider = "codex", .force = true}},
        {"models",
         {"models", "-p", "groq", "--account", "work", "--refresh", "--json"},
         ModelsOptions{.provider = "groq", .account = "work", .refresh = true, .json = true}},
        {"exec, and what stands behind -- untouched",
         {"exec",
          "-p",
          "groq",
          "--env",
          "A={key}",
          "--env",
          "B=[x,y]",
          "--",
          "cmd",
          "-p",
          "[a,b]",
          "--",
          "--help"},
         ExecOptions{.command = {"cmd", "-p", "[a,b]", "--", "--help"},
                     .provider = "groq",
                     .environment = {"A={key}", "B=[x,y]"}}},
        {"exec without --: the command is not taken", {"exec", "cmd"}, ExecOptions{}},
        {"status", {"auth", "status", "--json"}, StatusOptions{.json = true}},
        {"status of one", {"auth", "status", "codex"}, StatusOptions{.provider = "codex"}},
        {"token",
         {"auth", "token", "codex", "--min-validity", "10m"},
         TokenOptions{.provider = "codex", .min_validity = 10min}},
        {"a duration without a unit",
         {"auth", "token", "codex", "--min-validity=7"},
         TokenOptions{.provider = "codex", .min_validity = 7s}},
        {"refresh",
         {"auth", "refresh", "codex", "--account", "a"},
         RefreshOptions{.provider = "codex", .account = "a"}},
        {"logout",
         {"auth", "logout", "codex", "--all", "--no-revoke"},
         LogoutOptions{.provider = "codex", .all = true, .no_revoke = true}},
        {"explain",
         {"auth", "explain", "codex", "--json"},
         ExplainOptions{.provider = "codex", .json = true}},
        {"import", {"auth", "import", "codex"}, ImportOptions{.source = "codex"}},
        {"import with everything",
         {"auth", "import", "handover-ts", "--from", "f", "-p", "x", "--account", "a", "--force"},
         ImportOptions{
             .source = "handover-ts", .from = "f", .provider = "x", .account = "a", .force = true}},
        {"run", {"run", "hi"}, RunOptions{.prompt = "hi"}},
        {"run from stdin", {"run", "-"}, RunOptions{.prompt = "-"}},
        {"run without a prompt", {"run"}, RunOptions{}},
        {"run with short options",
         {"run",
          "-p",
          "groq",
          "-m",
          "big",
          "-s",
          "be brief",
          "hi",
          "--no-stream",
          "--json",
          "--account",
          "a"},
         RunOptions{.prompt = "hi",
                    .provider = "groq",
                    .model = "big",
                    .instructions = "be brief",
                    .account = "a",
                    .no_stream = true,
                    .json = true}},
        {"a prompt that is a command's name", {"run", "auth"}, RunOptions{.prompt = "auth"}},
        {"a prompt that looks like an option",
         {"run", "--", "--json"},
         RunOptions{.prompt = "--json"}},
        {"batch",
         {"batch",
          "in.jsonl",
          "-o",
          "out.jsonl",
          "-p",
          "codex",
          "-m",
          "big",
          "--account",
          "a",
          "--concurrency",
          "8",
          "--retry-failed",
          "--wait"},
         BatchOptions{.input = "in.jsonl",
                      .output = "out.jsonl",
                      .provider = "codex",
                      .model = "big",
                      .account = "a",
                      .concurrency = 8,
                      .retry_failed = true,
                      .wait = true}},
        {"batch from stdin",
         {"batch", "-", "--output", "out.jsonl"},
         BatchOptions{.input = "-", .output = "out.jsonl"}},
        {"serve", {"serve"}, ServeOptions{}},
        {"serve with everything",
         {"serve", "--listen", "unix:/run/h.sock", "--allow-remote"},
         ServeOptions{.listen = "unix:/run/h.sock", .allow_remote = true}},
        {"serve's lines for clients",
         {"serve", "--print-config", "codex"},
         ServeOptions{.print_config = "codex"}},
        {"serve's keys", {"serve", "--add-key", "laptop"}, ServeOptions{.add_key = "laptop"}},
        {"limits", {"limits"}, LimitsOptions{}},
        {"limits of one",
         {"limits", "codex", "--json"},
         LimitsOptions{.provider = "codex", .json = true}},
        {"limits forgotten", {"limits", "--clear"}, LimitsOptions{.clear = true}},
        {"plugins list", {"plugins", "list", "--json"}, PluginsListOptions{.json = true}},
        {"plugins inspect",
         {"plugins", "inspect", "a.so"},
         PluginsInspectOptions{.plugin = "a.so"}},
        {"config path", {"config", "path"}, ConfigPathOptions{}},
        {"config show", {"config", "show"}, ConfigShowOptions{}},
        {"config check", {"config", "check"}, ConfigCheckOptions{}},
        {"config init", {"config", "init", "--force"}, ConfigInitOptions{.force = true}},
        {"--version", {"--version"}, ShowTextOptions{version_text()}},
        {"--help", {"--help"}, ShowTextOptions{overview()}},
        {"-h", {"-h"}, ShowTextOptions{overview()}},
        {"help", {"help"}, ShowTextOptions{overview()}},
        {"a group alone", {"auth"}, ShowTextOptions{group_overview("auth")}},
        {"a group with --help", {"plugins", "--help"}, ShowTextOptions{group_overview("plugins")}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto parsed = parse(c.arguments);
            REQUIRE(parsed);
            CHECK((parsed->command == c.expected));
        }
    }
}

TEST_CASE("global options stand before or after the command") {
    const GlobalOptions expected = {.config = "c.toml",
                                    .plugin_dirs = {"one", "two"},
                                    .verbose = 2,
                                    .quiet = true,
                                    .color = ColorWhen::never,
                                    .log_format = log::Format::json};
    const Arguments globals = {"--config",
                               "c.toml",
                               "--plugin-dir",
                               "one",
                               "--plugin-dir=two",
                               "-vv",
                               "-q",
                               "--color",
                               "never",
                               "--log-format",
                               "json"};
    const Arguments command = {"auth", "token", "codex"};
    Arguments before = globals;
    before.insert(before.end(), command.begin(), command.end());
    Arguments after = command;
    after.insert(after.end(), globals.begin(), globals.end());
    Arguments between = {"--config",
                         "c.toml",
                         "auth",
                         "--plugin-dir",
                         "one",
                         "token",
                         "--plugin-dir=two",
                         "codex",
                         "-v",
                         "-v",
                         "-q",
                         "--color=never",
                         "--log-format=json"};
    for (const auto& arguments : {before, after, between}) {
        const auto parsed = parse(arguments);
        REQUIRE(parsed);
        CHECK(parsed->global == expected);
        CHECK((parsed->command == Command(TokenOptions{.provider = "codex"})));
    }
}

TEST_CASE("what nobody knows is a usage error with the nearest name") {
    struct Case {
        const char* name;
        Arguments arguments;
        const char* message;
        const char* fix;
    };
    const Case cases[] = {
        {"a command",
         {"rnu", "hi"},
         "there is no command \"rnu\". Did you mean \"run\"?",
         "handover --help"},
        {"a command of a group",
         {"auth", "lgoin"},
         "there is no command \"auth lgoin\". Did you mean \"login\"?",
         "handover auth --help"},
        {"nothing near", {"frobnicate"}, "there is no command \"frobnicate\".", "handover --help"},
        {"an option",
         {"auth", "status", "--jsno"},
         "there is no option --jsno. Did you mean \"--json\"?",
         "handover auth status --help"},
        {"an option with a value",
         {"run", "--modle=x", "hi"},
         "there is no option --modle.",
         "handover run --help"},
        {"one argument too many",
         {"auth", "token", "a", "b"},
         "\"b\" is one argument too many",
         "handover auth token --help"},
        {"a missing argument",
         {"auth", "token"},
         "PROVIDER is required",
         "handover auth token --help"},
        {"a bad duration",
         {"auth", "login", "--timeout", "soon"},
         "\"soon\" is no duration",
         "handover auth login --help"},
        {"a bad choice",
         {"--color", "red", "auth", "status"},
         "red",
         "handover auth status --help"},
        {"a missing value", {"run", "-p"}, "-p", "handover run --help"},
        {"two that exclude each other",
         {"auth", "logout", "codex", "--all", "--account", "a"},
         "excludes",
         "handover auth logout --help"},
        {"control characters", {"au\033[31mth"}, "there is no command", "handover --help"},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto parsed = parse(c.arguments);
            REQUIRE(!parsed);
            CHECK(parsed.error().code == Errc::usage);
            CHECK_THAT(parsed.error().message, Catch::Contains(c.message));
            CHECK(parsed.error().fix == c.fix);
            CHECK(parsed.error().message.find('\033') == std::string::npos);
        }
    }
}

namespace {

// No line wider than 80 columns or with blanks at its end, no two empty lines.
void check_layout(const std::string& text) {
    CHECK(text.find("\n\n\n") == std::string::npos);
    CHECK(text.find(" \n") == std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK(line.size() <= 80);
    }
}

}  // namespace

TEST_CASE("every command has help with examples") {
    std::vector<Arguments> commands;
    for (const auto& name : top_level_names()) {
        if (!is_group(name)) commands.push_back({name});
        for (const auto& sub : names_in_group(name)) {
            if (is_group(name)) commands.push_back({name, sub});
        }
    }
    CHECK(commands.size() == 21);
    for (auto arguments : commands) {
        const auto path = arguments.size() == 2 ? arguments[0] + " " + arguments[1] : arguments[0];
        DYNAMIC_SECTION(path) {
            arguments.emplace_back("--help");
            const auto parsed = parse(arguments);
            REQUIRE(parsed);
            const auto* shown = std::get_if<ShowTextOptions>(&parsed->command);
            REQUIRE(shown != nullptr);
            CHECK_THAT(shown->text, Catch::Contains("Examples:\n  "));
            CHECK_THAT(shown->text, Catch::Contains("handover " + path));
            CHECK_THAT(shown->text, Catch::Contains("--config"));
            CHECK_THAT(overview(), Catch::Contains(path));
            CHECK_THAT(shown->text, Catch::Contains("Usage: handover " + path + " [OPTIONS]"));
            CHECK_THAT(shown->text, Catch::Contains("  -h, --help "));
            check_layout(shown->text);
            check_layout(arguments.size() == 3 ? group_overview(arguments[0]) : overview());
        }
    }
}

TEST_CASE("JSON errors are asked for by --json, before --") {
    CHECK(wants_json(Arguments{"auth", "status", "--json"}));
    CHECK(wants_json(Arguments{"--json", "nonsense"}));
    CHECK_FALSE(wants_json(Arguments{"auth", "status"}));
    CHECK_FALSE(wants_json(Arguments{"run", "--", "--json"}));
}

}  // namespace handover::cli
