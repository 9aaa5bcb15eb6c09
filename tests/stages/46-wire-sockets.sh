# about: every byte case through a socket and the C ABI: whole, in 1-byte writes, split at every byte
# group: wire
# needs: cc=gcc c++=g++ python3=python3
build_library hooks
python3 tests/c/wire/cases.py tests/wire >"$HB_OUT/wire_cases.h"
run_programs plain tests/c/wire/sockets.c
