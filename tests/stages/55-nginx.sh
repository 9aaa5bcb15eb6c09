# about: nginx in front of the simulator: HTTP/2, certificates, limits, gateway errors; and the proxy of SECURITY.md
# group: network
# needs: cc=gcc nginx=nginx openssl=openssl python3=python3
start_nginx() {
    local folder=$1.nginx
    start_simulators "$1" || return 1
    make_authority "$folder" || return 1
    make_certificate "$folder" good IP:127.0.0.1,DNS:localhost yesterday 'next week' || return 1
    make_certificate "$folder" expired IP:127.0.0.1 'last month' yesterday || return 1
    make_certificate "$folder" other DNS:other.example yesterday 'next week' || return 1
    export HB_LAB_CA=$folder/ca.pem HB_LAB_LOG=$folder/access.log HB_LAB_SIMULATOR=${HB_TEST_URL#*://}
    fill_in tests/lab/nginx.conf "$folder/nginx.conf"
    start_tool "$1.listening" "$HB_LAB_GOOD" nginx -p "$folder" -c "$folder/nginx.conf" -e stderr
}

# The configuration of SECURITY.md, with the addresses and files of this run in the place of its own. The key's file is
# where no log is.
start_own_proxy() {
    local folder=$1.nginx at=127.0.0.1
    start_simulators "$1" || return 1
    export HB_TEST_URL=$HB_TEST_TLS_URL HB_TEST_CONTROL=$HB_TEST_TLS_CONTROL
    make_authority "$folder" || return 1
    make_certificate "$folder" good "IP:$at" yesterday 'next week' || return 1
    free_address PROXY
    free_address ACCOUNTS
    export HB_LAB_CA=$folder/ca.pem HB_LAB_TOKEN=players-token HB_LAB_OTHER_TOKEN=anothers-token
    printf "set \$llm_key '%s';\n" "$HB_TEST_KEY" >"$secret/llm.key"
    python3 tests/bindings/programs.py SECURITY.md nginx "$folder"
    sed -e "s|listen 443 |listen $HB_LAB_PROXY |" -e "s|/etc/ssl/llm.example.com.pem|good.pem|" \
        -e "s|/etc/ssl/private/llm.example.com.key|good.key|" -e "s|/etc/nginx/llm.key|$secret/llm.key|" \
        -e "s|proxy_pass https://api.hyperbolic.xyz|proxy_pass https://localhost:${HB_TEST_URL##*:}|" \
        -e "s|/etc/ssl/certs/ca-certificates.crt|$HB_TEST_CA|" -e "s|$at:8001|$HB_LAB_ACCOUNTS|" \
        "$folder/security-1.nginx" >"$folder/llm.conf"
    fill_in tests/lab/own_proxy.conf "$folder/nginx.conf"
    start_tool "$1.listening" "$HB_LAB_PROXY" nginx -p "$folder" -c "$folder/nginx.conf" -e stderr
}

build_library debug
build_simulator
secret=$(mktemp -d)
trap 'rm -rf "$secret"; end_jobs' EXIT
start_job run_lab_program tests/lab/nginx.c start_nginx
start_job run_lab_program tests/lab/own_proxy.c start_own_proxy
wait_for_jobs
collect nginx.c
collect own_proxy.c
