# Memory: idle, and for each of 1,000 open streams that are silent after their first event, or have one event a second.
most_streams=1000

memory_kb() { # WHO Rss|Pss: of the process and its children
    local one
    for one in "${pid[$1]}" $(pgrep -P "${pid[$1]}" || true); do cat "/proc/$one/smaps_rollup"; done | awk -v what="$2:" '$1 == what { all += $2 } END { print all }'
}

# With so many streams open for at least two seconds.
with_streams() { # WHO KIND EVENTS EVERY_US IDLE_KB
    local extra=() client idle=$5
    [[ -z ${headers[$1]:-} ]] || IFS='|' read -ra extra <<<"${headers[$1]}"
    rm -f "$work/ready"
    "$stream_load" read "${port[$1]}" "$key" $most_streams 1 "$3" "$4" "${extra[@]}" >"$work/ready" &
    client=$!
    for _ in $(seq 600); do
        [[ -s $work/ready ]] && break
        kill -0 "$client" 2>/dev/null || { echo "$1: the streams did not open" >&2; exit 1; }
        sleep 0.05
    done
    sleep 2
    record "kB for each of $most_streams $2 streams (PSS)" "$1" "$(per $(($(memory_kb "$1" Pss) - idle)) $most_streams 1)"
    kill "$client" 2>/dev/null && wait "$client" 2>/dev/null || true
    sleep 0.5 # until its streams have ended everywhere
}

section_memory() {
    local who idle
    forget
    for who in "${all[@]}"; do
        start_stream_upstream "$there"
        start_proxy "$who" "$here"
        stream "$who" "$there" 1 3 1 0 # what is set up with the first request is part of being idle
        idle=$(memory_kb "$who" Pss)
        record 'idle, MB (PSS)' "$who" "$(per "$idle" 1024 1)"
        record 'idle, MB (RSS)' "$who" "$(per "$(memory_kb "$who" Rss)" 1024 1)"
        with_streams "$who" silent 2 60000000 "$idle"
        with_streams "$who" active 60 1000000 "$idle"
        sleep 5 # a process at rest
        record 'afterwards, MB (PSS)' "$who" "$(per "$(memory_kb "$who" Pss)" 1024 1)"
        stop_all
    done
    table 'Memory, measured once; PSS and RSS of nginx are of its master and its worker'
    row 'idle, MB (PSS)' '20; 14 MB'
    row 'idle, MB (RSS)'
    row "kB for each of $most_streams silent streams (PSS)" '32; 16 kB'
    row "kB for each of $most_streams active streams (PSS)" '32; 16 kB'
    row 'afterwards, MB (PSS)'
}
