# about: what an application builds on: tests/c/app against the debug library
# group: app
# needs: cc=gcc curl=curl
build_library debug
run_programs plain tests/c/app/*.c
