# What tests/run prints: a line a stage while it goes, the tables and the count at the end.
# shellcheck shell=bash

# Minutes, on two cores, from an empty target folder and an empty cargo cache.
declare -A budget=([core]=12 [wire]=8 [network]=8 [queue]=8 [app]=4 [bindings]=12 [package]=5 [speed]=3)
total_budget=60
groups=(core wire network queue app bindings package speed)
declare -A group_seconds=()
rows=() reported=()
passed=0 failed=0 skipped=0

count() { grep -c "^$1 " "$2" || true; }

report_stage() {
    local file=$1 out=$2 seconds=$3 name group ok bad missed result
    name=$(stage_name "$file")
    group=$(header_of "$file" group)
    ok=$(count ok "$out/results") bad=$(count 'not ok' "$out/results") missed=$(count skip "$out/results")
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + missed))
    group_seconds[$group]=$((${group_seconds[$group]:-0} + seconds))
    if [ "$bad" -gt 0 ]; then result=FAILED
    elif [ "$ok" -eq 0 ]; then result=skipped
    else result=passed; fi
    reported+=("$name")
    rows+=("$(printf '%-8s %-14s %-8s %5d %6d %7d %7d' "$group" "$name" "$result" "$ok" "$bad" "$missed" "$seconds")")
    printf '%-8s %4d checks %4d s\n' "$result" $((ok + bad)) "$seconds"
    if [ "$bad" -gt 0 ]; then
        sed -n 's/^not ok /    not ok /p' "$out/results"
        if [ -s "$out/log" ]; then
            printf '    the end of %s:\n' "${out#"$HB_ROOT"/}/log"
            tail -n 40 "$out/log" | sed 's/^/    | /'
        fi
    fi
}

# Lines of one kind from every stage's results, in the order of the stages.
gather() {
    local name
    for name in "${reported[@]}"; do sed -n "s/^$1 /  $name: /p" "$HB_RUN/$name/results"; done
}

report_end() {
    local group seconds row
    printf '\n%-8s %-14s %-8s %5s %6s %7s %7s\n' group stage result ok failed skipped seconds
    for row in "${rows[@]}"; do printf '%s\n' "$row"; done
    printf '\n%-8s %7s %7s\n' group minutes budget
    for group in "${groups[@]}"; do
        seconds=${group_seconds[$group]:-}
        if [ -n "$seconds" ]; then report_time "$group" "$seconds" "${budget[$group]}"; fi
    done
    report_time total "$SECONDS" "$total_budget"
    if [ -n "$(gather note)" ]; then printf '\nLeft out on purpose:\n%s\n' "$(gather note)"; fi
    if [ -n "$(gather skip)" ]; then printf '\nSkipped:\n%s\n' "$(gather skip)"; fi
    if [ "$failed" -gt 0 ]; then printf '\nFailed:\n%s\n' "$(gather 'not ok')"; fi
    printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
}

report_time() {
    printf '%-8s %4d:%02d %6d%s\n' "$1" $(($2 / 60)) $(($2 % 60)) "$3" "$([ "$2" -le $(($3 * 60)) ] || echo '  over budget')"
}
