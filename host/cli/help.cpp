#include "cli/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "cli/command_shape.hpp"
#include "cli/help_page.hpp"

namespace handover::cli {
namespace {

// Plain literals: nothing is built at start.
struct Text {
    std::string_view path;
    std::string_view line;  // in the overviews
    std::string_view more;  // after it, in the command's own help
    std::string_view examples;
};

constexpr Text texts[] = {
    {"auth login",
     "Log in to a provider and keep its credential",
     "Opens the browser where the provider wants it (the URL is always printed too), or takes an "
     "API key. While it waits, the URL "
     "that the browser was sent to can be pasted: that is how a remote machine logs in. With "
     "--device it shows a code to enter in a browser anywhere.",
     "  handover auth login codex\n"
     "  handover auth login codex --no-browser    # over ssh: paste the URL it ends at\n"
     "  handover auth login codex --device        # a code to enter on another device\n"
     "  printenv MY_KEY | handover auth login openai --with-api-key\n"},
    {"auth status",
     "Show who is logged in where; changes nothing",
     "Reads the stored credentials and the environment; never refreshes. With PROVIDER it exits 4 "
     "unless the credential is usable.",
     "  handover auth status\n"
     "  handover auth status codex --json\n"},
    {"auth token",
     "Print a provider's access token or key, refreshed if due",
     "The token is handed out outside the one-request-at-a-time lease of subscriptions: whoever "
     "uses it has to see to that.",
     "  handover auth token codex --min-validity 10m\n"
     "  curl -H \"Authorization: Bearer $(handover auth token openai)\" \\\n"
     "    https://api.openai.com/v1/models\n"},
    {"auth refresh", "Refresh a provider's token now", "", "  handover auth refresh codex\n"},
    {"auth logout",
     "Remove a stored credential and revoke it",
     "The credential is removed here whatever the provider answers to the revocation.",
     "  handover auth logout codex\n"
     "  handover auth logout codex --all --no-revoke\n"},
    {"auth explain",
     "Show where a credential could come from, and which one wins",
     "",
     "  handover auth explain openai\n"
     "  handover auth explain openai --json\n"},
    {"auth import",
     "Take over the login of another program",
     "codex: the codex CLI's auth.json, in $CODEX_HOME or ~/.codex. handover-ts: credentials.json "
     "of the earlier Handover, in ~/.handover. A login that is there already is kept unless you "
     "say otherwise.",
     "  handover auth import codex\n"
     "  handover auth import codex --from /mnt/old-home/.codex --account old\n"
     "  handover auth import handover-ts\n"},
    {"run",
     "Send one prompt and stream the answer",
     "",
     "  handover run \"Say hello\"\n"
     "  git diff | handover run \"Write a commit message for this\"\n"
     "  handover run -p groq -m llama-3.3-70b-versatile \"Say hello\"\n"
     "  handover run --json \"Say hello\" | jq .usage\n"},
    {"batch",
     "Answer a file of requests, or go on where that stopped",
     "INPUT holds OpenAI batch requests (custom_id, method, url, body), one a line; all of it is "
     "checked before anything is sent. "
     "Answers are appended to the output as they come. Exit status 7: some lines failed; 5: a "
     "quota "
     "ended it, and it says when to go on.",
     "  handover batch requests.jsonl -o answers.jsonl\n"
     "  handover batch requests.jsonl -o answers.jsonl -p openai --concurrency 8\n"
     "  handover batch requests.jsonl -o answers.jsonl --retry-failed --wait\n"
     "  make-requests | handover batch - -o answers.jsonl\n"},
    {"limits",
     "Show what is known of providers' limits and quotas",
     "Each fact with its source: a header of an answer, or a refusal. A quota that is used up ends "
     "requests early until its reset, but for one every half hour.",
     "  handover limits\n"
     "  handover limits codex --json\n"
     "  handover limits codex --clear        # after buying more\n"},
    {"models",
     "List the models that a provider serves",
     "The list is kept for an hour; an older one is shown, with a warning, where the provider "
     "cannot "
     "be reached. Never waits for a subscription's turn.",
     "  handover models\n"
     "  handover models -p groq --refresh\n"
     "  handover models -p codex --json | jq -r '.models[].id'\n"},
    {"exec",
     "Run a program with a provider's key in its environment",
     "CMD finds the key, or a fresh access token, in OPENAI_API_KEY and the address in "
     "OPENAI_BASE_URL; OPENAI_ORG_ID and the like, which belong to another key, are unset. --env "
     "NAME=VALUE names other variables in their place: {key}, {base_url}, {model} and {claim:NAME} "
     "in VALUE are filled in. Everything else of the environment stays. The exit status is CMD's; "
     "127 if there is no such program, 126 if it cannot be run. A token is not renewed while CMD "
     "runs; for that, and for subscriptions, there is `handover serve`.",
     "  handover exec -- python my_script.py\n"
     "  handover exec -p groq --env GROQ_API_KEY={key} -- ./chat\n"
     "  handover exec -p openai -- sh -c \\\n"
     "    'curl -H \"Authorization: Bearer $OPENAI_API_KEY\" $OPENAI_BASE_URL/models'\n"},
    {"serve",
     "Serve providers to any OpenAI client, from this machine",
     "A gateway that existing programs use by setting a base URL: POST /v1/responses, "
     "/v1/chat/completions, /v1/embeddings, GET /v1/models. Clients show a key of the gateway's "
     "own; the subscription or key that answers them stays here. With tls_certificate and "
     "tls_key in the config's [serve] they speak https. SIGHUP reads the config again, SIGTERM "
     "ends it when open streams are done.",
     "  handover serve\n"
     "  eval \"$(handover serve --print-env)\"\n"
     "  handover serve --print-config codex\n"
     "  handover serve --listen unix:/run/handover/gateway.sock\n"
     "  handover serve --add-key laptop\n"},
    {"plugins list",
     "List the plugins that are found; runs none of their code",
     "",
     "  handover plugins list\n"
     "  handover plugins list --json --plugin-dir ./build/plugins\n"},
    {"plugins inspect",
     "Show a plugin's manifest; runs none of its code",
     "",
     "  handover plugins inspect codex\n"
     "  handover plugins inspect ./build/release/plugins/openai.so --json\n"},
    {"config path",
     "Print where the config file is",
     "",
     "  $EDITOR \"$(handover config path)\"\n"},
    {"config show",
     "Show the settings in force and where each came from",
     "Secrets are hidden.",
     "  handover config show\n"},
    {"config check", "Check the config file", "", "  handover config check\n"},
    {"config init", "Write the annotated default config file", "", "  handover config init\n"},
    {"doctor",
     "Look whether everything is in order; changes nothing",
     "Folders and locks, the config, plugins, credentials, ports, clock, trusted certificates, "
     "proxies, the environment, and whether "
     "each server in use answers (no credential is sent). Each line that is not ok says what to "
     "do. Exit status: 0 if there is no "
     "problem, else that of the first one shown; warnings do not count.",
     "  handover doctor\n"
     "  handover doctor --json | jq '.rows[] | select(.state == \"problem\")'\n"},
    {"completion",
     "Print a shell's completion script",
     "",
     "  source <(handover completion bash)    # in ~/.bashrc\n"
     "  source <(handover completion zsh)     # in ~/.zshrc, after compinit\n"
     "  handover completion fish > ~/.config/fish/completions/handover.fish\n"},
};

std::string_view group_of(std::string_view path) {
    const auto space = path.find(' ');
    return space == std::string_view::npos ? std::string_view() : path.substr(0, space);
}

std::string global_options() {
    return "Global options, before or after the command:\n" + option_rows(shape_of({}));
}

std::string lines_of(std::string_view group, bool everything) {
    std::string out;
    for (const auto& text : texts) {
        if (!everything && group_of(text.path) != group) continue;
        out += help_row(text.path, text.line, 20);
    }
    return out;
}

}  // namespace

std::optional<CommandHelp> find_help(std::string_view path) {
    const auto* text = std::find_if(std::begin(texts), std::end(texts), [&](const Text& candidate) {
        return candidate.path == path;
    });
    if (text == std::end(texts)) return std::nullopt;
    return CommandHelp{.path = std::string(text->path),
                       .summary = std::string(text->line),
                       .details = std::string(text->more),
                       .examples = std::string(text->examples)};
}

bool is_group(std::string_view name) {
    return std::any_of(std::begin(texts),
                       std::end(texts),
                       [&](const Text& text) { return group_of(text.path) == name; }) &&
           !name.empty();
}

std::vector<std::string> top_level_names() {
    std::vector<std::string> names;
    for (const auto& text : texts) {
        const std::string name(text.path.substr(0, text.path.find(' ')));
        if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return names;
}

std::vector<std::string> names_in_group(std::string_view group) {
    std::vector<std::string> names;
    for (const auto& text : texts) {
        if (group_of(text.path) == group) names.emplace_back(text.path.substr(group.size() + 1));
    }
    return names;
}

std::string overview() {
    return fmt::format(
        "Use LLM subscriptions and API keys from scripts and existing tools, through\n"
        "providers dropped into a folder.\n\n"
        "Usage: handover COMMAND [OPTIONS]\n       handover          what to do next on this "
        "machine\n\n"
        "Commands:\n{}\n{}\n"
        "Examples:\n"
        "  handover auth login codex\n"
        "  handover run \"Say hello\"\n"
        "  handover auth status\n",
        lines_of({}, true),
        global_options());
}

std::string group_overview(std::string_view group) {
    std::string examples;
    for (const auto& text : texts) {
        if (group_of(text.path) == group)
            examples += text.examples.substr(0, text.examples.find('\n') + 1);
    }
    return fmt::format("Usage: handover {} COMMAND [OPTIONS]\n\nCommands:\n{}\n{}\nExamples:\n{}",
                       group,
                       lines_of(group, false),
                       global_options(),
                       examples);
}

std::string version_text() {
    return "handover " HANDOVER_VERSION "\n";
}

}  // namespace handover::cli
