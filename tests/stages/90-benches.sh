# about: the benchmarks run, every client returns what the server sent, and nobody judges their figures here
# group: speed
# needs: cc=gcc curl=curl python3=python3 pkg-config=pkg-config libcurl.pc=libcurl4-openssl-dev libcjson.pc=libcjson-dev
check 'every client returns what the server sent' benches/run --check
python3 - "$HB_OUT/check.json" <<'PY' >"$HB_OUT/works"
import json, sys
works = json.load(open(sys.argv[1]))["works"]
print(" ".join(work for work, peers in sorted(works.items()) if "hyperbolic" in peers))
PY
check 'every work was done' \
    test "$(cat "$HB_OUT/works")" = 'allocations flood paced paced-many start start-tls unary'
check 'how soon things happen' benches/run --timings >"$HB_OUT/table"
cat "$HB_OUT/table"
check 'prints a table' grep -q 'the server sees the cancel, HTTP/2 *[0-9]' "$HB_OUT/table"
check 'and that of the queue' grep -q 'wake-ups of an idle client' "$HB_OUT/table"
