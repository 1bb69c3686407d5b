# Event streams, by stream_load: every event is a write of its own at the upstream and carries the time of that write.
stream() { # WHO CPU CONNECTIONS STREAMS_EACH EVENTS EVERY_US: sets events, reads, first_p50, event_p50, event_p99, ...
    local extra=() line word
    [[ -z ${headers[$1]:-} ]] || IFS='|' read -ra extra <<<"${headers[$1]}"
    line=$(taskset -c "$2" "$stream_load" read "${port[$1]}" "$key" "${@:3}" "${extra[@]}" | tail -n1) || { echo "$1: no stream" >&2; exit 1; }
    for word in $line; do printf -v "${word%%=*}" %s "${word#*=}"; done
}
cpu_of_stream() { # WHO CPU ...: as stream, and sets cpu, in microseconds for an event
    local before
    before=$(cpu_ns "${pid[$1]}")
    stream "$@"
    cpu=$(per $(($(cpu_ns "${pid[$1]}") - before)) "$events" 1000)
}

# The latencies, with everything on one CPU: what counts is the work on the way, not the waking of another CPU.
stream_latencies() {
    local who
    start_stream_upstream "$here"
    start_all "$here"
    for _ in $(seq "$rounds"); do
        for who in upstream "${all[@]}"; do
            stream "$who" "$here" 1 200 1 0
            record 'first event of a lone stream, p50 us' "$who" "$first_p50"
        done
        for who in upstream "${all[@]}"; do
            cpu_of_stream "$who" "$here" 50 1 $((seconds * 50)) 20000
            record 'event latency, 50 paced streams, p50 us' "$who" "$event_p50"
            record 'event latency, 50 paced streams, p99 us' "$who" "$event_p99"
            record 'CPU us for an event, 50 paced streams' "$who" "$cpu"
        done
    done
    stop_all
}
stream_bursts() {
    local who
    start_stream_upstream "$there"
    start_all "$here"
    for _ in $(seq "$rounds"); do
        for who in "${all[@]}"; do
            cpu_of_stream "$who" "$there" 1 1 10000 100
            record 'CPU us for an event, 1 stream, each 100 us' "$who" "$cpu"
            cpu_of_stream "$who" "$there" 1 1 40000 0
            record 'CPU us for an event, burst of 1 stream' "$who" "$cpu"
            cpu_of_stream "$who" "$there" 16 1 2500 0
            record 'CPU us for an event, burst of 16 streams' "$who" "$cpu"
            record 'events in a read of the client, 16 streams' "$who" "$(per "$events" "$reads" 1)"
        done
    done
    stop_all
}

section_streams() {
    local straight='straight to the upstream:' figure
    forget
    stream_latencies
    stream_bursts
    for figure in 'first event of a lone stream, p50 us' 'event latency, 50 paced streams, p99 us'; do
        straight+=" $figure $(short "$(value "$figure" upstream)");"
    done
    table "Streams; latencies with all on one CPU (${straight%;})"
    row 'first event of a lone stream, p50 us' '1.3; 1.0'
    row 'event latency, 50 paced streams, p50 us'
    row 'event latency, 50 paced streams, p99 us' '1.3; 1.0'
    row 'CPU us for an event, 50 paced streams' '1.5; 1.1'
    row 'CPU us for an event, 1 stream, each 100 us' '1.5; 1.1'
    row 'CPU us for an event, burst of 1 stream' '1.5; 1.1'
    row 'CPU us for an event, burst of 16 streams' '1.5; 1.1'
    row 'events in a read of the client, 16 streams'
}
