# Figures as they come, and the table of their medians.
forget() { : >"$work/results"; } # before the rounds of a table
record() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$work/results"; } # FIGURE WHO VALUE

median() { sort -g | awk '{ v[NR] = $1 } END { if (NR) print (NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2) }'; }
value() { awk -F '\t' -v f="$1" -v w="$2" '$1 == f && $2 == w { print $3 }' "$work/results" | median; } # FIGURE WHO
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { if (a == "" || b + 0 <= 0) print "-"; else printf "%.2f", a / b }'; }
short() { awk -v v="$1" 'BEGIN { if (v == "") print "-"; else if (v >= 1000 || v == int(v)) printf "%.0f", v; else if (v >= 100) printf "%.0f", v; else printf "%.1f", v }'; }

table() { # TITLE
    printf '\n%s\n\n| %-44s | %9s | %9s | %8s | %-12s | %9s | %9s |\n| --- | ---: | ---: | ---: | --- | ---: | ---: |\n' \
        "$1" what nginx gateway 'of nginx' 'target; goal' node Portkey
}
row() { # FIGURE [TARGETS]
    local nginx gateway
    nginx=$(value "$1" nginx)
    gateway=$(value "$1" gateway)
    printf '| %-44s | %9s | %9s | %8s | %-12s | %9s | %9s |\n' "$1" "$(short "$nginx")" "$(short "$gateway")" \
        "$(ratio "$gateway" "$nginx")" "${2:-}" "$(short "$(value "$1" node)")" "$(short "$(value "$1" portkey)")"
}

# CPU time of a process and its children until now, in nanoseconds.
cpu_ns() {
    local one
    for one in "$1" $(pgrep -P "$1" || true); do cat "/proc/$one/task/"*/schedstat; done | awk '{ all += $1 } END { printf "%.0f", all }'
}
per() { awk -v all="$1" -v n="$2" -v unit="$3" 'BEGIN { printf "%.3f", all / n / unit }'; } # ALL N UNIT
