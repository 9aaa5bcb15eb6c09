# about: a Go module outside the tree, with a `replace` and a staged prefix and nothing else, streams an answer
# group: bindings
# needs: go=golang gcc=gcc pkg-config=pkg-config python3=python3 apt-get=apt dpkg-deb=dpkg
use_simulator

outside=$(mktemp -d)
leave() { rm -rf "$outside"; close_servers; }
trap leave EXIT
stage_prefix "$outside/prefix"
use_prefix "$outside/prefix"
cp -R bindings/go "$outside/hyperbolic"
mkdir -p "$outside/game/first" "$outside/game/second" "$outside/game/stream"
cat >"$outside/game/go.mod" <<'MOD'
module game

go 1.24

require hyperbolic.example/hyperbolic v0.0.0

replace hyperbolic.example/hyperbolic => ../hyperbolic
MOD
# What the README says of Go, and what the binding's does.
python3 tests/bindings/programs.py README.md bindings/go/README.md go "$outside"
mv "$outside/readme-1.go" "$outside/game/first/main.go"
mv "$outside/readme-2.go" "$outside/game/second/main.go"
cp bindings/go/examples/stream/main.go "$outside/game/stream/"
check "the README's first program has fewer than 20 lines" test "$(wc -l <"$outside/game/first/main.go")" -lt 20

# Without the binding's own tests, nothing needs to be downloaded.
cd "$outside/game" || exit
check 'it compiles' env GOPROXY=off GOFLAGS=-mod=readonly go build -o bin/ ./...
ldd bin/stream
check 'with the library of the prefix' grep -q "libhyperbolic.so.* => $outside/prefix/lib" <(ldd bin/stream)
for program in first second stream; do
    check "$program runs" timeout -k 5 60 "bin/$program" >"$HB_OUT/$program.out"
    cat "$HB_OUT/$program.out"
    check "$program answers" grep -q 'canned text from the simulator.*sentences\.$' "$HB_OUT/$program.out"
done

# The same with the static library.
rm "$outside/prefix/lib/libhyperbolic.so"
check 'it compiles statically' env GOPROXY=off go build -tags hyperbolic_static -o bin/static ./stream
check 'which runs' timeout -k 5 60 bin/static >"$HB_OUT/static.out"
check 'and answers' cmp "$HB_OUT/stream.out" "$HB_OUT/static.out"
cd "$HB_ROOT" || exit
