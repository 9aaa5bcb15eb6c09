# about: hbchat in a pipe and in a real terminal, with the simulator and with a small real model
# group: app
# needs: cc=gcc curl=curl python3=python3 pkg-config=pkg-config libedit.pc=libedit-dev tmux=tmux valgrind=valgrind apt-get=apt dpkg-deb=dpkg
export LC_ALL=C.UTF-8
unset HYPERBOLIC_MODEL NO_COLOR
build_library release
build_simulator
start_simulators "$HB_OUT/server"
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_API_KEY=$HB_TEST_KEY
start_terminal

hbchat=$HB_OUT/hbchat.program chat=(env "HOME=$HB_OUT" "$HB_OUT/hbchat.program") # without an .editrc of its user
read -ra flags <<<"$(pkg-config --cflags --libs libedit)"
sources=(examples/hbchat/*.c)
check compiles compile "$hbchat" "${sources[0]}" "${sources[@]:1}" "${flags[@]}"
[ -x "$hbchat" ] || exit 1

# A PNG of one pixel, an answer that would take a terminal over, and a conversation too long for every model.
python3 - "$HB_OUT" <<'PYTHON'
import base64, json, sys
out = sys.argv[1]
pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
open(out + "/pixel.png", "wb").write(base64.b64decode(pixel))
nasty = "begins \x1b]0;taken over\x07 \x1b[2J\x1b[31m \x9b2J \x08\x7f\r and ends"
message = {"role": "assistant", "content": nasty}
json.dump({"id": "a", "object": "chat.completion", "created": 1, "model": "m",
           "choices": [{"index": 0, "finish_reason": "stop", "message": message}]}, open(out + "/nasty.json", "w"))
open(out + "/nasty.txt", "w", newline="").write(nasty + "\n")
turns = [{"role": role, "text": "some words of a long talk " * 4000} for _ in range(20) for role in ("user", "assistant")]
json.dump({"hyperbolic_conversation": 1, "messages": turns}, open(out + "/long.json", "w"))
PYTHON
begin_counting() {
    curl -fsS -X POST "$HB_TEST_CONTROL/simulator/reset"
    curl -fsS -X PUT -H 'Content-Type: application/json' --data-binary "@$HB_OUT/nasty.json" \
        "$HB_TEST_CONTROL/simulator/body/nasty"
}
begin_counting

# shellcheck disable=SC2016
prices='\$0\.[0-9]*'

# asked EXPRESSION WANTED: what the last request, `body`, has; `said` are its texts.
asked() {
    local found
    found=$(curl -fsS "$HB_TEST_CONTROL/simulator/last" | python3 -c '
import json, sys
body = json.load(sys.stdin)["body"]
said = [m["content"] for m in body["messages"]]
print(eval(sys.argv[1]))' "$1")
    [ "$found" = "$2" ] || { printf '%s is %s\n' "$1" "$found" && return 1; }
}

# ask_once CODE [ARGUMENT...]: in a pipe, with $question as standard input; output and errors in files.
question=''
ask_once() {
    local wanted=$1 status=0
    shift
    printf '%b' "$question" | timeout -k 5 30 "$hbchat" "$@" >"$HB_OUT/pipe.out" 2>"$HB_OUT/pipe.err" || status=$?
    [ "$status" -eq "$wanted" ] || { printf 'exit code %s\n' "$status" && cat "$HB_OUT/pipe.out" "$HB_OUT/pipe.err" && return 1; }
}
said_nothing() { [ ! -s "$HB_OUT/pipe.$1" ] || { cat "$HB_OUT/pipe.$1" && return 1; }; }
complained() { grep -q -- "$1" "$HB_OUT/pipe.err" || { cat "$HB_OUT/pipe.err" && return 1; }; }
ends_in_a_line() { [ -s "$HB_OUT/pipe.out" ] && [ "$(tail -c 1 "$HB_OUT/pipe.out")" = '' ]; }

# --- in a pipe
question='why is it blue?\n'
check 'pipe: answered is 0' ask_once 0
check 'pipe: the answer alone' grep -qx 'This is canned .* "why is it blue?", .* sentences\.' "$HB_OUT/pipe.out"
check 'pipe: one line of it' test "$(wc -l <"$HB_OUT/pipe.out")" -eq 1
check 'pipe: no words beside it' said_nothing err
question='first line\n\nthird line\n'
check 'pipe: lines are one question' ask_once 0
check 'pipe: as they are' asked said "['first line\n\nthird line']"
question=''
check 'words: answered is 0' ask_once 0 --model Qwen/QwQ-32B --system 'Be short.' --max-tokens 7 two words
check 'words: model, system prompt, words, limit' asked '[body["model"], said, body["max_tokens"]]' \
    "['Qwen/QwQ-32B', ['Be short.', 'two words'], 7]"
HYPERBOLIC_MODEL=Qwen/QwQ-32B check 'the model of the environment' ask_once 0 words
check 'is asked' asked 'body["model"]' Qwen/QwQ-32B
put_faults 'think=reasoning_content'
check 'pipe: thinking' ask_once 0 words
check 'pipe: is not in the answer' grep -q '^This is canned' "$HB_OUT/pipe.out"
put_faults 'raw=nasty'
check 'pipe: control characters' ask_once 0 words
check 'pipe: stay as they are' cmp "$HB_OUT/pipe.out" "$HB_OUT/nasty.txt"

put_faults 'reset-after=6'
check 'a cut answer is 1' ask_once 1 words
check 'a cut answer: what had come is there' grep -q '^This is' "$HB_OUT/pipe.out"
check 'a cut answer: ends in a line' ends_in_a_line
check 'a cut answer: named' complained '^HB_E_TRUNCATED: '
put_faults ''
HYPERBOLIC_API_KEY=wrong-key check 'a wrong key is 1' ask_once 1 words
check 'a wrong key: named' complained '^HB_E_AUTHENTICATION: '
check 'a wrong key: the hint' complained 'Check that the API key'
check 'a wrong key: nothing else' said_nothing out
HYPERBOLIC_API_KEY='' HYPERBOLIC_BASE_URL='' check 'neither key nor server is 2' ask_once 2 words
check 'how to set the key' complained 'HYPERBOLIC_API_KEY='
check 'how to set the server' complained 'HYPERBOLIC_BASE_URL='
HYPERBOLIC_BASE_URL=nonsense check 'a bad server is 2' ask_once 2 words
check 'no question is 2' ask_once 2
check 'an unknown option is 2' ask_once 2 --nonsense
check 'which one' complained -- '--nonsense'
check 'a bad number is 2' ask_once 2 --max-tokens 0 words
check 'a file that is not there is 2' ask_once 2 --load "$HB_OUT/nothing" words
check 'a file that is no conversation is 2' ask_once 2 --load "$HB_OUT/nasty.json" words
check 'help is 0' ask_once 0 --help
check 'help has the exit codes' grep -q '^  130 ' "$HB_OUT/pipe.out"
check 'version is 0' ask_once 0 --version
full() { local status=0; "$hbchat" words >/dev/full 2>"$HB_OUT/pipe.err" || status=$?; [ "$status" -eq 1 ]; }
check 'an answer that cannot be written is 1' full

# A background job of a script ignores interrupts, unless it is told otherwise.
put_faults 'stall-after=6'
rm "$HB_OUT/pipe.out"
env --default-signal=INT timeout --foreground -k 5 30 "$hbchat" words >"$HB_OUT/pipe.out" 2>"$HB_OUT/pipe.err" &
asking=$!
check 'interrupted: it has begun' wait_for_text "$HB_OUT/pipe.out" .
kill -INT "$asking"
interrupted() { local status=0; wait "$asking" || status=$?; [ "$status" -eq 130 ]; }
check 'interrupted is 130' interrupted
check 'interrupted: ends in a line' ends_in_a_line
check 'interrupted: no words' said_nothing err

put_faults ''
memory=(valgrind --quiet --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite --error-exitcode=9
    --fair-sched=try --vgdb=no "--log-file=$HB_OUT/valgrind")
check 'no memory is lost' "${memory[@]}" "$hbchat" --system short words
cat "$HB_OUT/valgrind"

# --- in a terminal
begin_counting
in_terminal "${chat[@]}"
check 'terminal: a prompt' at_prompt '>'
type_line 'first question'
check 'terminal: an answer' shows '"first question"'
check 'terminal: and a prompt again' at_prompt '>'
in_tmux send-keys -t screen -l 'grün 世X'
keys BSpace Left Left BSpace
type_line 'ß'
check 'terminal: UTF-8 is edited' shows 'grüß 世"'
check 'terminal: and asked' asked 'said[2]' 'grüß 世'
keys Up Up Enter
check 'terminal: arrow up' wait_for_counts requests=3
check 'terminal: and a third prompt' at_prompt '>'
check 'terminal: brings a question again' asked '[said[0], said[4], len(said)]' "['first question', 'first question', 5]"
paste_text $'pasted\n\tlines\e[31m of\a\nwords\n'
check 'terminal: a paste is not sent' shows '^words$'
keys Enter
check 'terminal: but one question' shows 'words", and'
check 'terminal: with its lines' asked 'said[6]' $'pasted\n\tlines[31m of\nwords'
check 'terminal: no garbage' at_prompt '>'

put_faults 'event-delay=20,stall-after=40'
type_line 'a long one'
check 'cancel: it streams' shows '"a long one", and'
keys C-c
check 'cancel: said so' shows '^\[stopped; what had come stays'
check 'cancel: the program goes on' at_prompt '>'
put_faults 'stall'
type_line 'never answered'
check 'cancel: before a word' wait_for_counts requests=6
keys C-c
check 'cancel: the question is taken back' shows '^\[stopped; the question is taken back'
put_faults 'status=402'
type_line 'cannot be paid'
check 'error: named' shows '^HB_E_QUOTA: '
check 'error: the program goes on' at_prompt '>'
put_faults ''
keys Up Enter
check 'error: asked again from history' shows '"cannot be paid"'
check 'error: failed turns are out, the partial answer is in' asked \
    '[said[8], said[9][:7], said[10], len(said)]' "['a long one', 'This is', 'cannot be paid', 11]"

put_faults 'think=reasoning_content'
type_line 'think hard'
check 'thinking: dim' shows $'\e\\[[0-9;]*2m.*This stands where reasoning would be' -e
check 'thinking: apart from the answer' shows $'^\e\\[0m[^ ]*This is canned' -e
put_faults 'raw=nasty'
type_line 'take it over'
check 'escapes: shown' shows '^begins ␛\]0;taken over␇ ␛\[2J␛\[31m �2J ␈␡ and ends$'
check 'escapes: not obeyed' test "$(in_tmux display-message -p -t screen '#{pane_title}')" != 'taken over'
put_faults ''

type_line '/model'
check '/model: marks the current' shows '^\* meta-llama/Llama-3.3-70B-Instruct  *131,072  *0.40  *0.40'
check '/model: lists others' shows '^  Qwen/QwQ-32B '
type_line '/model qwq'
check '/model: takes a part of a name' shows '^\[the model is Qwen/QwQ-32B\]'
type_line '/model llama'
check '/model: which one' shows 'models have llama in their names:'
type_line '/system Be a pirate.'
type_line 'who are you'
check 'the new model is asked' shows '"who are you"'
check 'with the new system prompt' asked '[body["model"], said[0]]' "['Qwen/QwQ-32B', 'Be a pirate.']"
type_line '/cost'
check '/cost: the last' shows "^last answer: [0-9]* tokens in, [0-9]* out, $prices, [0-9.]* tokens/s"
check '/cost: in total' shows "^in total:  *[0-9]* tokens in, [0-9]* out, $prices"
type_line "/save $HB_OUT/saved.json"
check '/save' shows '^\[saved in '
check '/save: the file' grep -q '"hyperbolic_conversation":1.*who are you.*' "$HB_OUT/saved.json"
check '/save: a partial answer is marked' grep -q '"text":"This is canned [^}]*"partial":true' "$HB_OUT/saved.json"
check '/save: not the key' test -z "$(grep -F "$HB_TEST_KEY" "$HB_OUT/saved.json")"
type_line '/undo'
check '/undo' shows '^\[taken back: who are you'
type_line '/system -'
check '/system -' shows '^\[the system prompt is gone'
keys Up Up Enter
check '/undo: the question is in history' wait_for_counts requests=13
at_prompt '>'
check '/undo: and was out of the conversation' asked '[said[0], said.count("who are you")]' "['first question', 1]"
type_line '/nonsense words'
check 'an unknown command' shows 'unknown command /nonsense'
in_tmux send-keys -t screen -l '/he'
keys Tab Enter
check '/help, completed by Tab' shows '^/image *\[FILE or URL\]'

in_terminal "${chat[@]}" --model Qwen/QwQ-32B --load "$HB_OUT/saved.json"
type_line 'on it goes'
check '--load: goes on' shows '"on it goes"'
check '--load: with all there was' asked '[said[0], said[1], said[-1]]' "['Be a pirate.', 'first question', 'on it goes']"
begin_counting
put_faults 'stall'
type_line '/model'
check '/model: a server that says nothing' wait_for_counts requests=1
keys C-c
check '/model: Ctrl-C ends the wait' shows '^\[so these are the models of the built-in catalogue\]'
put_faults ''
type_line "/image $HB_OUT/nothing.png"
check '/image: no file' shows 'nothing.png: No such file'
type_line "/image $HB_OUT/nasty.txt"
check '/image: no image' shows '^HB_E_INVALID_ARGUMENT: '
type_line "/image $HB_OUT/pixel.png"
check '/image' shows 'with the next message: .*pixel.png'
type_line 'what is it'
check '/image: not for a model that takes none' shows '^HB_E_INVALID_ARGUMENT: .*Qwen/QwQ-32B'
check '/image: waits for another' shows 'still goes with the next message'
put_faults 'raw=nasty'
type_line '/model with-eyes'
type_line 'and now'
check '/image: goes with the message' shows '^begins '
check '/image: as it is' asked 'body["messages"][-1]["content"][-1]["image_url"]["url"]' \
    "data:image/png;base64,$(base64 -w0 "$HB_OUT/pixel.png")"
put_faults ''
type_line '/model Qwen/QwQ-32B'
type_line "/load $HB_OUT/long.json"
check '/load' shows '^\[loaded 40 messages'
type_line 'is it too long'
check 'trimmed: said' shows 'the conversation outgrows'
check 'trimmed: answered' shows '"is it too long"'
type_line 'still'
check 'trimmed: goes on' shows '"still"'
check 'trimmed: said once' test "$(screen | grep -c 'the conversation outgrows')" -eq 1
check 'trimmed: what is sent' asked 'len(said) < 38 and said[-3]' 'is it too long'
at_prompt '>'
keys C-d
check 'Ctrl-D is 0' ends_with 0

in_terminal env NO_COLOR=1 "${chat[@]}"
put_faults 'think=reasoning_content'
type_line 'without colours'
check 'NO_COLOR: an answer' shows '"without colours"'
check 'NO_COLOR: thinking is marked' shows '^\[thinking\]$'
check 'NO_COLOR: no colour' test -z "$(screen -e | grep $'\e')"
put_faults ''
at_prompt '>'
in_tmux send-keys -t screen -l 'half a line'
shows '^> half a line$'
keys C-c
check 'Ctrl-C clears the line' shows '^> half a line^C$'
check 'Ctrl-C does not leave' at_prompt '>'
keys C-c
check 'Ctrl-C at an empty prompt says how to leave' shows 'once more leaves'
keys C-c
check 'twice leaves, with 0' ends_with 0
in_terminal env TERM=dumb "${chat[@]}"
type_line 'a dumb terminal'
check 'a dumb terminal: an answer' shows '"a dumb terminal"'
check 'a dumb terminal: no colour' test -z "$(screen -e | grep $'\e')"

# --- by examples/run, which brings the simulator along
question='a question\n'
by_run() { printf '%b' "$question" | env -u HYPERBOLIC_API_KEY -u HYPERBOLIC_BASE_URL examples/run hbchat >"$HB_OUT/run.out"; }
check 'examples/run hbchat' by_run
check 'examples/run hbchat: the answer alone' grep -qx 'This is canned .* "a question", .*' "$HB_OUT/run.out"
in_terminal env -u HYPERBOLIC_API_KEY -u HYPERBOLIC_BASE_URL examples/run hbchat
check 'examples/run hbchat: a prompt' at_prompt '>'
type_line 'in between'
check 'examples/run hbchat: it streams' shows 'You wrote "in between"'
keys C-c
check 'examples/run hbchat: Ctrl-C stops the answer alone' shows '^\[stopped; what had come stays'
type_line 'and on'
check 'examples/run hbchat: it goes on' shows 'You wrote "and on"'
check 'examples/run hbchat: to its end' at_prompt '>'
keys C-d
check 'examples/run hbchat: ends with 0' ends_with 0

# --- a real model
if ! tests/model/fetch; then
    skip model 'the server or the model could not be fetched; see the log'
    exit 0
fi
start_model_server
export HYPERBOLIC_BASE_URL=$HB_TEST_URL HYPERBOLIC_MODEL=$HB_TEST_MODEL
question='What is the capital of France?\n'
check 'model: in a pipe' ask_once 0 --max-tokens 8
check 'model: an answer' ends_in_a_line
cat "$HB_OUT/pipe.out"
in_terminal env "HYPERBOLIC_BASE_URL=$HB_TEST_URL" "HYPERBOLIC_MODEL=$HB_TEST_MODEL" "${chat[@]}" --max-tokens 8
type_line 'What is the capital of France?'
check 'model: the prompt comes back' at_prompt '>'
type_line '/cost'
check 'model: an answer in the terminal' shows '^last answer: [0-9]* tokens in, [1-9][0-9]* out, price unknown, [0-9.]* tokens/s'
type_line '/model'
check 'model: is in the list' shows '^\* smollm2-135m'
screen
