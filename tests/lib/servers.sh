# Servers for the programs under test: each of their own, so that counters are not shared.
# shellcheck shell=bash

# start_server BASE COMMAND...: a server that ends when its standard input closes. That is a pipe whose other end only
# this shell holds, as descriptor 8: so no server can outlive it, however it ends. Output: BASE. Sets server_url.
# It may have as many connections as the system lets it, which is often more than it begins with.
start_server() {
    local base=$1
    shift
    if [ "${#server_pids[@]}" -eq 0 ]; then
        lifeline=$base.lifeline
        mkfifo "$lifeline"
        exec 8<>"$lifeline"
    fi
    (ulimit -Sn "$(ulimit -Hn)" && exec "$@") <"$lifeline" >"$base" 2>&1 8>&- &
    server_pids+=("$!")
    server_url=$(server_line "$base" 'listening on')
}

# The signal only spares the wait for what the closing does.
server_pids=()
close_servers() {
    local pid
    exec 8>&-
    for pid in "${server_pids[@]}"; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    server_pids=()
}

# start_simulators BASE: two of them, plain and TLS, with their addresses and those of their control routes in the
# environment.
start_simulators() {
    local simulator=("$HB_SIM" --port 0 --until-stdin-closes --key "$HB_TEST_KEY")
    start_server "$1.sim" "${simulator[@]}" || return 1
    HB_TEST_URL=$server_url
    HB_TEST_CONTROL=$(server_line "$1.sim" 'control on') || return 1
    start_server "$1.sim-tls" "${simulator[@]}" --tls --ca-out "$1.ca.pem" || return 1
    HB_TEST_TLS_URL=$server_url
    HB_TEST_TLS_CONTROL=$(server_line "$1.sim-tls" 'control on') || return 1
    export HB_TEST_URL HB_TEST_CONTROL HB_TEST_TLS_URL HB_TEST_TLS_CONTROL HB_TEST_CA=$1.ca.pem
}

# use_simulator: builds and starts them, for programs that are told by the environment whom to ask.
use_simulator() {
    build_simulator
    start_simulators "$HB_OUT/server"
    export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY
    unset HYPERBOLIC_MODEL
}

# llama-server with its small model, in the place of the plain simulator.
start_model_server() {
    export HB_TEST_SERVER_LOG=$HB_OUT/llama-server.log HB_TEST_MODEL=smollm2-135m
    start_server "$HB_OUT/serve" tests/model/serve --key "$HB_TEST_KEY" --log "$HB_TEST_SERVER_LOG"
    export HB_TEST_URL=$server_url
}

# server_line FILE WHAT: the address in the line `WHAT ADDRESS`, once the server that was started last has written it.
server_line() {
    local end=$((SECONDS + 30))
    until grep -q "^$2 " "$1" 2>/dev/null; do
        if ! kill -0 "${server_pids[-1]}" 2>/dev/null || [ "$SECONDS" -ge "$end" ]; then
            printf 'no server came up; it wrote:\n' >&2
            cat "$1" >&2
            return 1
        fi
        sleep 0.02
    done
    sed -n "/^$2 /{s///p;q}" "$1"
}

# put_faults SCRIPT: for requests to the plain simulator from now on.
put_faults() { curl -fsS -X PUT --data-raw "$1" "$HB_TEST_CONTROL/simulator/faults" >/dev/null; }

# wait_for_counts NAME=N...: whether the plain simulator has counted so many, or soon has; its counters are in the log.
wait_for_counts() {
    local IFS='&'
    curl -sS --fail-with-body "$HB_TEST_CONTROL/simulator/wait?$*&timeout-ms=30000"
}

# wait_for_text FILE PATTERN: whether a program that runs has written it, or soon has.
wait_for_text() {
    local end=$((SECONDS + 30))
    until grep -q "$2" "$1" 2>/dev/null; do
        if [ "$SECONDS" -ge "$end" ]; then return 1; fi
        sleep 0.02
    done
}
