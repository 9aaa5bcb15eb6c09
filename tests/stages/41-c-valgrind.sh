# about: the same under valgrind, against the release library: no error, nothing definitely lost
# group: core
# needs: cc=gcc c++=g++ valgrind=valgrind
build_library release
run_programs valgrind tests/c/*.c tests/c/*.cpp
