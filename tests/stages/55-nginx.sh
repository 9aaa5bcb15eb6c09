# about: nginx in front of the simulator: HTTP/2, certificates, limits on streams and connections, gateway errors
# group: network
# needs: cc=gcc nginx=nginx openssl=openssl
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

build_library debug
build_simulator
start_job run_lab_program tests/lab/nginx.c start_nginx
wait_for_jobs
collect nginx.c
