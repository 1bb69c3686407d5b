// The shells' side of completion: as little as each of them allows. All of them ask the program on
// the command line itself.
#include <array>
#include <utility>

#include "cli/completion.hpp"

namespace handover::cli {
namespace {

// Works without the bash-completion package. Readline splits words at '=' and ':' too
// (COMP_WORDBREAKS) and replaces only the last piece, so the pieces are put together for the
// question and taken off the answers again.
constexpr std::string_view bash = R"(# Completion of handover for bash, 4 or later:
#   source <(handover completion bash)        in ~/.bashrc
_handover() {
    local program=$1 rest=$COMP_LINE given=() word before i
    [[ $program == '~/'* ]] && program=$HOME/${program:2}
    for ((i = 0; i <= COMP_CWORD; i++)); do
        before=$rest word=${COMP_WORDS[i]}
        rest=${rest#"${rest%%[![:blank:]]*}"}
        if ((i)) && [[ $rest == "$before" && ${#given[@]} -gt 0 ]]; then given[-1]+=$word; else given+=("$word"); fi
        rest=${rest#"$word"}
    done
    local piece=${COMP_WORDS[COMP_CWORD]} value
    [[ $piece == [=:] ]] && piece=
    local whole=${given[-1]}
    local glued=${whole%"$piece"} paths=
    COMPREPLY=()
    while IFS=$'\t' read -r value _; do
        case $value in
            :files) paths=-f ;;
            :folders) paths=-d ;;
            *)
                [[ -z $glued || $value == "$glued"* ]] || continue
                printf -v value %q "${value#"$glued"}"
                COMPREPLY+=("$value")
                ;;
        esac
    done < <("$program" __complete -- "${given[@]:1}" 2>/dev/null)
    [[ -n $paths ]] || return 0
    compopt -o filenames 2>/dev/null
    while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen "$paths" -- "$piece")
}
complete -F _handover handover
)";

constexpr std::string_view zsh = R"(#compdef handover
# Completion of handover for zsh: either of
#   handover completion zsh > "${fpath[1]}/_handover"
#   source <(handover completion zsh)         in ~/.zshrc, after compinit
_handover() {
    local -a given values shown
    local line paths=
    given=("${(@Q)words[2,CURRENT]}")
    for line in "${(@f)$("${(Q)~words[1]}" __complete -- "${given[@]}" 2>/dev/null)}"; do
        case $line in
            ('') ;;
            (:files) paths=files ;;
            (:folders) paths=folders ;;
            (*)
                values+=("${line%%$'\t'*}")
                if [[ -n ${line#*$'\t'} ]]; then
                    shown+=("${line%%$'\t'*}  -- ${line#*$'\t'}")
                else
                    shown+=("${line%%$'\t'*}")
                fi
                ;;
        esac
    done
    local found=1
    if (( $#values )); then compadd -l -d shown -a values && found=0; fi
    if [[ -n $paths ]]; then
        compset -P '--*='
        if [[ $paths == files ]]; then _files && found=0; else _files -/ && found=0; fi
    fi
    return found
}
if [[ ${funcstack[1]} == _handover ]]; then _handover "$@"; else compdef _handover handover; fi
)";

constexpr std::string_view fish = R"(# Completion of handover for fish, 3 or later:
#   handover completion fish > ~/.config/fish/completions/handover.fish
function __handover_complete
    set -l given (commandline -opc)
    set -l token (commandline -ct)
    set -l program (string replace -r '^~/' "$HOME/" -- $given[1])
    set -e given[1]
    set -l prefix (string match -r -- '^--[^=]*=' $token)
    for line in ($program __complete -- $given "$token" 2>/dev/null)
        switch $line
            case ':files'
                for path in (__fish_complete_path (string replace -- "$prefix" '' $token))
                    echo -- "$prefix$path"
                end
            case ':folders'
                for path in (__fish_complete_directories (string replace -- "$prefix" '' $token))
                    echo -- "$prefix$path"
                end
            case '*'
                echo -- $line
        end
    end
end
complete -c handover -f -a '(__handover_complete)'
)";

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> scripts = {
    {{"bash", bash}, {"zsh", zsh}, {"fish", fish}}};

}  // namespace

std::string_view completion_script(std::string_view shell) {
    for (const auto& [name, script] : scripts) {
        if (name == shell) return script;
    }
    return {};
}

}  // namespace handover::cli
