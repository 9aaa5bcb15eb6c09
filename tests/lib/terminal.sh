# A real terminal, played by tmux with a server of its own, for programs that somebody types into.
# shellcheck shell=bash

in_tmux() { tmux -L "$terminal" -N "$@"; }

# start_terminal: it ends with the stage, however that ends. Programs keep their screen when they have ended.
start_terminal() {
    terminal=hyperbolic-test.$$
    printf 'set -g exit-empty off\nset -g remain-on-exit on\nset -g escape-time 0\nset -g history-limit 10000\n' >"$HB_OUT/tmux.conf"
    # shellcheck disable=SC2016
    start_server "$HB_OUT/tmux" bash -c '
        tmux -L "$1" -f "$2" -D >/dev/null 2>&1 &
        trap "kill $!; wait $!" EXIT
        until tmux -L "$1" -N list-commands >/dev/null 2>&1; do kill -0 $! || exit 1; sleep 0.02; done
        printf "listening on %s\n" "$1"
        while read -r _; do :; done' terminal "$terminal" "$HB_OUT/tmux.conf"
}

# in_terminal COMMAND...: in a fresh terminal, so wide that few lines break, in place of the program before.
in_terminal() {
    in_tmux kill-session -t screen 2>/dev/null || true
    in_tmux new-session -d -s screen -x 200 -y 50 -- "$@"
}

keys() { in_tmux send-keys -t screen -- "$@"; }
type_line() { in_tmux send-keys -t screen -l -- "$1" && keys Enter; }
paste_text() { in_tmux set-buffer -- "$1" && in_tmux paste-buffer -p -t screen; }

# screen [-e]: all that was written, with its colours or without.
screen() { in_tmux capture-pane -p -S - -t screen "$@"; }

# shows PATTERN [-e]: whether it stands there, or soon does.
shows() {
    local pattern=$1 end=$((SECONDS + 30))
    shift
    until screen "$@" | grep -q -- "$pattern"; do
        if [ "$SECONDS" -ge "$end" ]; then printf 'no %s on this screen:\n' "$pattern" && screen "$@" && return 1; fi
        sleep 0.02
    done
}

# at_prompt PROMPT: whether it is what stands last, or soon is.
at_prompt() {
    local end=$((SECONDS + 30))
    until [ "$(screen | sed '/^ *$/d' | tail -n 1)" = "$1" ]; do
        if [ "$SECONDS" -ge "$end" ]; then printf 'no prompt:\n' && screen && return 1; fi
        sleep 0.02
    done
}

# ends_with CODE: whether the program has ended so, or soon does. tmux misses the end of a program that comes while it runs
# utempter's helper, for which SIGCHLD is the default for a moment; the end of another child has it look again.
ends_with() {
    local end=$((SECONDS + 30)) state=''
    until [ "$state" = "1 $1" ]; do
        if [ "$SECONDS" -ge "$end" ]; then printf 'dead and exit code: %s\n' "$state" && screen && return 1; fi
        sleep 0.02
        in_tmux run-shell true
        state=$(in_tmux display-message -p -t screen '#{pane_dead} #{pane_dead_status}')
    done
}
