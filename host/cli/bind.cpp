#include "cli/bind.hpp"

#include <map>
#include <memory>

#include "text/time.hpp"

namespace handover::cli {
namespace {

constexpr auto account_help =
    "Which account's credential (default: the provider's own, else \"default\")";
constexpr auto json_help = "JSON instead of text, errors too";

template <typename Duration>
void add_duration(CLI::App& app, const std::string& flag, Duration& into, const std::string& help) {
    app.add_option_function<std::string>(
           flag,
           [&into, flag](const std::string& typed) {
               const auto parsed = text::parse_duration(typed);
               if (!parsed) {
                   throw CLI::ValidationError(
                       flag, "\"" + typed + "\" is no duration; write 90, 90s, 5m, 2h or 1d");
               }
               into = *parsed;
           },
           help)
        ->type_name("DURATION");
}

// Named in the help and offered by completion; what is no such value is refused by the command, in
// its own words.
CLI::Validator known_values(std::string description) {
    return {[](std::string&) { return std::string(); }, std::move(description)};
}

CLI::Validator not_empty() {
    return {[](std::string& value) { return std::string(value.empty() ? "is empty" : ""); }, ""};
}

void bind_login(CLI::App& app, LoginOptions& o) {
    app.add_option("PROVIDER", o.provider, "Which provider (default: the default provider)")
        ->type_name("");
    app.add_option("--method", o.method, "Which of the provider's auth methods")->type_name("ID");
    app.add_option("--account", o.account, "Name under which the credential is kept")
        ->type_name("NAME");
    app.add_flag("--device", o.device, "Sign in with a code on another device");
    app.add_flag("--no-browser", o.no_browser, "Open no browser; only print the URL");
    app.add_flag("--with-api-key", o.with_api_key, "Read an API key from stdin");
    add_duration(
        app,
        "--timeout",
        o.timeout,
        "How long to wait for the sign-in (default: 120s; 15m where no browser was opened)");
    app.add_flag("--force", o.force, "Replace a credential that is still valid without asking");
}

void bind_status(CLI::App& app, StatusOptions& o) {
    app.add_option("PROVIDER", o.provider, "Only this provider; exit status 4 unless it is usable")
        ->type_name("");
    app.add_flag("--json", o.json, json_help);
}

void bind_token(CLI::App& app, TokenOptions& o) {
    app.add_option("PROVIDER", o.provider, "Which provider")->type_name("")->required();
    app.add_option("--account", o.account, account_help)->type_name("NAME");
    add_duration(app,
                 "--min-validity",
                 o.min_validity,
                 "Refresh first if the token expires sooner than this");
}

void bind_refresh(CLI::App& app, RefreshOptions& o) {
    app.add_option("PROVIDER", o.provider, "Which provider")->type_name("")->required();
    app.add_option("--account", o.account, account_help)->type_name("NAME");
}

void bind_logout(CLI::App& app, LogoutOptions& o) {
    app.add_option("PROVIDER", o.provider, "Which provider")->type_name("")->required();
    auto* account = app.add_option("--account", o.account, account_help)->type_name("NAME");
    app.add_flag("--all", o.all, "Every account of the provider")->excludes(account);
    app.add_flag(
        "--no-revoke", o.no_revoke, "Remove the credential here without telling the provider");
}

void bind_explain(CLI::App& app, ExplainOptions& o) {
    app.add_option("PROVIDER", o.provider, "Which provider")->type_name("")->required();
    app.add_option("--account", o.account, account_help)->type_name("NAME");
    app.add_flag("--json", o.json, json_help);
}

void bind_import(CLI::App& app, ImportOptions& o) {
    app.add_option("SOURCE", o.source, "codex or handover-ts")
        ->type_name("")
        ->check(known_values("{codex,handover-ts}"))
        ->required();
    app.add_option("--from", o.from, "The file, or its folder (default: where SOURCE keeps it)")
        ->type_name("PATH");
    app.add_option("-p,--provider", o.provider, "Whose login it becomes (default: by the file)")
        ->type_name("NAME");
    app.add_option("--account", o.account, "Name under which the credential is kept")
        ->type_name("NAME");
    app.add_flag("--force", o.force, "Replace a login that is there without asking");
}

void bind_run(CLI::App& app, RunOptions& o) {
    app.add_option("PROMPT", o.prompt, "The prompt; - or none: stdin. With both, stdin is appended")
        ->type_name("");
    app.add_option("-p,--provider", o.provider, "Which provider (default: the default provider)")
        ->type_name("NAME");
    app.add_option("-m,--model", o.model, "Which model (default: the provider's)")
        ->type_name("NAME");
    app.add_option("-s,--instructions", o.instructions, "Instructions (system prompt)")
        ->type_name("TEXT");
    app.add_option("--account", o.account, account_help)->type_name("NAME");
    app.add_flag("--no-stream", o.no_stream, "Ask for one answer instead of a stream");
    app.add_flag(
        "--json", o.json, "The final response object as the upstream gave it; errors as JSON too");
}

void bind_batch(CLI::App& app, BatchOptions& o) {
    app.add_option("INPUT", o.input, "A file of OpenAI batch requests, one a line; -: stdin")
        ->type_name("")
        ->required();
    app.add_option("-o,--output", o.output, "Where the answers go; what it holds is not sent again")
        ->type_name("FILE")
        ->required();
    app.add_option("-p,--provider", o.provider, "Which provider (default: the default provider)")
        ->type_name("NAME");
    app.add_option("-m,--model", o.model, "Which model, for lines that name none")
        ->type_name("NAME");
    app.add_option("--account", o.account, account_help)->type_name("NAME");
    app.add_option("--concurrency", o.concurrency, "Requests in flight; 1 for every subscription")
        ->type_name("N");
    app.add_flag("--retry-failed", o.retry_failed, "Send lines again whose answer was a failure");
    app.add_flag("--wait", o.wait, "At a quota limit wait for its reset instead of stopping");
}

void bind_limits(CLI::App& app, LimitsOptions& o) {
    app.add_option("PROVIDER", o.provider, "Only this provider")->type_name("");
    auto* json = app.add_flag("--json", o.json, json_help);
    app.add_flag("--clear", o.clear, "Forget what is known; the next request is sent")
        ->excludes(json);
}

void bind_models(CLI::App& app, ModelsOptions& o) {
    app.add_option("-p,--provider", o.provider, "Which provider (default: the default provider)")
        ->type_name("NAME");
    app.add_option("--account", o.account, account_help)->type_name("NAME");
    app.add_flag("--refresh", o.refresh, "Ask again, however fresh the list that is kept");
    app.add_flag("--json", o.json, json_help);
}

// The argument is here for the help and for who forgets the "--": command_line.cpp takes what
// stands behind it as it is.
void bind_exec(CLI::App& app, ExecOptions& o) {
    app.add_option("CMD", o.command, "The program and its arguments, behind --")->type_name("");
    app.add_option("-p,--provider", o.provider, "Which provider (default: the default provider)")
        ->type_name("NAME");
    app.add_option("--account", o.account, account_help)->type_name("NAME");
    app.add_option(
           "--env", o.environment, "A variable for CMD, in place of the usual two; may be repeated")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    add_duration(app,
                 "--min-validity",
                 o.min_validity,
                 "Refresh first if the token expires sooner than this");
    app.add_flag(
        "--allow-subscription",
        o.allow_subscription,
        "Hand out a subscription's token, whose one request at a time nobody then sees to");
}

void bind_serve(CLI::App& app, ServeOptions& o) {
    app.add_option("--listen", o.listen, "Where to listen (default: 127.0.0.1:4141)")
        ->type_name("ADDR:PORT|unix:PATH");
    app.add_flag(
        "--allow-remote",
        o.allow_remote,
        "Listen on addresses that other machines reach; set tls_certificate and tls_key in "
        "the config's [serve]");
    app.add_flag("--print-env",
                 o.print_env,
                 "Serve nothing, print OPENAI_BASE_URL and OPENAI_API_KEY for eval");
    app.add_option("--print-config",
                   o.print_config,
                   "Serve nothing, print the lines that make that client use the gateway: codex, "
                   "openai-node, "
                   "openai-python or curl")
        ->type_name("CLIENT")
        ->check(not_empty())
        ->check(known_values("{codex,openai-node,openai-python,curl}"));
    app.add_flag("--list-keys", o.list_keys, "Serve nothing, list the gateway's keys by name");
    app.add_option("--add-key",
                   o.add_key,
                   "Serve nothing, make a key of that name (or a new one in its place), print it")
        ->type_name("KEY-NAME")
        ->check(not_empty());
    app.add_option("--remove-key", o.remove_key, "Serve nothing, remove the key of that name")
        ->type_name("KEY-NAME")
        ->check(not_empty());
}

void bind_plugins_list(CLI::App& app, PluginsListOptions& o) {
    app.add_flag("--json", o.json, json_help);
}

void bind_plugins_inspect(CLI::App& app, PluginsInspectOptions& o) {
    app.add_option("PLUGIN", o.plugin, "A plugin's file, or its id")->type_name("")->required();
    app.add_flag("--json", o.json, json_help);
}

void bind_config_path(CLI::App& /*app*/, ConfigPathOptions& /*o*/) {}
void bind_config_show(CLI::App& /*app*/, ConfigShowOptions& /*o*/) {}
void bind_config_check(CLI::App& /*app*/, ConfigCheckOptions& /*o*/) {}

void bind_config_init(CLI::App& app, ConfigInitOptions& o) {
    app.add_flag("--force", o.force, "Replace a config file that is there");
}

void bind_doctor(CLI::App& app, DoctorOptions& o) {
    app.add_flag("--json", o.json, json_help);
}

void bind_completion(CLI::App& app, CompletionOptions& o) {
    app.add_option("SHELL", o.shell, "bash, zsh or fish")
        ->type_name("")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}))
        ->required();
}

using Bind = std::function<void()> (*)(CLI::App&, Invocation&);

template <typename Options, void (*flags)(CLI::App&, Options&)>
std::function<void()> bind_as(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Options>();
    flags(app, *options);
    return [options, &invocation] { invocation.command = *options; };
}

struct Entry {
    std::string_view path;
    Bind bind;
};

constexpr Entry entries[] = {
    {"auth login", bind_as<LoginOptions, bind_login>},
    {"auth status", bind_as<StatusOptions, bind_status>},
    {"auth token", bind_as<TokenOptions, bind_token>},
    {"auth refresh", bind_as<RefreshOptions, bind_refresh>},
    {"auth logout", bind_as<LogoutOptions, bind_logout>},
    {"auth explain", bind_as<ExplainOptions, bind_explain>},
    {"auth import", bind_as<ImportOptions, bind_import>},
    {"run", bind_as<RunOptions, bind_run>},
    {"batch", bind_as<BatchOptions, bind_batch>},
    {"limits", bind_as<LimitsOptions, bind_limits>},
    {"models", bind_as<ModelsOptions, bind_models>},
    {"exec", bind_as<ExecOptions, bind_exec>},
    {"serve", bind_as<ServeOptions, bind_serve>},
    {"plugins list", bind_as<PluginsListOptions, bind_plugins_list>},
    {"plugins inspect", bind_as<PluginsInspectOptions, bind_plugins_inspect>},
    {"config path", bind_as<ConfigPathOptions, bind_config_path>},
    {"config show", bind_as<ConfigShowOptions, bind_config_show>},
    {"config check", bind_as<ConfigCheckOptions, bind_config_check>},
    {"config init", bind_as<ConfigInitOptions, bind_config_init>},
    {"doctor", bind_as<DoctorOptions, bind_doctor>},
    {"completion", bind_as<CompletionOptions, bind_completion>},
};

}  // namespace

std::function<void()> bind(CLI::App& app, const std::string& path, Invocation& invocation) {
    for (const auto& entry : entries) {
        if (entry.path == path) return entry.bind(app, invocation);
    }
    return [] {};
}

void bind_global(CLI::App& app, GlobalOptions& global) {
    app.add_option("--config", global.config, "Another config file")
        ->type_name("FILE")
        ->group(global_group);
    app.add_option(
           "--plugin-dir", global.plugin_dirs, "A folder of plugins, searched first; repeatable")
        ->type_name("DIR")
        ->allow_extra_args(false)
        ->group(global_group);
    app.add_flag("-v,--verbose", global.verbose, "Say more; -vv: debug")->group(global_group);
    app.add_flag("-q,--quiet", global.quiet, "Errors only")->group(global_group);
    const std::map<std::string, ColorWhen> colors = {
        {"auto", ColorWhen::automatic}, {"always", ColorWhen::always}, {"never", ColorWhen::never}};
    app.add_option_function<std::string>(
           "--color",
           [&global, colors](const std::string& when) { global.color = colors.at(when); },
           "auto, always or never; NO_COLOR is honoured")
        ->check(CLI::IsMember({"auto", "always", "never"}))
        ->type_name("WHEN")
        ->group(global_group);
    app.add_option_function<std::string>(
           "--log-format",
           [&global](const std::string& format) {
               global.log_format = format == "json" ? log::Format::json : log::Format::text;
           },
           "text or json")
        ->check(CLI::IsMember({"text", "json"}))
        ->type_name("FORMAT")
        ->group(global_group);
}

}  // namespace handover::cli
