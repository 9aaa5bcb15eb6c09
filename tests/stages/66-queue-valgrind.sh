# about: the same under valgrind, against the release library
# group: queue
# needs: cc=gcc valgrind=valgrind
build_library release
run_programs valgrind tests/c/queue/*.c
