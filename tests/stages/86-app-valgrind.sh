# about: the same under valgrind, against the release library: no error, nothing definitely lost
# group: app
# needs: cc=gcc valgrind=valgrind
build_library release
run_programs valgrind tests/c/app/*.c
