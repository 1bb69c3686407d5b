# The upstreams and what stands before them. Each start_* sets port[NAME] and pid[NAME]; stop NAME... ends them. Everything listens on 127.0.0.1
# and runs on the CPU that it is given, nginx with one worker.
declare -A port pid headers
key=sandbox-client-key                                       # replaced by the gateway's own
answer='{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}'

reserve_port() { port[$1]=$("$stream_load" ports 1 | tr -d ' '); }

await_port() { # NAME
    local i
    for i in $(seq 200); do
        (: <>"/dev/tcp/127.0.0.1/${port[$1]}") 2>/dev/null && return
        sleep 0.05
    done
    echo "$1 does not listen" >&2
    exit 1
}

stop() { # NAME...
    local name
    for name; do
        [[ -n ${pid[$name]:-} ]] || continue
        kill "${pid[$name]}" 2>/dev/null || true
        wait "${pid[$name]}" 2>/dev/null || true
        unset "pid[$name]"
    done
}
stop_all() { stop "${!pid[@]}"; }

nginx_conf() { # NAME: the front of a configuration, up to the http block's inside
    mkdir -p "$work/$1"
    cat <<CONF
daemon off; worker_processes 1; pid $work/$1/pid; error_log $work/$1/error.log;
events { worker_connections 8192; }
http {
    access_log off; keepalive_requests 10000000; default_type application/json; ssl_protocols TLSv1.2 TLSv1.3;
    client_body_temp_path $work/$1/b; proxy_temp_path $work/$1/p; fastcgi_temp_path $work/$1/f; uwsgi_temp_path $work/$1/u; scgi_temp_path $work/$1/s;
CONF
}
listen_line() { # NAME tls|plain
    printf 'listen 127.0.0.1:%s backlog=4096' "${port[$1]}"
    if [[ $2 == tls ]]; then printf ' ssl; ssl_certificate %s; ssl_certificate_key %s' "$work/server.pem" "$work/server.key"; fi
    echo ';'
}
start_nginx() { # NAME CPU
    taskset -c "$2" nginx -c "$work/$1.conf" -p "$work" 2>"$work/$1.log" &
    pid[$1]=$!
    await_port "$1"
}

start_small_upstream() { # CPU tls|plain: the same small answer to everything
    reserve_port upstream
    { nginx_conf upstream; echo "server { $(listen_line upstream "$2") location / { return 200 '$answer'; } } }"; } >"$work/upstream.conf"
    start_nginx upstream "$1"
}
start_stream_upstream() { # CPU
    reserve_port upstream
    taskset -c "$1" "$stream_load" serve "${port[upstream]}" &
    pid[upstream]=$!
    await_port upstream
}

start_nginx_proxy() { # CPU FRONT BACK, each tls or plain
    local scheme=http
    [[ $3 == plain ]] || scheme=https
    reserve_port nginx
    { nginx_conf nginx
      cat <<CONF
    upstream models { server 127.0.0.1:${port[upstream]}; keepalive 256; keepalive_requests 10000000; }
    server { $(listen_line nginx "$2")
        location / { proxy_pass $scheme://models; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off;
                     proxy_ssl_trusted_certificate $work/ca.pem; proxy_ssl_verify on; proxy_ssl_name localhost; proxy_ssl_protocols TLSv1.2 TLSv1.3;
                     proxy_set_header Authorization "Bearer sandbox-key-bench"; } }
}
CONF
    } >"$work/nginx.conf"
    start_nginx nginx "$1"
}

# Returns 1 where this build's gateway cannot do TLS towards clients.
start_gateway() { # CPU FRONT BACK
    local home=$work/home-$2-$3 scheme=http listening
    [[ $3 == plain ]] || scheme=https
    mkdir -p -m 700 "$home"
    cat >"$home/config.toml" <<TOML
default_provider = "bench"
[http]
ca_file = "$work/ca.pem"
[serve]
$([[ $2 == plain ]] || printf 'tls_certificate = "%s"\ntls_key = "%s"\n' "$work/server.pem" "$work/server.key")
[providers.bench]
plugin = "openai"
base_url = "$scheme://127.0.0.1:${port[upstream]}/v1"
dialects = ["chat_completions"]
[providers.bench.auth.api-key]
env = ["BENCH_KEY"]
TOML
    rm -f "$work/listening"
    BENCH_KEY=sandbox-key-bench HANDOVER_HOME=$home HANDOVER_PLUGIN_PATH=$build/plugins \
        taskset -c "$1" "$build/bin/handover" -q serve --listen 127.0.0.1:0 >"$work/listening" 2>"$work/serve.log" &
    pid[gateway]=$!
    for _ in $(seq 100); do [[ -s $work/listening ]] && break; kill -0 "${pid[gateway]}" 2>/dev/null || break; sleep 0.05; done
    listening=$(cat "$work/listening")
    [[ -n $listening ]] || { cat "$work/serve.log" >&2; exit 1; }
    if [[ $2 == tls && $listening != *https://* ]]; then stop gateway; return 1; fi
    port[gateway]=${listening##*:}
    key=$(sed -n 's/.*"key": *"\([^"]*\)".*/\1/p' "$home/state/gateway-keys.json" | head -1)
}

start_node() { # CPU
    reserve_port node
    taskset -c "$1" node "$parts/node_proxy.mjs" "${port[node]}" "${port[upstream]}" &
    pid[node]=$!
    await_port node
}

portkey_version=1.15.2
portkey_place=${XDG_CACHE_HOME:-$HOME/.cache}/handover/bench/portkey-$portkey_version
portkey=$portkey_place/node_modules/@portkey-ai/gateway/build/start-server.js
# Its streams fail with a later @hono/node-server than 1.14.1, which it would get.
install_portkey() {
    [[ ! -e $portkey ]] || return 0
    mkdir -p "$portkey_place"
    printf '{"private": true, "dependencies": {"@portkey-ai/gateway": "%s"}, "overrides": {"@hono/node-server": "1.14.1"}}\n' "$portkey_version" >"$portkey_place/package.json"
    npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$portkey_place" >"$work/portkey.log" 2>&1 && [[ -e $portkey ]]
}
start_portkey() { # CPU
    reserve_port portkey
    headers[portkey]="x-portkey-provider: openai|x-portkey-custom-host: http://127.0.0.1:${port[upstream]}/v1"
    NODE_ENV=production taskset -c "$1" node --require "$parts/loopback_only.cjs" "$portkey" --headless "--port=${port[portkey]}" >"$work/portkey.log" 2>&1 &
    pid[portkey]=$!
    await_port portkey
}

start_proxy() { # WHO CPU
    case $1 in
        nginx) start_nginx_proxy "$2" plain plain ;;
        gateway) start_gateway "$2" plain plain ;;
        *) "start_$1" "$2" ;;
    esac
}
# All that are compared, before the upstream that runs.
start_all() { # CPU
    local who
    for who in "${all[@]}"; do start_proxy "$who" "$1"; done
}

# A certificate for localhost and 127.0.0.1, and its authority.
make_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=bench authority' -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=localhost' -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
    openssl x509 -req -in "$work/server.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 2 \
        -extfile <(echo 'subjectAltName = DNS:localhost, IP:127.0.0.1') -out "$work/server.pem" 2>/dev/null
}
