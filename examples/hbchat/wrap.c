/* Breaks lines between words, as the answer comes. What stands in a fence of ``` is left as it is: somebody may want to
 * copy it. */
#include "hbchat.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

void wrap_measure(struct wrap *wrap) {
    struct winsize size;
    memset(&size, 0, sizeof size);
    wrap->columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

static void new_line(struct wrap *wrap) {
    putchar('\n');
    wrap->column = wrap->spaces = 0;
}

/* Spaces wait for the word behind them: at the end of a line nobody needs them. */
void wrap_flush(struct wrap *wrap) {
    if (wrap->used == 0) return;
    int end = wrap->column + wrap->spaces + wrap->width;
    if (wrap->column == 0 && wrap->used >= 3 && memcmp(wrap->word, "```", 3) == 0) wrap->fenced = !wrap->fenced;
    else if (!wrap->fenced && wrap->column > 0 && wrap->columns > 0 && end > wrap->columns) new_line(wrap);
    printf("%*s", wrap->spaces, "");
    put_visible(stdout, wrap->word, wrap->used);
    wrap->column += wrap->spaces + wrap->width;
    if (wrap->columns > 0 && wrap->column > wrap->columns) wrap->column %= wrap->columns; /* the terminal broke it */
    wrap->spaces = wrap->width = 0;
    wrap->used = 0;
}

/* How many columns a character takes; one that is shown as a picture takes one. */
static int width_of(const char *text, size_t len) {
    wchar_t character = 0;
    mbstate_t state;
    memset(&state, 0, sizeof state);
    if (mbrtowc(&character, text, len, &state) > len) return 1;
    int width = wcwidth(character);
    return width < 0 ? text[0] != '\r' : width;
}

static void put_space(struct wrap *wrap, char space) {
    wrap_flush(wrap);
    if (space == '\n') {
        new_line(wrap);
    } else if (space == ' ') {
        wrap->spaces += 1;
    } else {
        printf("%*s\t", wrap->spaces, "");
        wrap->column = (wrap->column + wrap->spaces) / 8 * 8 + 8;
        wrap->spaces = 0;
    }
}

void wrap_put(struct wrap *wrap, const char *text, size_t len) {
    for (size_t at = 0, next; at < len; at = next) {
        next = at + 1;
        if (strchr("\n \t", text[at]) != NULL && text[at] != '\0') {
            put_space(wrap, text[at]);
            continue;
        }
        while (next < len && ((unsigned char)text[next] & 0xc0) == 0x80) next += 1;
        int width = width_of(text + at, next - at);
        if (wrap->used + (next - at) > sizeof wrap->word) wrap_flush(wrap);
        memcpy(wrap->word + wrap->used, text + at, next - at);
        wrap->used += next - at;
        wrap->width += width;
        if (width == 2) wrap_flush(wrap); /* Chinese and its like break anywhere */
    }
}
