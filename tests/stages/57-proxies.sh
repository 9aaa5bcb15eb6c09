# about: tinyproxy, TLS in front of it, and microsocks, each with a password, between the library and the simulator
# group: network
# needs: cc=gcc tinyproxy=tinyproxy-bin microsocks=microsocks socat=socat openssl=openssl
start_proxies() {
    local folder=$1.proxies
    start_simulators "$1" || return 1
    make_authority "$folder" || return 1
    make_certificate "$folder" proxy IP:127.0.0.1 yesterday 'next week' || return 1
    free_address HTTP_PROXY
    free_address TLS_PROXY
    free_address SOCKS_PROXY
    free_address NOBODY
    export HB_LAB_CA=$folder/ca.pem HB_LAB_HTTP_LOG=$1.tinyproxy.log HB_LAB_SOCKS_LOG=$1.microsocks.log
    # tinyproxy takes letters and digits only.
    export HB_LAB_USER=lab-user HB_LAB_PASSWORD=h4yst4ck.n33dle HB_LAB_SOCKS_PASSWORD='h4y/st@ck:n 33%dle?#'
    sed "s|@PORT@|${HB_LAB_HTTP_PROXY#*:}|; s|@USER@|$HB_LAB_USER|; s|@PASSWORD@|$HB_LAB_PASSWORD|" \
        tests/lab/tinyproxy.conf >"$folder/tinyproxy.conf"
    start_tool "$1.tinyproxy" "$HB_LAB_HTTP_PROXY" tinyproxy -d -c "$folder/tinyproxy.conf" || return 1
    local tls=OPENSSL-LISTEN:${HB_LAB_TLS_PROXY#*:},bind=127.0.0.1,reuseaddr,fork,verify=0
    start_tool "$1.socat" "$HB_LAB_TLS_PROXY" socat "$tls,cert=$folder/proxy.pem,key=$folder/proxy.key" \
        "TCP:$HB_LAB_HTTP_PROXY" || return 1
    start_tool "$1.microsocks" "$HB_LAB_SOCKS_PROXY" microsocks -i 127.0.0.1 -p "${HB_LAB_SOCKS_PROXY#*:}" \
        -u "$HB_LAB_USER" -P "$HB_LAB_SOCKS_PASSWORD"
}

build_library debug
build_simulator
start_job run_lab_program tests/lab/proxies.c start_proxies
wait_for_jobs
collect proxies.c
