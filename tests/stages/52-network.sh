# about: what a network does to requests: tests/c/network against the debug library
# group: network
# needs: cc=gcc curl=curl
build_library debug
run_programs plain tests/c/network/*.c
