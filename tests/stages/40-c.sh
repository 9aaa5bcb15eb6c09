# about: the C and C++ programs of tests/c, against the debug library
# group: core
# needs: cc=gcc c++=g++ curl=curl
build_library debug
run_programs plain tests/c/*.c tests/c/*.cpp
