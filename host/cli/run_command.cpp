#include "cli/commands.hpp"

namespace handover::cli {
namespace {

struct Runner {
    Services& services;
    const Streams& streams;

    Result<int> operator()(const ShowTextOptions& o) const {
        streams.out(o.text);
        return 0;
    }
    Result<int> operator()(const NextStepOptions& o) const {
        return next_step(o, services, streams);
    }
    Result<int> operator()(const LoginOptions& o) const { return auth_login(o, services, streams); }
    Result<int> operator()(const StatusOptions& o) const {
        return auth_status(o, services, streams);
    }
    Result<int> operator()(const TokenOptions& o) const { return auth_token(o, services, streams); }
    Result<int> operator()(const RefreshOptions& o) const {
        return auth_refresh(o, services, streams);
    }
    Result<int> operator()(const LogoutOptions& o) const {
        return auth_logout(o, services, streams);
    }
    Result<int> operator()(const ExplainOptions& o) const {
        return auth_explain(o, services, streams);
    }
    Result<int> operator()(const ImportOptions& o) const {
        return auth_import(o, services, streams);
    }
    Result<int> operator()(const RunOptions& o) const { return run_prompt(o, services, streams); }
    Result<int> operator()(const BatchOptions& o) const { return run_batch(o, services, streams); }
    Result<int> operator()(const LimitsOptions& o) const {
        return show_limits(o, services, streams);
    }
    Result<int> operator()(const ModelsOptions& o) const {
        return show_models(o, services, streams);
    }
    Result<int> operator()(const ExecOptions& o) const {
        return exec_command(o, services, streams);
    }
    Result<int> operator()(const ServeOptions& o) const { return serve(o, services, streams); }
    Result<int> operator()(const PluginsListOptions& o) const {
        return plugins_list(o, services, streams);
    }
    Result<int> operator()(const PluginsInspectOptions& o) const {
        return plugins_inspect(o, services, streams);
    }
    Result<int> operator()(const ConfigPathOptions& o) const {
        return config_path(o, services, streams);
    }
    Result<int> operator()(const ConfigShowOptions& o) const {
        return config_show(o, services, streams);
    }
    Result<int> operator()(const ConfigCheckOptions& o) const {
        return config_check(o, services, streams);
    }
    Result<int> operator()(const ConfigInitOptions& o) const {
        return config_init(o, services, streams);
    }
    Result<int> operator()(const DoctorOptions& o) const { return doctor(o, services, streams); }
    Result<int> operator()(const CompletionOptions& o) const {
        return print_completion(o, services, streams);
    }
};

}  // namespace

Result<int> run_command(const Command& command, Services& services, const Streams& streams) {
    return std::visit(Runner{services, streams}, command);
}

}  // namespace handover::cli
