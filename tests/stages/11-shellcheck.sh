# about: the shell scripts are free of what shellcheck knows
# group: core
# needs: shellcheck=shellcheck
mapfile -t scripts < <(ls tests/run tests/soak docs/build tests/lib/*.sh tests/lib/unpack tests/stages/*.sh tests/page/run tests/page/python tests/model/fetch tests/model/serve tests/lab/link tests/lab/serve tests/package/{use,try,clean-root} tests/extra/{targets,arm64,windows} packaging/{install,portable,tarball,deb} examples/run benches/run .ci/run)
check scripts shellcheck --shell=bash "${scripts[@]}"
