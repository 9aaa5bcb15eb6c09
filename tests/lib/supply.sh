# What the library is made of: the tools that check it.
# shellcheck shell=bash

# prepare_supply: cargo-deny on the path, and HB_SUPPLY_PYTHON, which knows the schemas of CycloneDX; both wait in a cache.
# What judges the dependencies is itself pinned by its hash.
prepare_supply() {
    local venv=${HB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/libhyperbolic}/supply-venv tools=tests/supply/tools.txt install
    if ! cmp -s "$tools" "$venv/complete"; then
        rm -rf "$venv"
        mkdir -p "${venv%/*}"
        python3 -m venv "$venv" || return 1
        install=("$venv/bin/pip" install --quiet --disable-pip-version-check)
        for _ in once again; do # the registry may fail once
            "${install[@]}" --require-hashes -r "$tools" && "${install[@]}" 'cyclonedx-python-lib[json-validation]==11.12.0' &&
                cp "$tools" "$venv/complete" && break
        done
    fi
    [ -e "$venv/complete" ] || return 1
    PATH=$venv/bin:$PATH
    export HB_SUPPLY_PYTHON=$venv/bin/python
}
