# about: the Go binding is formatted, passes go vet and staticcheck, and has every function of the header
# group: bindings
# needs: go=golang gcc=gcc pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
prepare_go

formatted() { test -z "$(in_go gofmt -l . | tee /dev/stderr)"; }
check gofmt formatted
check 'go vet' in_go go vet ./...
check staticcheck in_go go tool -modfile=tools.mod staticcheck ./...
check 'go.mod is tidy' in_go go mod tidy -diff
not() { ! "$@"; }
# The library's calls back, and Go functions that C could call, are what the queue is there to avoid.
check 'no callback enters Go' not grep -rnE '^//export|_dispatch\(|_stream\(|set_wakeup\(' bindings/go --include='*.go'

# What a Go program does not need: blocking calls and loops (the queue is drained by a goroutine), a second reference or
# copy (values are copied), and the end of the library before an unload (Go unloads nothing).
cat >"$HB_OUT/left-out" <<'LIST'
hb_chat hb_complete hb_chat_stream hb_complete_stream hb_models
hb_queue_dispatch hb_queue_native_handle hb_queue_set_wakeup hb_queue_wake
hb_request_clone hb_error_retain hb_response_status hb_model_list_find hb_log_message hb_log_op
hb_shutdown
LIST
sed -n 's/^\(hb_[a-z0-9_]*\).*/\1/p' tests/abi/symbols.txt | sort >"$HB_OUT/symbols"
cat bindings/go/*.go | grep -oE 'C\.hb_[a-z0-9_]+\(' | sed 's/^C\.//; s/($//' | sort -u >"$HB_OUT/used"
tr -s ' \n' '\n' <"$HB_OUT/left-out" | sort >"$HB_OUT/left-out.sorted"
same() { diff "$1" "$2"; }
check 'every other function of the header is used' \
    same <(comm -23 "$HB_OUT/symbols" "$HB_OUT/used") "$HB_OUT/left-out.sorted"
