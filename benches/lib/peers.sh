# The programs of the benchmarks: what is built here, and the clients of others, which are fetched with the ordinary
# tools of their languages. One that cannot be had is left out, and the table says so.
# shellcheck shell=bash

NODE_CLIENT=openai@7
PYTHON_CLIENT=openai
YYJSON=yyjson==4.0.6

declare -A peers=() versions=()
missing=()

c=(cc -O2 -Wall -Wextra -Wpedantic -Werror)

peer_compile() {
    local output=$HB_OUT/$1 source=$2
    shift 2
    "${c[@]}" -std=c99 -I benches/peers -I "$HB_INCLUDE" -o "$output" "$source" "$@"
}

# The server, this library's client, and those over libcurl.
build_own_peers() {
    local link=(-L "$HB_LIB_DIR" "-Wl,-rpath,$HB_LIB_DIR" -lhyperbolic)
    peer_compile server benches/server.c
    peer_compile hyperbolic benches/peers/hyperbolic.c "${link[@]}"
    peer_compile start benches/peers/start.c -ldl
    "${c[@]}" -shared -fPIC -o "$HB_OUT/allocations.so" benches/peers/allocations.c
    peer_compile curl-raw benches/peers/curl.c -lcurl
    peer_compile curl-cjson benches/peers/curl.c -DWITH_CJSON -lcurl -lcjson
    peers[hyperbolic]=$HB_OUT/hyperbolic peers[curl-raw]=$HB_OUT/curl-raw peers[curl-cjson]=$HB_OUT/curl-cjson
    versions[libhyperbolic]=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
    versions[libcurl]=$(curl-config --version | cut -d' ' -f2)
    versions[cJSON]=$(pkg-config --modversion libcjson)
    if fetch_yyjson; then
        cc -O2 -c -o "$HB_OUT/yyjson.o" "$yyjson/yyjson.c"
        peer_compile curl-yyjson benches/peers/curl.c -DWITH_YYJSON -isystem "$yyjson" "$HB_OUT/yyjson.o" -lcurl
        peers[curl-yyjson]=$HB_OUT/curl-yyjson
        versions[yyjson]=$(sed -n 's/^#define YYJSON_VERSION_STRING *"\(.*\)"/\1/p' "$yyjson/yyjson.h")
    else
        missing+=('libcurl + yyjson')
    fi
}

# Debian 12 has no yyjson; the source of its Python binding carries it.
fetch_yyjson() {
    local folder=$HB_OUT/yyjson-source
    yyjson=$(compgen -G "$folder/yyjson-*/yyjson" | head -n 1) && [ -n "$yyjson" ] && return 0
    mkdir -p "$folder"
    logged yyjson pip download --quiet --no-deps --no-binary :all: -d "$folder" "$YYJSON" 2>/dev/null || return 1
    tar -xzf "$folder"/yyjson-*.tar.gz -C "$folder" && yyjson=$(compgen -G "$folder/yyjson-*/yyjson" | head -n 1)
}

# other NAME WHAT COMMAND...: builds one, or notes that it is missing.
other() {
    local name=$1 what=$2
    shift 2
    if (set -e; logged "$name" "$@") 2>/dev/null; then return 0; fi
    printf 'left out: %s (see %s)\n' "$what" "$HB_OUT/$name.log"
    missing+=("$what")
    return 1
}

build_go() { (cd benches/peers/go && go build -o "$HB_OUT/go-clients" .); }
build_rust() { CARGO_TARGET_DIR=$HB_OUT/rust cargo build --release --locked --manifest-path benches/peers/rust/Cargo.toml; }
build_node() { npm install --silent --no-fund --no-audit --prefix "$HB_OUT/node" "$NODE_CLIENT"; }
build_python() {
    [ -x "$HB_OUT/venv/bin/python" ] || python3 -m venv "$HB_OUT/venv"
    "$HB_OUT/venv/bin/pip" install --quiet "$PYTHON_CLIENT" matplotlib
}

# The clients of other languages. The plots need Python's matplotlib, so that there is no going without it.
build_other_peers() {
    logged python build_python
    export HB_BENCH_PYTHON=$HB_OUT/venv/bin/python BENCH_NODE_MODULES=$HB_OUT/node
    peers[python]="$HB_BENCH_PYTHON benches/peers/client.py"
    versions['openai (Python)']=$("$HB_BENCH_PYTHON" -c 'import openai; print(openai.__version__)')
    if other node 'openai (Node, official)' build_node; then
        peers[node]="node benches/peers/client.mjs"
        versions['openai (Node)']=$(sed -n 's/^ *"version": "\(.*\)",/\1/p' "$HB_OUT/node/node_modules/openai/package.json")
    fi
    if other go 'the two Go clients' build_go; then
        peers[openai-go]="$HB_OUT/go-clients official" peers[go-openai]="$HB_OUT/go-clients most"
        versions[openai-go]=$(awk '$1 ~ /openai-go/ {print $2; exit}' benches/peers/go/go.mod)
        versions[go-openai]=$(awk '$1 ~ /go-openai$/ {print $2; exit}' benches/peers/go/go.mod)
    fi
    if other rust 'async-openai (Rust)' build_rust; then
        peers[async-openai]=$HB_OUT/rust/release/bench-async-openai
        versions[async-openai]=$(sed -n 's/^async-openai = .*"=\([0-9.]*\)".*/\1/p' benches/peers/rust/Cargo.toml)
    fi
}

# What measure.py needs to know, as JSON.
write_places() {
    local name
    {
        for name in "${!peers[@]}"; do printf 'peer\t%s\t%s\n' "$name" "${peers[$name]}"; done
        for name in "${!versions[@]}"; do printf 'version\t%s\t%s\n' "$name" "${versions[$name]}"; done
        for name in "${missing[@]}"; do printf 'missing\t%s\t\n' "$name"; done
    } | python3 -c '
import json, os, sys
rows = [line.rstrip("\n").split("\t") for line in sys.stdin]
out = os.environ["HB_OUT"]
named = lambda kind: {row[1]: row[2] for row in rows if row[0] == kind}
json.dump({
    "out": out, "server": [out + "/server"], "start": out + "/start", "allocations": out + "/allocations.so",
    "library": os.environ["HB_LIB_DIR"] + "/libhyperbolic.so",
    "environment": {"BENCH_NODE_MODULES": os.environ.get("BENCH_NODE_MODULES", "")},
    "peers": {name: command.split() for name, command in named("peer").items()},
    "versions": named("version"), "missing": list(named("missing")),
}, sys.stdout, indent=1)' >"$1"
}
