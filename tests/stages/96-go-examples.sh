# about: every Go example runs against the simulator and has something to say; one that is cancelled stops the server
# group: bindings
# needs: go=golang gcc=gcc pkg-config=pkg-config curl=curl python3=python3 apt-get=apt dpkg-deb=dpkg
prepare_go
use_simulator

check compile in_go go build -o "$HB_OUT/bin/" ./examples/...
for name in chat stream conversation tools cancel; do
    put_faults 'event-delay=2'
    check "$name runs" timeout -k 5 60 "$HB_OUT/bin/$name" >"$HB_OUT/$name.out"
    cat "$HB_OUT/$name.out"
done
for name in chat stream conversation tools; do
    check "$name ends with an answer" grep -q 'of these sentences\.$' <(tail -n 3 "$HB_OUT/$name.out")
done
check 'tools has called' grep -q '^add(.*) = 0$' "$HB_OUT/tools.out"
check 'cancel has stopped' grep -qE '^\[stopped; 1[0-9]{2} bytes had arrived\]$' "$HB_OUT/cancel.out"
check 'and so has the server' wait_for_counts closes=1 in_flight-at-most=0
