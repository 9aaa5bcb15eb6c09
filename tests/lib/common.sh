# What the runner and its stages share: where things are, and how a check is written down.
# shellcheck shell=bash

HB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export HB_ROOT HB_INCLUDE=$HB_ROOT/include
# The one key of the whole run. The stage `secrets` looks for it in everything that the run wrote.
export HB_TEST_KEY=vK7qXw2LmZ8pR4tYc3JfB9sDhN5gQe6U
# A setting of the caller's machine must not move the files that the tests look for.
export CARGO_TARGET_DIR=$HB_ROOT/target CARGO_TERM_COLOR=never

# Where Go's own archive unpacks it, which no shell knows by itself.
if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then PATH=$PATH:/usr/local/go/bin; fi

stage_name() { local base; base=$(basename "$1" .sh); printf '%s' "${base#*-}"; }

# The value of `# KEY: value` at the head of a stage file.
header_of() { sed -n "s/^# $2: *//p" "$1"; }

# What a stage needs and this machine lacks: one `WHAT=PACKAGE` a line. A need is a command, or NAME.pc, a library, or
# the path of a file.
missing_needs() {
    local need
    for need in $(header_of "$1" needs); do
        case $need in
            /*=*) [ -e "${need%%=*}" ] || printf '%s\n' "$need" ;;
            *.pc=*) pkg-config --exists "${need%.pc=*}" 2>/dev/null || printf '%s\n' "$need" ;;
            *) command -v "${need%%=*}" >/dev/null || printf '%s\n' "$need" ;;
        esac
    done
}

# One line a check in the stage's results, and, by way of standard error, in its log.
record() { printf '%s\n' "$*" | tee -a "$HB_RESULTS" >&2; }
pass() { record "ok $1"; }
fail() { record "not ok $1: $2"; }
skip() { record "skip $1: $2"; }
note() { record "note $1"; }

# take_verdicts NAME SECONDS STATUS FILE: what another runner of tests said, one line a test, and how it ended.
take_verdicts() {
    cat "$4" >>"$HB_RESULTS"
    if [ "$3" -eq 124 ]; then
        fail "$1" "still running after $2 s"
    elif [ "$3" -ne 0 ] && ! grep -q '^not ok ' "$4"; then
        fail "$1" "exit code $3, after no failed test"
    elif ! grep -qE '^(not )?ok ' "$4"; then
        fail "$1" 'no test ran'
    fi
}

# check NAME COMMAND...: one check, passed if the command succeeds; what it printed is in the log.
check() {
    local name=$1 status=0 command
    shift
    command="$*"
    "$@" || status=$?
    if [ "$status" -eq 0 ]; then pass "$name"; else fail "$name" "exit code $status from: ${command:0:160}"; fi
}
