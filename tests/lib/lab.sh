# Surroundings that are no simulator: web servers and proxies that people use, certificates of an authority of our own,
# and networks that can be broken. Programs of tests/lab run in them, each in one of its own.
# shellcheck shell=bash
# shellcheck disable=SC2154 # start_server sets server_url

# run_lab_program SOURCE SETUP: compiles the program, calls SETUP with the base of its files' names, and runs it, inside
# what SETUP put into lab_wrapper.
lab_wrapper=()
run_lab_program() {
    local source=$1 setup=$2 name
    name=$(basename "$source")
    {
        if compile "$HB_OUT/$name.program" "$source" && "$setup" "$HB_OUT/$name"; then
            run_checks "$name" 300 "${lab_wrapper[@]}" "$HB_OUT/$name.program"
            expect_silence "$name"
        else
            printf 'not ok %s: did not compile, or did not get its surroundings\n' "$name" >>"$HB_OUT/$name.results"
        fi
        close_servers
    } >"$HB_OUT/$name.log" 2>&1
}

# free_address NAME: sets HB_LAB_NAME to an address of loopback, with a port that nobody listens on, another one each
# time. Ports are below those that the system gives to whoever asks for any.
ports_given=' '
free_address() {
    local port
    until port=$((20000 + RANDOM % 12000)) && [[ $ports_given != *" $port "* ]] &&
        ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    ports_given+="$port "
    export "HB_LAB_$1=127.0.0.1:$port"
}

# fill_in TEMPLATE FILE: writes FILE with a free address, HB_LAB_NAME, for each @NAME@; others come before.
fill_in() {
    local name names variable
    cp "$1" "$2"
    mapfile -t names < <(grep -v '^#' "$1" | grep -oE '@[A-Z0-9_]+@' | tr -d @ | sort -u)
    for name in "${names[@]}"; do
        variable=HB_LAB_$name
        if [ -z "${!variable:-}" ]; then free_address "$name"; fi
        sed -i "s|@$name@|${!variable}|g" "$2"
    done
}

# start_tool BASE ADDRESS COMMAND...: a server that listens there and knows nothing of tests. Its output: BASE.log.
start_tool() {
    local base=$1 address=$2
    shift 2
    start_server "$base" tests/lab/serve "$address" "$base.log" "$@"
}

# make_authority FOLDER: a certificate authority; FOLDER/ca.pem is its certificate.
make_authority() {
    mkdir "$1" || return 1
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=An authority for tests' \
        -keyout "$1/ca.key" -out "$1/ca.pem" 2>"$1/openssl.log" || return 1
    : >"$1/index"
    cat >"$1/ca.conf" <<CONF
[ca]
default_ca = authority
[authority]
database = $1/index
new_certs_dir = $1
certificate = $1/ca.pem
private_key = $1/ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
CONF
}

# make_certificate FOLDER NAME HOST START END: FOLDER/NAME.pem and NAME.key, signed by the authority of FOLDER, for HOST
# as openssl writes it (IP:127.0.0.1), valid between two times as `date` reads them.
make_certificate() {
    local folder=$1 name=$2 host=$3 form=+%Y%m%d%H%M%SZ
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
        -keyout "$folder/$name.key" -out "$folder/$name.csr" 2>>"$folder/openssl.log" &&
        openssl ca -batch -notext -config "$folder/ca.conf" -in "$folder/$name.csr" -out "$folder/$name.pem" \
            -startdate "$(date -u -d "$4" $form)" -enddate "$(date -u -d "$5" $form)" \
            -extfile <(printf 'subjectAltName = %s\nbasicConstraints = CA:FALSE\n' "$host") 2>>"$folder/openssl.log"
}

# Whether this machine lets us make namespaces and a link between them.
can_make_networks() {
    unshare --net --mount bash -c 'ip link add name near type veth peer name far && mount --bind /etc/hosts /etc/hosts'
}

# make_networks BASE: two networks that only they can reach, `near` and `far`, joined by a link. A network is held by a
# process, not by a name, so it is gone with the processes in it, however they end.
make_networks() {
    local hold=(unshare --net --mount bash -c "printf 'listening on %s\n' \$\$; exec cat")
    start_server "$1.near" "${hold[@]}" || return 1
    near=$server_url
    start_server "$1.far" "${hold[@]}" || return 1
    far=$server_url
    export HB_LAB=$HB_ROOT/tests/lab/link HB_LAB_FAR=$far HB_LAB_ADDRESSES='10.77.0.1 10.77.0.2 10.77.0.9'
    in_near=(nsenter --target "$near" --net --mount --wd)
    in_far=(nsenter --target "$far" --net)
    ip link add name near netns "$near" type veth peer name far netns "$far" && "${in_near[@]}" "$HB_LAB" up
}

# A program in `near`, its simulators in `far`.
start_link_lab() {
    local simulator
    make_networks "$1" || return 1
    simulator=("${in_far[@]}" "$HB_SIM" --host 10.77.0.2 --port 0 --until-stdin-closes --key "$HB_TEST_KEY")
    start_server "$1.sim" "${simulator[@]}" || return 1
    export HB_TEST_URL=$server_url HB_LAB_NOWHERE=http://10.77.0.9:80
    start_server "$1.sim-tls" "${simulator[@]}" --tls --ca-out "$1.ca.pem" || return 1
    export HB_TEST_TLS_URL=$server_url HB_TEST_CA=$1.ca.pem
    lab_wrapper=("${in_near[@]}" --)
}

# The same with a name server in `near`. A lookup asks it once, and waits for as long as glibc can. Without a domain to
# search, a host's own would be.
start_name_lab() {
    start_link_lab "$1" || return 1
    printf 'nameserver 127.0.0.1\nsearch invalid\noptions timeout:30 attempts:1\n' >"$1.resolv.conf"
    printf 'hosts: files dns\n' >"$1.nsswitch.conf"
    export HB_LAB_QUERIES=$1.queries
    local file
    for file in resolv.conf nsswitch.conf; do
        "${in_near[@]}" mount --bind "$1.$file" "/etc/$file" || return 1
    done
    start_server "$1.resolver" "${in_near[@]}" tests/lab/resolver 127.0.0.1 10.77.0.2 "$HB_LAB_QUERIES"
}

# A system of the program's own whose authorities are those of HB_LAB_ROOTS; HB_LAB_OTHER is the certificate of one.
start_roots_lab() {
    start_simulators "$1" || return 1
    make_authority "$1.other" || return 1
    export HB_LAB_ROOTS=$1.roots.pem HB_LAB_OTHER
    HB_LAB_OTHER=$(cat "$1.other/ca.pem")
    # shellcheck disable=SC2016 # for the inner shell
    lab_wrapper=(unshare --mount bash -c 'mount -t tmpfs none /etc/ssl && mkdir /etc/ssl/certs &&
        ln -s "$HB_LAB_ROOTS" /etc/ssl/certs/ca-certificates.crt && exec "$@"' -)
}
