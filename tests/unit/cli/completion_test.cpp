#include "cli/completion.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

#include "cli/command_line.hpp"
#include "cli/help.hpp"

namespace handover::cli {
namespace {

using Words = std::vector<std::string>;

std::string text_of(Wanted wanted) {
    constexpr const char* names[] = {
        "nothing", "files", "folders", "provider", "account", "method", "model", "plugin"};
    return names[static_cast<int>(wanted)];
}

// Names that say what was asked.
std::vector<Suggestion> echo(const Question& question) {
    auto value = text_of(question.wanted);
    if (!question.provider.empty()) value += "-of-" + question.provider;
    if (!question.config.empty()) value += "-by-" + question.config;
    for (const auto& dir : question.plugin_dirs) value += "-in-" + dir;
    return {{.value = value}};
}

Words values(const Completion& completion) {
    Words out;
    for (const auto& one : completion.suggestions) out.push_back(one.value);
    return out;
}

bool offers(const Completion& completion, const std::string& value) {
    const auto all = values(completion);
    return std::find(all.begin(), all.end(), value) != all.end();
}

std::vector<std::string> every_command() {
    std::vector<std::string> paths = {""};
    for (const auto& name : top_level_names()) {
        if (!is_group(name)) paths.push_back(name);
        for (const auto& inner : names_in_group(name)) paths.push_back(name + " " + inner);
    }
    return paths;
}

Words split(const std::string& path) {
    Words words;
    for (std::size_t begin = 0; begin < path.size();) {
        const auto end = std::min(path.find(' ', begin), path.size());
        words.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return words;
}

}  // namespace

TEST_CASE("what can stand at the cursor") {
    struct Case {
        const char* name;
        Words words;
        Words expected;
        Wanted paths = Wanted::nothing;
    };
    const Case cases[] = {
        {"a command", {"ru"}, {"run"}},
        {"of a group", {"auth", "log"}, {"login", "logout"}},
        {"after global options", {"--color", "never", "-v", "config", "in"}, {"init"}},
        {"after help", {"help", "plug"}, {"plugins"}},
        {"after help and a command nothing", {"help", "run", ""}, {}},
        {"an unknown command", {"bogus", ""}, {}},
        {"an unknown command of a group", {"auth", "bogus", ""}, {}},
        {"a long option", {"run", "--no"}, {"--no-stream"}},
        {"one that was given is not offered again", {"run", "--no-stream", "--no"}, {}},
        {"one that may be repeated is",
         {"--plugin-dir", "x", "run", "--plugin-d"},
         {"--plugin-dir"}},
        {"a short one stays what it is", {"run", "-p"}, {"-p"}},
        {"a choice", {"--color", "a"}, {"auto", "always"}},
        {"a choice after =", {"run", "--color=al"}, {"--color=always"}},
        {"a choice as argument", {"completion", ""}, {"bash", "zsh", "fish"}},
        {"a known value", {"auth", "import", "h"}, {"handover-ts"}},
        {"a provider as argument", {"auth", "login", ""}, {"provider"}},
        {"a provider as option", {"run", "-p", "prov"}, {"provider"}},
        {"a provider in the same word", {"run", "-pprov"}, {"-pprovider"}},
        {"a provider after =", {"run", "--provider=pro"}, {"--provider=provider"}},
        {"no second provider", {"auth", "token", "codex", ""}, {}},
        {"an account of the provider named before",
         {"auth", "token", "codex", "--account", ""},
         {"account-of-codex"}},
        {"an account of the provider by option",
         {"run", "--provider=groq", "--account", ""},
         {"account-of-groq"}},
        {"a model without a provider", {"run", "-m", ""}, {"model"}},
        {"a model", {"-q", "run", "-p", "x", "hello", "-m", "mod"}, {"model-of-x"}},
        {"a method", {"auth", "login", "codex", "--method", ""}, {"method-of-codex"}},
        {"where to look",
         {"--config", "c", "--plugin-dir=d", "auth", "token", ""},
         {"provider-by-c-in-d"}},
        {"a plugin or its file", {"plugins", "inspect", ""}, {"plugin"}, Wanted::files},
        {"a file", {"--config", "x"}, {}, Wanted::files},
        {"a file after =", {"run", "--config=x"}, {}, Wanted::files},
        {"a folder", {"run", "--plugin-dir", ""}, {}, Wanted::folders},
        {"a file as argument", {"batch", ""}, {}, Wanted::files},
        {"free text", {"run", "he"}, {}},
        {"a number", {"batch", "--concurrency", ""}, {}},
        {"after -- no options", {"run", "--", "--no"}, {}},
        {"after -- still arguments", {"auth", "token", "--", ""}, {"provider"}},
        {"something else is typed", {"auth", "login", "zzz"}, {}},
        {"an option nobody knows", {"run", "--bogus"}, {}},
        {"the value of an option nobody knows", {"run", "--bogus=x"}, {}},
    };
    for (const auto& c : cases) {
        DYNAMIC_SECTION(c.name) {
            const auto completion = complete(c.words, echo);
            CHECK(values(completion) == c.expected);
            CHECK(completion.paths == c.paths);
        }
    }
}

TEST_CASE("with nothing typed every command is offered") {
    CHECK(values(complete({}, echo)) == top_level_names());
    CHECK(values(complete(Words{""}, echo)) == top_level_names());
    CHECK(values(complete(Words{"auth", ""}, echo)) == names_in_group("auth"));
}

TEST_CASE("every option of every command is offered, and taken") {
    for (const auto& path : every_command()) {
        const auto completion = [&](const std::string& word) {
            auto words = split(path);
            words.push_back(word);
            return complete(words, echo);
        };
        for (const auto& option : shape_of(path)) {
            if (option.positional()) continue;
            INFO("handover " << path << " " << option.names.front());
            CHECK(offers(completion("-"), option.names.front()));
            CHECK(!option.description.empty());
            CHECK(option.names.front().starts_with("--"));
        }
    }
}

TEST_CASE("every value is a kind of name, a choice, or nothing one could know") {
    const Words free = {
        "DURATION", "TEXT", "N", "PROMPT", "ADDR:PORT|unix:PATH", "KEY-NAME", "NAME=VALUE"};
    for (const auto& path : every_command()) {
        for (const auto& option : shape_of(path)) {
            if (!option.takes_value) continue;
            INFO("handover " << path << ": " << (option.positional() ? "" : option.names.front())
                             << " " << option.value_name);
            const bool known = wanted_by(option) != Wanted::nothing || !option.choices.empty();
            const bool is_free =
                std::find(free.begin(), free.end(), option.value_name) != free.end();
            CHECK(known != is_free);  // otherwise say in wanted_by what it is
        }
    }
}

TEST_CASE("completion's output holds one line for each suggestion, whatever the names are") {
    const Completion completion = {
        .paths = Wanted::files,
        .suggestions = {{.value = "good", .description = "a\nb\x1b[31mc"},
                        {.value = "two\nlines"},
                        {.value = "esc\x1b[2J"},
                        {.value = "tab\tbed"},
                        {.value = ":files"},
                        {.value = ""},
                        {.value = "a b"}}};
    CHECK(print(completion) == ":files\ngood\ta b[31mc\na b\t\n");
    CHECK(print({.paths = Wanted::folders}) == ":folders\n");
    CHECK(print({}).empty());
}

TEST_CASE("there is a script for each shell that the command takes") {
    const auto shapes = shape_of("completion");
    REQUIRE(shapes.size() > 1);
    const auto shell = std::find_if(
        shapes.begin(), shapes.end(), [](const OptionShape& shape) { return shape.positional(); });
    REQUIRE(shell != shapes.end());
    CHECK(shell->choices == Words{"bash", "zsh", "fish"});
    for (const auto& name : shell->choices) CHECK(completion_script(name).size() > 100);
    CHECK(completion_script("sh").empty());
}

}  // namespace handover::cli
