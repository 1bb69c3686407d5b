#!/usr/bin/env bash
# The gateway of the release build beside nginx, a small node proxy and Portkey's gateway, each alone on one CPU, in turns:
#   tests/bench/gateway.sh BUILD_DIR [SECTION...] [SECONDS [ROUNDS]]
# Sections: requests, lone, streams, memory, tls; all of them if none is said. On loopback, in a temporary home; tests/bench/gateway/ has the parts.
set -euo pipefail
parts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/gateway
build=$(cd "${1:?usage: gateway.sh BUILD_DIR [SECTION...] [SECONDS [ROUNDS]]}" && pwd)
shift
sections=()
while [[ ${1:-} == [a-z]* ]]; do sections+=("$1"); shift; done
((${#sections[@]})) || sections=(requests lone streams memory tls)
seconds=${1:-2}
rounds=${2:-3}
PATH=$PATH:/usr/sbin
for tool in nginx wrk node taskset openssl; do
    command -v $tool >/dev/null || { echo "left out: $tool is missing (apt-get install nginx-light wrk nodejs)" >&2; exit 0; }
done
here=0                                      # the CPU of the one measured
there=$(($(nproc) > 1 ? 1 : 0))             # of upstream and load
ulimit -n "$(ulimit -Hn)"
cmake --build "$build" --target stream_load >/dev/null
stream_load=$build/bench/stream_load

work=$(mktemp -d)
trap 'stop_all; rm -rf "$work"' EXIT
for part in servers table requests streams memory; do source "$parts/$part.sh"; done
all=(nginx gateway node)
if command -v npm >/dev/null && install_portkey; then
    all+=(portkey)
else
    echo "Portkey's gateway is left out: npm is missing, or did not install it" >&2
fi
make_certificates
for section in "${sections[@]}"; do
    declare -F "section_$section" >/dev/null || { echo "there is no section $section" >&2; exit 2; }
    "section_$section"
done
printf '\nmedians of %s rounds, %s s of load each; load of the machine at the end: %s\n' "$rounds" "$seconds" "$(cut -d' ' -f1-3 /proc/loadavg)"
