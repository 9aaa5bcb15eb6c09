# about: the programs of tests/c/hooks, against the release build with its panic and fault hooks
# group: core
# needs: cc=gcc c++=g++
build_library hooks
run_programs plain tests/c/hooks/*.c
