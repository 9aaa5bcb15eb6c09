# about: the shell scripts are free of what shellcheck knows
# group: core
# needs: shellcheck=shellcheck
mapfile -t scripts < <(ls tests/run tests/soak tests/lib/*.sh tests/stages/*.sh tests/model/fetch tests/model/serve tests/lab/link tests/lab/serve tests/lib/unpack tests/package/{use,try,clean-root} tests/extra/{targets,arm64,windows} packaging/{install,portable,tarball,deb} examples/run benches/run .ci/run)
check scripts shellcheck --shell=bash "${scripts[@]}"
