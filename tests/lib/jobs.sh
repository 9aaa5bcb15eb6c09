# Two jobs at a time, each a process group of its own, so that ending one ends what it started and nothing else.
# shellcheck shell=bash

jobs_running=()
trap end_jobs EXIT
trap 'exit 130' INT TERM

start_job() {
    if [ "${#jobs_running[@]}" -ge 2 ]; then wait_for_one; fi
    set -m
    "$@" &
    set +m
    jobs_running+=($!)
}

# Waits for the oldest: the order of the results stays the order of the programs.
wait_for_one() {
    local pid=${jobs_running[0]}
    wait "$pid" || true
    kill -KILL -- "-$pid" 2>/dev/null || true # what it may have left behind
    jobs_running=("${jobs_running[@]:1}")
}

wait_for_jobs() {
    while [ "${#jobs_running[@]}" -gt 0 ]; do wait_for_one; done
}

end_jobs() {
    local pid
    for pid in "${jobs_running[@]}"; do kill -KILL -- "-$pid" 2>/dev/null || true; done
    close_servers
}
