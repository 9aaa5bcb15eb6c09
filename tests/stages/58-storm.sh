# about: ten thousand requests over HTTP/1.1 and HTTP/2, of which one in twenty meets a fault, against the release library
# group: network
# needs: cc=gcc
build_library release
export HB_TEST_STORM=10000
run_programs plain tests/c/network/storm.c tests/c/network/storm_http2.c
