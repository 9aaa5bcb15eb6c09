/* How hbchat looks: colours only where they are wanted, and nothing that a server wrote can move the cursor. */
#include "hbchat.h"

#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

struct look look = {0, 0, "", "", "", "", ""};
static FILE *notices;

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

/* The locale says what is printable, and how wide. All here is UTF-8, so it must be one that knows that. */
static void choose_locale(void) {
    static const char *const known[] = {"C.UTF-8", "en_US.UTF-8", "UTF-8"};
    setlocale(LC_CTYPE, "");
    for (size_t i = 0; i < sizeof known / sizeof known[0] && strcmp(nl_langinfo(CODESET), "UTF-8") != 0; i++) {
        setlocale(LC_CTYPE, known[i]);
    }
}

void terminal_begin(int at_terminal) {
    const char *kind = variable("TERM");
    choose_locale();
    look.out_is_terminal = isatty(STDOUT_FILENO);
    notices = at_terminal ? stdout : stderr;
    if (!look.out_is_terminal || variable("NO_COLOR")[0] != '\0') return;
    if (kind[0] == '\0' || strcmp(kind, "dumb") == 0) return;
    look.styled = 1;
    look.plain = "\033[0m";
    look.dim = "\033[2m";
    look.bold = "\033[1m";
    look.red = "\033[31m";
    look.prompt = "\033[1;32m";
}

/* While an answer comes, keys are kept for the next prompt and not echoed into it; Ctrl-C still is one. */
void terminal_quiet_keys(int quiet) {
    static struct termios before;
    static int is_quiet;
    if (quiet == is_quiet) return;
    if (quiet) {
        struct termios silent;
        if (tcgetattr(STDIN_FILENO, &before) != 0) return;
        silent = before;
        silent.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
        if (tcsetattr(STDIN_FILENO, TCSADRAIN, &silent) != 0) return;
    } else {
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    }
    is_quiet = quiet;
}

/* How many bytes the character at `text` has; 0 if it is none. */
static size_t character(const unsigned char *text, size_t left) {
    size_t len = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 0;
    if (len == 0 || len > left || text[0] > 0xf4) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((text[i] & 0xc0) != 0x80) return 0;
    }
    return len;
}

/* Control characters get the pictures that Unicode has for them; a terminal obeys the C1 ones too, in UTF-8 as well. */
void put_visible(FILE *file, const char *text, size_t len) {
    const unsigned char *at = (const unsigned char *)text, *end = at + len, *kept = at;
    while (at < end) {
        size_t bytes = character(at, (size_t)(end - at));
        int control = bytes == 1 && (at[0] < 0x20 || at[0] == 0x7f) && at[0] != '\n' && at[0] != '\t';
        int upper = bytes == 2 && at[0] == 0xc2 && at[1] < 0xa0;
        if (bytes != 0 && !control && !upper) {
            at += bytes;
            continue;
        }
        fwrite(kept, 1, (size_t)(at - kept), file);
        if (control && at[0] != '\r') fprintf(file, "\xe2\x90%c", at[0] == 0x7f ? 0xa1 : 0x80 + at[0]);
        else if (!control) fputs("\xef\xbf\xbd", file);
        at += bytes == 0 ? 1 : bytes;
        kept = at;
    }
    fwrite(kept, 1, (size_t)(end - kept), file);
}

static void speak(FILE *file, const char *style, const char *format, va_list values) {
    va_list again;
    va_copy(again, values);
    int len = vsnprintf(NULL, 0, format, values);
    char *text = len < 0 ? NULL : (char *)malloc((size_t)len + 1);
    if (text != NULL) {
        vsnprintf(text, (size_t)len + 1, format, again);
        fputs(style, file);
        put_visible(file, text, (size_t)len);
        fprintf(file, "%s\n", style[0] == '\0' ? "" : look.plain);
        free(text);
    }
    va_end(again);
    fflush(file);
}

void notice(const char *format, ...) {
    va_list values;
    va_start(values, format);
    speak(notices, notices == stdout || isatty(STDERR_FILENO) ? look.dim : "", format, values);
    va_end(values);
}

void complain(const char *format, ...) {
    va_list values;
    fflush(stdout);
    va_start(values, format);
    speak(stderr, isatty(STDERR_FILENO) ? look.red : "", format, values);
    va_end(values);
}
