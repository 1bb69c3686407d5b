#!/usr/bin/env bash
# The broker beside a clock read, a flock and bare threads and processes, and the memory of long batches:
# tests/bench/broker.sh BUILD_DIR [ROUNDS].
set -euo pipefail
build=$(cd "${1:?usage: broker.sh BUILD_DIR [ROUNDS]}" && pwd)
rounds=${2:-21}
work=$(mktemp -d)
sandbox=
cleanup() {
    [[ -z $sandbox ]] || kill "$sandbox"
    rm -rf "$work"
}
trap cleanup EXIT

cmake --build "$build" --target broker_bench handover handover-sandbox >/dev/null
"$build/bench/broker_bench" "$rounds"

# All but 2,000 of the lines are answered already: memory is a matter of the lines, not of the requests.
"$build/bin/handover-sandbox" --port 0 >"$work/sandbox" &
sandbox=$!
until [[ -s $work/sandbox ]]; do sleep 0.05; done
base_url=$(sed -E 's/.*"base_url": ?"([^"]*)".*/\1/' "$work/sandbox")
export HANDOVER_HOME=$work/home HANDOVER_PLUGIN_PATH=$build/plugins BENCH_KEY=sandbox-key-bench
mkdir -m 700 "$HANDOVER_HOME"
cat >"$HANDOVER_HOME/config.toml" <<TOML
[providers.bench]
plugin = "openai"
base_url = "$base_url"
concurrency = 8
[providers.bench.auth.api-key]
env = ["BENCH_KEY"]
TOML
echo
echo "memory of a batch, 8 requests at a time, 2,000 lines left (a target: 16 bytes for each line)"
echo 'int main() {}' >"$work/empty.cpp"
g++ -O2 -Wl,--no-as-needed -o "$work/empty" "$work/empty.cpp"
printf '  %-60s %9s MB\n' "an empty program" "$("$build/bench/broker_bench" rss "$work/empty")"
for lines in 2000 100000 1000000; do
    awk -v n="$lines" 'BEGIN { for (i = 0; i < n; i++)
        printf "{\"custom_id\":\"line-%d\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{\"model\":\"sandbox-model\",\"input\":\"hi\"}}\n", i }' >"$work/in.jsonl"
    awk -v n="$((lines - 2000))" 'BEGIN { for (i = 0; i < n; i++)
        printf "{\"id\":\"batch_req_%d\",\"custom_id\":\"line-%d\",\"response\":{\"status_code\":200,\"request_id\":\"\",\"body\":{}},\"error\":null}\n", i, i }' >"$work/out.jsonl"
    chmod 600 "$work/out.jsonl"
    used=$("$build/bench/broker_bench" rss "$build/bin/handover" -q batch "$work/in.jsonl" -o "$work/out.jsonl" -p bench 2>"$work/said") || { cat "$work/said" >&2; exit 1; }
    [[ $(wc -l <"$work/out.jsonl") == "$lines" ]]
    printf "  %-60s %9s MB\n" "$lines lines" "$used"
done
