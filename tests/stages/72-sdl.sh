# about: the window of examples/sdl: typed into, stopped, and closed while an answer streams, in a display of its own
# group: queue
# needs: cc=gcc curl=curl pkg-config=pkg-config sdl2.pc=libsdl2-dev SDL2_ttf.pc=libsdl2-ttf-dev Xvfb=xvfb /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf=fonts-dejavu-core
build_library release
use_simulator

read -ra flags <<<"$(pkg-config --cflags --libs sdl2 SDL2_ttf)"
check compiles compile "$HB_OUT/sdl.program" examples/sdl/chat.c examples/sdl/window.c examples/sdl/self_test.c "${flags[@]}"

# It listens on no network, and ends with its one client.
Xvfb -displayfd 1 -screen 0 800x600x24 -nolisten tcp -terminate </dev/null >"$HB_OUT/display" 2>"$HB_OUT/xvfb.err" 8>&- &
server_pids+=("$!")
check 'a display' wait_for_text "$HB_OUT/display" .
DISPLAY=:$(cat "$HB_OUT/display")
export DISPLAY SDL_VIDEODRIVER=x11 SDL_RENDER_DRIVER=software

# What is stopped or left stalls, so that it cannot end by itself before.
put_faults 'event-delay=20,times=1;event-delay=20,stall-after=40'
run_checks sdl 120 "$HB_OUT/sdl.program" --self-test "$HB_OUT/sdl.bmp"
collect sdl
check 'the server saw one stopped and one left' wait_for_counts closes=2
check 'the screenshot is a picture' test "$(stat -c %s "$HB_OUT/sdl.bmp")" -gt 1000000
