# Programs in C and C++ that play the caller.
# shellcheck shell=bash

warnings=(-Wall -Wextra -Wpedantic -Werror)

# use_cxx COMPILER [FLAG...]: from now on C++ is compiled by this one; its flags win, such as another standard.
cxx=c++ cxx_flags=()
use_cxx() { cxx=$1 cxx_flags=("${@:2}"); }

# compile OUTPUT SOURCE [FLAG...]: C99 or C++17 by the file's name, against the header and HB_LIB_DIR.
compile() {
    local output=$1 source=$2 compiler=(cc -std=c99)
    shift 2
    if [[ $source == *.cpp ]]; then compiler=("$cxx" -std=c++17 "${cxx_flags[@]}"); fi
    "${compiler[@]}" "${warnings[@]}" -g -I "$HB_INCLUDE" -I tests/c -I "$HB_OUT" -o "$output" "$source" \
        "$@" -L "$HB_LIB_DIR" -Wl,-rpath,"$HB_LIB_DIR" -lhyperbolic -lpthread -ldl -lm
}

# take_lines NAME FILE RESULTS: the `ok` and `not ok` lines that a program printed become checks of this stage.
take_lines() {
    sed -n -e "s|^ok |ok $1: |p" -e "s|^not ok |not ok $1: |p" "$2" >>"$3"
}

# run_checks NAME SECONDS COMMAND...: a program that prints `ok NAME` and `not ok NAME: why`. Its files are
# $HB_OUT/NAME.*; its verdicts go into NAME.results, for `collect`.
run_checks() {
    local name=$1 limit=$2 base=$HB_OUT/$1 status=0 results=$HB_OUT/$1.results
    shift 2
    timeout --foreground -k 5 "$limit" "$@" <"/dev/null" >"$base.out" 2>"$base.err" 8>&- || status=$?
    take_lines "$name" "$base.out" "$results"
    if [ "$status" -eq 124 ]; then
        printf 'not ok %s: still running after %s s\n' "$name" "$limit" >>"$results"
    elif [ "$status" -gt 128 ]; then
        printf 'not ok %s: died of signal %s\n' "$name" $((status - 128)) >>"$results"
    elif [ "$status" -ne 0 ] && ! grep -q '^not ok ' "$results"; then
        printf 'not ok %s: exit code %s, after no failed check\n' "$name" "$status" >>"$results"
    elif ! grep -qE '^(not )?ok ' "$results"; then
        printf 'not ok %s: printed no check\n' "$name" >>"$results"
    fi
}

# The library promises to write nothing on standard error (P2), and a program that plays the caller has nothing to
# say there either.
expect_silence() {
    if [ -s "$HB_OUT/$1.err" ]; then printf 'not ok %s: wrote on standard error\n' "$1" >>"$HB_OUT/$1.results"; fi
}

# run_program VARIANT SOURCE: one program with simulators of its own, for up to HB_PROGRAM_SECONDS.
run_program() {
    local variant=$1 source=$2 name flags=() wrapper=()
    name=$(basename "$source")
    case $variant in
        asan) flags=(-fsanitize=address) ;;
        tsan)
            flags=(-fsanitize=thread tests/lib/tsan.c)
            wrapper=(env "TSAN_OPTIONS=suppressions=$HB_ROOT/tests/lib/tsan.supp log_path=$HB_OUT/$name.tsan") ;;
        valgrind)
            wrapper=(valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
                --error-exitcode=9 --num-callers=30 --fair-sched=try --vgdb=no "--log-file=$HB_OUT/$name.valgrind") ;;
    esac
    {
        if compile "$HB_OUT/$name.program" "$source" "${flags[@]}" && start_simulators "$HB_OUT/$name"; then
            run_checks "$name" "${HB_PROGRAM_SECONDS:-300}" "${wrapper[@]}" "$HB_OUT/$name.program"
            expect_silence "$name"
            cat "$HB_OUT/$name".valgrind "$HB_OUT/$name".tsan.* 2>/dev/null || true
        else
            printf 'not ok %s: did not compile, or got no simulator\n' "$name" >>"$HB_OUT/$name.results"
        fi
        close_servers
    } >"$HB_OUT/$name.log" 2>&1
}

# run_programs VARIANT SOURCE...: all of them, two at a time; the verdicts in order.
run_programs() {
    local variant=$1 source reason started=()
    shift
    build_simulator
    for source in "$@"; do
        reason=$(left_out "$variant" "$source")
        if [ -n "$reason" ]; then
            note "$(basename "$source") not under $variant: $reason"
        else
            start_job run_program "$variant" "$source"
            started+=("$(basename "$source")")
        fi
    done
    wait_for_jobs
    for source in "${started[@]}"; do collect "$source"; done
}

# A program says in its first line why a variant makes no sense for it: /* not-under: valgrind asan (reason) */
left_out() {
    sed -n "1s|^/\* not-under: [a-z ]*\b$1\b[a-z ]*(\(.*\)) \*/.*|\1|p" "$2"
}

# collect NAME: takes over the verdicts of a job, and shows in full what a failed one wrote.
collect() {
    local base=$HB_OUT/$1
    if [ ! -s "$base.results" ]; then printf 'not ok %s: ended without a verdict\n' "$1" >"$base.results"; fi
    cat "$base.results" >>"$HB_RESULTS"
    printf -- '--- %s: %s checks passed\n' "$1" "$(grep -c '^ok ' "$base.results")"
    if grep -q '^not ok ' "$base.results"; then
        cat "$base.out" "$base.err" "$base.log" 2>/dev/null || true
        grep '^not ok ' "$base.results"
    fi
}

# The header, and the examples that people copy from, in every standard that a caller may use.
# header_matrix CC CXX [WARNING...]: the warnings are for the header alone; examples are held to the usual ones.
header_matrix() {
    local cc=$1 cxx=$2 standard source twice=$HB_OUT/twice
    # Twice, with every macro used, because only then it is compiled.
    {
        printf '#include "hyperbolic.h"\n#include "hyperbolic.h"\nstatic HB_API void HB_CALL use(void) {\n'
        sed -n 's/^#define \(HB_[A-Z0-9_]*\|HYPERBOLIC_[A-Z]*_*VERSION[A-Z_]*\) .*/    (void)\1;/p' "$HB_INCLUDE/hyperbolic.h" |
            grep -vE 'HB_(API|CALL);'
        printf '}\nint main(void) {\n    use();\n    return 0;\n}\n'
    } >"$twice.c"
    cp "$twice.c" "$twice.cpp"
    for standard in c99 c11 c17 c2x; do
        check "$cc $standard" "$cc" -std=$standard "${warnings[@]}" "${@:3}" -I "$HB_INCLUDE" -fsyntax-only "$twice.c"
    done
    for standard in c++98 c++11 c++14 c++17 c++20 c++2b; do
        check "$cxx $standard" "$cxx" -std=$standard "${warnings[@]}" "${@:3}" -I "$HB_INCLUDE" -fsyntax-only "$twice.cpp"
    done
    for source in examples/c/*.c; do
        check "$cc $source" "$cc" -std=c99 "${warnings[@]}" -I "$HB_INCLUDE" -c -o "$twice.o" "$source"
        check "$cxx $source" "$cxx" -std=c++17 -x c++ "${warnings[@]}" -I "$HB_INCLUDE" -c -o "$twice.o" "$source"
    done
}
