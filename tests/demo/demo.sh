#!/usr/bin/env bash
# The demo behind `./dev demo`: Handover against the loopback sandbox, in a temporary home. usage: demo.sh BUILD_FOLDER
set -euo pipefail
build=$(cd "$1" && pwd)
token_lifetime=12  # seconds; short, so that one expires before our eyes

home=$(mktemp -d "${TMPDIR:-/tmp}/handover-demo.XXXXXX")
sandbox_pid=
clean_up() {
    [[ -z $sandbox_pid ]] || kill "$sandbox_pid" 2>/dev/null || true
    rm -rf "$home"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

step_number=0
step() { printf '\n%d. %s\n' "$((step_number += 1))" "$*"; }
note() { printf '   %s\n' "$*"; }

# What a person would type; the output is indented so that it stands apart.
handover() {
    local word line=handover
    for word in "$@"; do
        [[ $word != *' '* ]] || word="\"$word\""
        line+=" $word"
    done
    printf '   $ %s\n' "${line//$home/\$DEMO}"
    "$program" "$@" </dev/null 2>&1 | sed -u "s|$home|\$DEMO|g; s/^/     /"
}

member() { sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" <<<"$2"; }  # one member of a line of JSON
counters() { curl -s "$sandbox/counters"; }
status_now() { member status "$("$program" auth status codex --json </dev/null 2>/dev/null || true)"; }

real_openai_key=${OPENAI_API_KEY:+yes}
# The demo sees nothing of the user's own: no keys, no config, no plugins.
unset OPENAI_API_KEY HANDOVER_CONFIG HANDOVER_PROVIDER HANDOVER_PLUGIN_PATH
export HANDOVER_HOME=$home

# A copy of the program, so that the plugins beside the build are not found as well.
mkdir "$home/bin"
cp "$build/bin/handover" "$home/bin/"
program=$home/bin/handover

step "A sandbox on the loopback interface plays the provider: authorization server and model API."
exec 3< <(exec "$build/bin/handover-sandbox" --token-lifetime "${token_lifetime}s" --exit-with-parent)
sandbox_pid=$!
read -r description <&3 || { echo "the sandbox did not start" >&2; exit 1; }
issuer=$(member issuer "$description")
sandbox=$(member sandbox "$description")
note "It listens on $issuer; its access tokens live $token_lifetime seconds."

step "Plugins are dropped into a folder."
mkdir -m 0700 "$home/plugins"
cp "$build/plugins/codex.so" "$build/plugins/openai.so" "$home/plugins/"
handover plugins list
handover

step "A few lines of TOML point the codex provider at the sandbox."
cat >"$home/config.toml" <<TOML
default_provider = "codex"

[providers.codex]
plugin = "codex"
model = "sandbox-model"
base_url = "$(member codex_base_url "$description")"

[providers.codex.auth.subscription]
issuer = "$issuer"
client_id = "local"
redirect_uris = ["http://localhost:0/auth/callback"]

[providers.openai]
plugin = "openai"
base_url = "$(member base_url "$description")"
model = "sandbox-model"
TOML
sed "s/^/     /" "$home/config.toml"
handover config check

step "Log in: authorization code with PKCE. \$BROWSER is curl here, so no window opens; a person would see their browser."
BROWSER="curl -s -L -o /dev/null %s" handover auth login codex
handover auth status

step "Stream a prompt through the subscription."
handover run "Say hello to someone who tries Handover"

step "A small batch, eight requests at a time asked for: a subscription runs one at a time, whoever asks."
for n in 1 2 3 4 5 6; do
    printf '{"custom_id":"line-%s","method":"POST","url":"/v1/responses","body":{"input":"Prompt number %s"}}\n' "$n" "$n"
done >"$home/requests.jsonl"
before=$(member model_requests "$(counters)")
handover batch "$home/requests.jsonl" -o "$home/answers.jsonl" --concurrency 8
count=$(counters)
note "$(grep -c '"status_code":200' "$home/answers.jsonl") of 6 lines answered; the sandbox saw" \
    "$(($(member model_requests "$count") - before)) requests, and at most $(member max_in_flight "$count") of them in flight at once."
[[ $(member max_in_flight "$count") == 1 ]] || { echo "more than one request was in flight" >&2; exit 1; }
note "Run again, it sends nothing: the output is its own checkpoint."
handover batch "$home/requests.jsonl" -o "$home/answers.jsonl"
[[ $(member model_requests "$(counters)") == $(member model_requests "$count") ]] || { echo "lines were sent twice" >&2; exit 1; }

step "Let the token expire."
while [[ $(status_now) != expired ]]; do sleep 0.5; done
handover auth status

step "The next use refreshes it first, once."
before=$(member refresh_successes "$(counters)")
handover run "And again, with a new token"
handover auth status codex
after=$(member refresh_successes "$(counters)")
note "The sandbox counted $((after - before)) refresh for it."
((after - before == 1)) || { echo "expected one refresh" >&2; exit 1; }

step "An API key works the same way, and never appears in an argument."
note "\$ printenv SANDBOX_KEY | handover auth login openai --with-api-key"
member api_key "$description" | "$program" auth login openai --with-api-key 2>&1 | sed "s/^/     /"
handover run -p openai "Say hello with a key"
handover auth status

step "Log out: the tokens are revoked, the file is removed."
handover auth logout codex
note "The sandbox counted $(member revocations "$(counters)") revocation(s)."

printf '\nThat was all in %s, which is gone now; your own files were not touched.\n' "a temporary HANDOVER_HOME"
installed=${build#"$PWD"/}/bin/handover
if [[ -n $real_openai_key ]]; then
    echo "OPENAI_API_KEY is set. To use it: $installed run -p openai \"Say hello\""
fi
if [[ -e ${CODEX_HOME:-$HOME/.codex}/auth.json ]]; then
    echo "You are signed in to codex. For a login of Handover's own: $installed auth login codex"
fi
