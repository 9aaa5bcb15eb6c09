# about: what a broken network and a name server that hangs do, in networks that the programs have to themselves
# group: network
# needs: cc=gcc ip=iproute2 unshare=util-linux curl=curl python3=python3
if ! can_make_networks; then
    skip lab 'no network namespace, or no link in one, can be made here; see the log'
    exit 0
fi
build_library debug
build_simulator
start_job run_lab_program tests/lab/links.c start_link_lab
start_job run_lab_program tests/lab/names.c start_name_lab
wait_for_jobs
for name in links.c names.c; do collect "$name"; done
