#!/usr/bin/env bash
# The gateway of the release build beside nginx and a small node proxy, each alone on one CPU, in turns: tests/bench/gateway.sh BUILD_DIR [SECONDS] [ROUNDS].
# A small POST through a keep-alive connection, the same upstream behind each; on loopback, in a temporary home.
set -euo pipefail
build=$(cd "${1:?usage: gateway.sh BUILD_DIR [SECONDS] [ROUNDS]}" && pwd)
seconds=${2:-4}
rounds=${3:-3}
PATH=$PATH:/usr/sbin
for tool in nginx wrk node taskset; do
    command -v $tool >/dev/null || { echo "left out: $tool is missing (apt-get install nginx-light wrk nodejs)" >&2; exit 0; }
done
work=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; wait 2>/dev/null || true; rm -rf "$work"' EXIT
cpus=$(nproc)
here=0                                  # the one measured
there=$((cpus > 1 ? 1 : 0))             # upstream and load
base=$((20000 + RANDOM % 20000))
upstream=$base nginx_port=$((base + 1)) node_port=$((base + 2))

answer='{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}'
nginx_conf() { # NAME
    mkdir -p "$work/$1"
    cat <<EOF
daemon off; worker_processes 1; pid $work/$1/pid; error_log $work/$1/error.log;
events { worker_connections 4096; }
http {
    access_log off; keepalive_requests 10000000; default_type application/json;
    client_body_temp_path $work/$1/b; proxy_temp_path $work/$1/p; fastcgi_temp_path $work/$1/f; uwsgi_temp_path $work/$1/u; scgi_temp_path $work/$1/s;
EOF
}
{ nginx_conf upstream
  cat <<EOF
    server { listen 127.0.0.1:$upstream backlog=4096; location / { return 200 '$answer'; } }
}
EOF
} >"$work/upstream.conf"
{ nginx_conf proxy
  cat <<EOF
    upstream models { server 127.0.0.1:$upstream; keepalive 256; keepalive_requests 10000000; }
    server { listen 127.0.0.1:$nginx_port backlog=4096;
        location / { proxy_pass http://models; proxy_http_version 1.1; proxy_set_header Connection "";
                     proxy_set_header Authorization "Bearer sandbox-key-bench"; proxy_buffering off; } }
}
EOF
} >"$work/proxy.conf"
cat >"$work/proxy.mjs" <<EOF
import { Agent, createServer, request } from 'node:http';
const agent = new Agent({ keepAlive: true, maxSockets: Infinity });
createServer((incoming, outgoing) => {
  const headers = { ...incoming.headers, authorization: 'Bearer sandbox-key-bench' };
  delete headers.host; delete headers.connection;
  const forward = request({ host: '127.0.0.1', port: $upstream, method: incoming.method, path: incoming.url, headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  forward.on('error', () => outgoing.destroy());
  outgoing.on('close', () => { if (!outgoing.writableFinished) forward.destroy(); });
  incoming.pipe(forward);
}).listen($node_port, '127.0.0.1');
EOF
mkdir -m 700 "$work/home"
cat >"$work/home/config.toml" <<EOF
default_provider = "bench"
[providers.bench]
plugin = "openai"
base_url = "http://127.0.0.1:$upstream/v1"
dialects = ["chat_completions"]
[providers.bench.auth.api-key]
env = ["BENCH_KEY"]
EOF

taskset -c $there nginx -c "$work/upstream.conf" -p "$work" & pids+=($!)
taskset -c $here nginx -c "$work/proxy.conf" -p "$work" & pids+=($!); nginx_pid=$!
taskset -c $here node "$work/proxy.mjs" & pids+=($!); node_pid=$!
BENCH_KEY=sandbox-key-bench HANDOVER_HOME=$work/home HANDOVER_PLUGIN_PATH=$build/plugins \
    taskset -c $here "$build/bin/handover" -q serve --listen 127.0.0.1:0 >"$work/listening" 2>"$work/serve.log" & pids+=($!); gateway_pid=$!
for _ in $(seq 100); do [ -s "$work/listening" ] && break; sleep 0.1; done
gateway_port=$(sed -n 's/.*:\([0-9]*\)$/\1/p' "$work/listening")
[ -n "$gateway_port" ] || { cat "$work/serve.log" >&2; exit 1; }
key=$(sed -n 's/.*"key":"\([^"]*\)".*/\1/p' "$work/home/state/gateway-keys.json")

cat >"$work/post.lua" <<EOF
wrk.method = 'POST'
wrk.path = '/v1/chat/completions'
wrk.headers['Content-Type'] = 'application/json'
wrk.headers['Authorization'] = 'Bearer $key'
wrk.body = '{"model":"m","messages":[{"role":"user","content":"Say hello"}]}'
done = function(summary, latency)
    io.write(string.format('RESULT %d %d %d %d\n', summary.requests, summary.duration, latency:percentile(50), summary.errors.status + summary.errors.read + summary.errors.timeout))
end
EOF
hertz=$(getconf CLK_TCK)
cpu_of() { # of the process and its children, in ticks
    local total=0 pid
    for pid in $1 $(pgrep -P "$1" || true); do
        total=$((total + $(sed 's/.*) //' "/proc/$pid/stat" | awk '{print $12 + $13}')))
    done
    echo $total
}
measure() { # NAME PORT PID CONNECTIONS
    local before after line
    before=$(cpu_of "$3")
    line=$(taskset -c $there wrk -t1 -c"$4" -d"${seconds}s" -s "$work/post.lua" "http://127.0.0.1:$2" | sed -n 's/^RESULT //p')
    after=$(cpu_of "$3")
    set -- "$1" "$4" "$before" "$after" $line
    [ "$8" = 0 ] || echo "$1: $8 requests failed" >&2
    awk -v n="$1" -v c="$2" -v b="$3" -v a="$4" -v r="$5" -v us="$6" -v p="$7" -v hz="$hertz" \
        'BEGIN { printf "%s %d %.0f %.2f %d\n", n, c, r * 1e6 / us, (a - b) * 1e6 / hz / r, p }' >>"$work/results"
}
for port in $nginx_port $node_port "$gateway_port"; do # warm, and all of them answer
    curl -sS -o "$work/answer" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d '{"model":"m","messages":[]}' "http://127.0.0.1:$port/v1/chat/completions"
    [ "$(cat "$work/answer")" = "$answer" ] || { echo "port $port answers: $(cat "$work/answer")" >&2; exit 1; }
done
for _ in $(seq "$rounds"); do
    for connections in 1 16 64; do
        measure nginx $nginx_port $nginx_pid $connections
        measure gateway "$gateway_port" $gateway_pid $connections
        measure node $node_port $node_pid $connections
    done
done
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
column() { awk -v n="$1" -v c="$2" -v f="$3" '$1 == n && $2 == c { print $f }' "$work/results" | median; }
printf '%-12s %-9s %12s %10s %14s %14s\n' connections who requests/s 'of nginx' 'CPU us/request' 'p50 us'
for connections in 1 16 64; do
    for who in nginx gateway node; do
        rate=$(column $who $connections 3)
        printf '%-12s %-9s %12s %10s %14s %14s\n' $connections $who "$rate" "$(awk -v a="$rate" -v b="$(column nginx $connections 3)" 'BEGIN { printf "%.2f", a / b }')" \
            "$(column $who $connections 4)" "$(column $who $connections 5)"
    done
done
printf 'memory (VmRSS): gateway %s, nginx %s, node %s\n' "$(awk '/VmRSS/ { print $2 " kB" }' /proc/$gateway_pid/status)" \
    "$(awk '/VmRSS/ { print $2 " kB" }' "/proc/$(pgrep -P $nginx_pid | head -1)/status")" "$(awk '/VmRSS/ { print $2 " kB" }' /proc/$node_pid/status)"
