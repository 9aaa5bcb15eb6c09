# Servers for the programs under test: each of their own, so that counters are not shared.
# shellcheck shell=bash

# start_server BASE COMMAND...: a server that ends when its standard input closes. That is a pipe whose other end only
# this shell holds, as descriptor 8: so no server can outlive it, however it ends. Output: BASE. Sets server_url.
start_server() {
    local base=$1 pid
    shift
    if [ "${#server_pids[@]}" -eq 0 ]; then
        lifeline=$base.lifeline
        mkfifo "$lifeline"
        exec 8<>"$lifeline"
    fi
    "$@" <"$lifeline" >"$base" 2>&1 8>&- &
    pid=$!
    server_pids+=("$pid")
    server_url=$(server_address "$base" "$pid")
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

# start_simulators BASE: two of them, plain and TLS, with their addresses in the environment.
start_simulators() {
    local simulator=("$HB_SIM" --port 0 --until-stdin-closes --key "$HB_TEST_KEY")
    start_server "$1.sim" "${simulator[@]}" || return 1
    export HB_TEST_URL=$server_url
    start_server "$1.sim-tls" "${simulator[@]}" --tls --ca-out "$1.ca.pem" || return 1
    export HB_TEST_TLS_URL=$server_url HB_TEST_CA=$1.ca.pem
}

# llama-server with its small model, in the place of the plain simulator.
start_model_server() {
    export HB_TEST_SERVER_LOG=$HB_OUT/llama-server.log HB_TEST_MODEL=smollm2-135m
    start_server "$HB_OUT/serve" tests/model/serve --key "$HB_TEST_KEY" --log "$HB_TEST_SERVER_LOG"
    export HB_TEST_URL=$server_url
}

# server_address FILE PID: the address in the line `listening on ADDRESS`, once a starting server has written it.
server_address() {
    local end=$((SECONDS + 30))
    until grep -q '^listening on ' "$1" 2>/dev/null; do
        if ! kill -0 "$2" 2>/dev/null || [ "$SECONDS" -ge "$end" ]; then
            printf 'no server came up; it wrote:\n' >&2
            cat "$1" >&2
            return 1
        fi
        sleep 0.02
    done
    sed -n 's/^listening on //p;q' "$1"
}
