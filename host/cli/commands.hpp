// The commands: each consumes its options with what it is handed, writes to the streams, and
// returns its exit status or the error that main prints. One .cpp per command.
#pragma once

#include <handover/result.hpp>

#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/services.hpp"
#include "cli/streams.hpp"

namespace handover::cli {

Result<int> next_step(const NextStepOptions& options, Services& services, const Streams& streams);
Result<int> auth_login(const LoginOptions& options, Services& services, const Streams& streams);
Result<int> auth_status(const StatusOptions& options, Services& services, const Streams& streams);
Result<int> auth_token(const TokenOptions& options, Services& services, const Streams& streams);
Result<int> auth_refresh(const RefreshOptions& options, Services& services, const Streams& streams);
Result<int> auth_logout(const LogoutOptions& options, Services& services, const Streams& streams);
Result<int> auth_explain(const ExplainOptions& options, Services& services, const Streams& streams);
Result<int> auth_import(const ImportOptions& options, Services& services, const Streams& streams);
Result<int> run_prompt(const RunOptions& options, Services& services, const Streams& streams);
Result<int> run_batch(const BatchOptions& options, Services& services, const Streams& streams);
Result<int> show_limits(const LimitsOptions& options, Services& services, const Streams& streams);
Result<int> show_models(const ModelsOptions& options, Services& services, const Streams& streams);
Result<int> exec_command(const ExecOptions& options, Services& services, const Streams& streams);
Result<int> serve(const ServeOptions& options, Services& services, const Streams& streams);
Result<int> plugins_list(const PluginsListOptions& options,
                         Services& services,
                         const Streams& streams);
Result<int> plugins_inspect(const PluginsInspectOptions& options,
                            Services& services,
                            const Streams& streams);
Result<int> config_path(const ConfigPathOptions& options,
                        Services& services,
                        const Streams& streams);
Result<int> config_show(const ConfigShowOptions& options,
                        Services& services,
                        const Streams& streams);
Result<int> config_check(const ConfigCheckOptions& options,
                         Services& services,
                         const Streams& streams);
Result<int> config_init(const ConfigInitOptions& options,
                        Services& services,
                        const Streams& streams);
Result<int> doctor(const DoctorOptions& options, Services& services, const Streams& streams);
Result<int> print_completion(const CompletionOptions& options,
                             Services& services,
                             const Streams& streams);

// `handover __complete -- WORD...`, which the completion scripts ask: prints what could stand in
// place of the last word. Says nothing else, whatever is wrong.
void complete_words(const std::vector<std::string>& words,
                    const Outside& outside,
                    const Streams& streams);

// The command that the command line asked for.
Result<int> run_command(const Command& command, Services& services, const Streams& streams);

}  // namespace handover::cli
