# Runs one stage: `bash tests/lib/stage.sh FILE`, started by tests/run.
set -euo pipefail
lib=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=tests/lib/common.sh
source "$lib/common.sh"
# shellcheck source=tests/lib/build.sh
source "$lib/build.sh"
# shellcheck source=tests/lib/servers.sh
source "$lib/servers.sh"
# shellcheck source=tests/lib/programs.sh
source "$lib/programs.sh"
# shellcheck source=tests/lib/jobs.sh
source "$lib/jobs.sh"
# shellcheck source=tests/lib/fuzz.sh
source "$lib/fuzz.sh"
# shellcheck source=tests/lib/lab.sh
source "$lib/lab.sh"
# shellcheck source=tests/lib/prefix.sh
source "$lib/prefix.sh"
# shellcheck source=tests/lib/go.sh
source "$lib/go.sh"
# shellcheck source=tests/lib/swift.sh
source "$lib/swift.sh"
# shellcheck source=tests/lib/abi.sh
source "$lib/abi.sh"
# shellcheck source=tests/lib/supply.sh
source "$lib/supply.sh"
# shellcheck source=tests/lib/terminal.sh
source "$lib/terminal.sh"
shopt -s nullglob
cd "$HB_ROOT"
# shellcheck disable=SC1090
source "$1"
