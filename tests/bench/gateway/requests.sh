# A small POST through keep-alive connections, by wrk.
write_post() {
    cat >"$work/post.lua" <<LUA
wrk.method = 'POST'
wrk.path = '/v1/chat/completions'
wrk.headers['Content-Type'] = 'application/json'
wrk.headers['Authorization'] = 'Bearer $key'
wrk.body = '{"model":"m","messages":[{"role":"user","content":"Say hello"}]}'
done = function(summary, latency)
    local errors = summary.errors
    io.write(string.format('RESULT %d %d %d %d %d\n', summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
                           errors.connect + errors.status + errors.read + errors.write + errors.timeout))
end
LUA
}

# Sets requests, microseconds, p50 and p99.
post() { # WHO CPU CONNECTIONS SCHEME
    local options=() failed
    mapfile -t options < <(header_options "$1")
    read -r requests microseconds p50 p99 failed < <(taskset -c "$2" wrk -t1 -c"$3" -d"${seconds}s" "${options[@]}" -s "$work/post.lua" \
        "$4://127.0.0.1:${port[$1]}" | sed -n 's/^RESULT //p')
    [[ $failed == 0 ]] || { echo "$1: $failed of $requests requests failed" >&2; exit 1; }
}
header_options() { # WHO: -H and a header, line by line
    [[ -n ${headers[$1]:-} ]] || return 0
    printf '%s\n' "${headers[$1]}" | tr '|' '\n' | sed 's/^/-H\n/'
}

check_answers() { # SCHEME WHO...
    local scheme=$1 who options=() got
    shift
    for who; do
        mapfile -t options < <(header_options "$who")
        got=$(curl -sS --cacert "$work/ca.pem" "${options[@]}" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
            -d '{"model":"m","messages":[]}' "$scheme://127.0.0.1:${port[$who]}/v1/chat/completions")
        [[ $got == "$answer" || ($who == portkey && $got == *Hello.*) ]] || { echo "$who answers: $got" >&2; exit 1; }
    done
}

post_rounds() { # SCHEME WHO...: requests and CPU at 1, 16 and 64 connections, proxies on one CPU, load and upstream on the other
    local scheme=$1 connections who before
    shift
    forget
    write_post
    check_answers "$scheme" "$@"
    for _ in $(seq "$rounds"); do
        for connections in 1 16 64; do
            for who; do
                before=$(cpu_ns "${pid[$who]}")
                post "$who" "$there" "$connections" "$scheme"
                record "requests/s, connections: $connections" "$who" "$(per "$requests" "$microseconds" 0.000001)"
                record "CPU us for a request, connections: $connections" "$who" "$(per $(($(cpu_ns "${pid[$who]}") - before)) "$requests" 1000)"
            done
        done
    done
}
print_posts() { # TITLE
    local connections
    table "$1"
    for connections in 1 16 64; do row "requests/s, connections: $connections" "$([[ $connections == 1 ]] || echo '0.6; 1.0')"; done
    for connections in 1 16 64; do row "CPU us for a request, connections: $connections" '1.7; 1.0'; done
}

section_requests() {
    start_small_upstream "$there" plain
    start_all "$here"
    post_rounds http "${all[@]}"
    stop_all
    print_posts 'A small POST: the proxy alone on one CPU, load and upstream on the other'
}

# What each adds to a request that is alone: all of them on one CPU, less the way straight to the upstream.
section_lone() {
    local who
    forget
    start_small_upstream "$here" plain
    start_all "$here"
    write_post
    check_answers http upstream "${all[@]}"
    for _ in $(seq "$rounds"); do
        post upstream "$here" 1 http
        local direct_p50=$p50 direct_p99=$p99
        record 'straight to the upstream, p50 us' upstream "$p50"
        for who in "${all[@]}"; do
            post "$who" "$here" 1 http
            record 'added to a lone request, p50 us' "$who" "$((p50 - direct_p50))"
            record 'added to a lone request, p99 us' "$who" "$((p99 - direct_p99))"
        done
    done
    stop_all
    table "A lone small POST, all on one CPU (straight to the upstream: p50 $(short "$(value 'straight to the upstream, p50 us' upstream)") us)"
    row 'added to a lone request, p50 us' '2.0; 1.0'
    row 'added to a lone request, p99 us'
}

section_tls() {
    start_small_upstream "$there" tls
    start_nginx_proxy "$here" plain tls
    start_gateway "$here" plain tls
    post_rounds http nginx gateway
    stop nginx gateway
    print_posts 'A small POST with TLS towards the upstream'
    if start_gateway "$here" tls tls; then
        start_nginx_proxy "$here" tls tls
        post_rounds https nginx gateway
        print_posts 'A small POST with TLS on both sides'
    else
        printf '\nTLS on both sides: left out, this build has no TLS towards clients\n'
    fi
    stop_all
}
