#!/usr/bin/env bash
# Refreshes and leases under races, kills and faults, in full counts: tests/bench/refresh.sh BUILD_DIR [ROUNDS]. The same files run
# with every `./dev test`, with fewer rounds. What they measured comes at the end.
set -euo pipefail
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(cd "${1:?usage: refresh.sh BUILD_DIR [ROUNDS]}" && pwd)
rounds=${2:-200}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$tests/integration/install.sh"
cmake --build "$build" --target refresh_threads >/dev/null
cc -O2 -shared -fPIC -o "$work/handover_faults.so" "$tests/faults/faults.c" -ldl
export HANDOVER_BIN=$build/bin/handover HANDOVER_SANDBOX_BIN=$build/bin/handover-sandbox HANDOVER_PLUGINS=$build/plugins
export HANDOVER_TEST_PLUGINS=$work HANDOVER_FAULTS=$work/handover_faults.so HANDOVER_REFRESH_THREADS=$build/tests/refresh_threads

failed=0
measure() {  # NAME ROUNDS
    HANDOVER_TORTURE_ROUNDS=$2 node --test "$tests/integration/$1.test.js" >"$work/$1.log" 2>&1 || failed=1
    grep -E '^(ok|not ok|# )' "$work/$1.log" | grep -vE '^# (Subtest|suites|cancelled|skipped|todo|duration)' || cat "$work/$1.log"
}
measure refresh_race "$rounds"
measure refresh_kill "$rounds"
measure lease_storm "$((rounds / 10 + 1))"
measure store_faults "$rounds"
exit "$failed"
