# about: a broken network, a name server that hangs, authorities of a system: in surroundings of the programs' own
# group: network
# needs: cc=gcc ip=iproute2 unshare=util-linux curl=curl python3=python3 openssl=openssl
if ! can_make_networks; then
    skip lab 'no network namespace, or no link in one, can be made here; see the log'
    exit 0
fi
build_library debug
build_simulator
start_job run_lab_program tests/lab/links.c start_link_lab
start_job run_lab_program tests/lab/names.c start_name_lab
start_job run_lab_program tests/lab/roots.c start_roots_lab
wait_for_jobs
for name in links.c names.c roots.c; do collect "$name"; done
