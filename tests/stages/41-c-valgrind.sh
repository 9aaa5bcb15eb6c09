# about: the same under valgrind: no error, nothing definitely lost
# group: core
# needs: cc=gcc c++=g++ valgrind=valgrind
build_library debug
run_programs valgrind tests/c/*.c tests/c/*.cpp
