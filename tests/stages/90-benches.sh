# about: the benchmarks run and print their tables, which nobody judges here
# group: speed
# needs: cc=gcc curl=curl
check 'benches/run' benches/run >"$HB_OUT/table"
cat "$HB_OUT/table"
check 'prints a table' grep -q 'the server sees the cancel, HTTP/2 *[0-9]' "$HB_OUT/table"
check 'and that of the queue' grep -q 'wake-ups of an idle client' "$HB_OUT/table"
