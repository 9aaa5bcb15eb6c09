# about: the shell scripts are free of what shellcheck knows
# group: core
# needs: shellcheck=shellcheck
mapfile -t scripts < <(ls tests/run tests/soak tests/lib/*.sh tests/lib/unpack tests/stages/*.sh tests/model/fetch tests/model/serve tests/lab/link tests/lab/serve examples/run benches/run .ci/run)
check scripts shellcheck --shell=bash "${scripts[@]}"
