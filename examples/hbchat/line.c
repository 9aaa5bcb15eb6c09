/* A line from the keyboard, by libedit: arrows, history, UTF-8, and pastes of several lines as what they are. */
#include "hbchat.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

/* What a terminal sends for Ctrl-C, and around a paste. */
#define CONTROL_C L'\003'
#define PASTE_ENDS L"\033[201~"
enum { HISTORY = 1000, PROMPT_ROOM = 64 };

static struct {
    EditLine *editor;
    HistoryW *history;
    const struct chat *chat;
    wchar_t prompt[PROMPT_ROOM];
    int interrupted, signal;
} input;

static wchar_t *prompt(EditLine *editor) {
    (void)editor;
    return input.prompt;
}

/* A terminal that can marks what is pasted, so that a line's end in it does not send it. */
static void mark_pastes(int on) {
    if (look.styled) fputs(on ? "\033[?2004h" : "\033[?2004l", stdout);
    fflush(stdout);
}

static void sleep_until_resumed(EditLine *editor) {
    mark_pastes(0);
    el_wset(editor, EL_PREP_TERM, 0);
    signals_stop();
    el_wset(editor, EL_PREP_TERM, 1);
    mark_pastes(1);
    el_wset(editor, EL_REFRESH);
}

static void take_new_size(EditLine *editor) {
    el_resize(editor);
    if (look.styled) fputs("\r\033[J", stdout);
    fflush(stdout);
    el_wset(editor, EL_REFRESH);
}

/* Waits for a key; 0 if a signal ends the input. Ctrl-C is a signal here, and is made a key again. */
static int wait_for_key(EditLine *editor, wchar_t *key) {
    struct pollfd wanted[2];
    memset(wanted, 0, sizeof wanted);
    wanted[0].fd = STDIN_FILENO;
    wanted[1].fd = signals_descriptor();
    wanted[0].events = wanted[1].events = POLLIN;
    *key = 0;
    for (;;) {
        int number = signals_next();
        if (number == SIGINT) *key = CONTROL_C;
        if (number == SIGINT) return 1;
        if (number == SIGTSTP) sleep_until_resumed(editor);
        if (number == SIGWINCH) take_new_size(editor);
        if (number == SIGTERM || number == SIGHUP) input.signal = number;
        if (input.signal != 0) return 0;
        if (number == 0 && wanted[0].revents != 0) return 1;
        wanted[0].revents = 0;
        if (number == 0 && poll(wanted, 2, -1) < 0 && errno != EINTR) return 0;
    }
}

/* UTF-8, whatever the locale says. */
static int read_key(EditLine *editor, wchar_t *key) {
    unsigned char byte = 0;
    if (wait_for_key(editor, key) == 0) return 0;
    if (*key != 0) return 1;
    if (read(STDIN_FILENO, &byte, 1) != 1) return 0;
    int more = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : 0;
    unsigned long value = more == 0 ? byte : byte & (0x3fu >> more);
    for (int i = 0; i < more; i++) {
        if (read(STDIN_FILENO, &byte, 1) != 1) return 0;
        if ((byte & 0xc0) != 0x80) value = 0x3fffff;
        value = (value << 6 | (byte & 0x3f)) & 0x3fffff;
    }
    *key = value > 0x10ffff || (more == 0 && value > 0x7f) || (value & ~0x7fful) == 0xd800 ? L'\xfffd' : (wchar_t)value;
    return 1;
}

/* What is typed goes with its Ctrl-C behind it, as in a shell, and the next prompt comes. */
static unsigned char on_interrupt(EditLine *editor, wint_t key) {
    const LineInfoW *line = el_wline(editor);
    (void)key;
    input.interrupted = line->lastchar == line->buffer ? 2 : 1;
    el_cursor(editor, (int)(line->lastchar - line->cursor));
    el_winsertstr(editor, L"^C");
    el_wpush(editor, L"\n");
    return CC_REFRESH;
}

static unsigned char on_new_line(EditLine *editor, wint_t key) {
    (void)key;
    return el_winsertstr(editor, L"\n") == 0 ? CC_REFRESH : CC_ERROR;
}

/* All up to the end of the paste; its lines stay lines (but the end of the last, which would send it), and its control
 * characters are nobody's keys. */
static unsigned char on_paste(EditLine *editor, wint_t first) {
    static const wchar_t ends[] = PASTE_ENDS;
    size_t used = 0, room = 256, matched = 0, tail = wcslen(ends);
    wchar_t *text = (wchar_t *)memory(NULL, room * sizeof *text), key;
    (void)first;
    while (matched < tail && el_wgetc(editor, &key) == 1 && key != CONTROL_C) {
        matched = key == ends[matched] ? matched + 1 : key == ends[0];
        if (key == L'\r') key = L'\n';
        if (key < L' ' && key != L'\n' && key != L'\t' && key != ends[0]) continue;
        if (used + 1 >= room) text = (wchar_t *)memory(text, (room *= 2) * sizeof *text);
        text[used++] = key;
    }
    if (matched == tail) used -= tail;
    size_t kept = 0;
    for (size_t i = 0; i < used; i++) {
        if (text[i] != ends[0]) text[kept++] = text[i];
    }
    while (kept > 0 && text[kept - 1] == L'\n') kept -= 1;
    text[kept] = L'\0';
    int inserted = kept == 0 || el_winsertstr(editor, text) == 0;
    free(text);
    return inserted ? CC_REFRESH : CC_ERROR;
}

static wchar_t *wide(const char *text) {
    size_t room = strlen(text) + 1;
    wchar_t *copy = (wchar_t *)memory(NULL, room * sizeof *copy);
    if (mbstowcs(copy, text, room) == (size_t)-1) copy[0] = L'\0';
    return copy;
}

static char *narrow(const wchar_t *text, size_t len) {
    char *copy = (char *)memory(NULL, len * 4 + 1), *end = copy;
    for (size_t i = 0; i < len; i++) {
        unsigned long c = (unsigned long)text[i];
        int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        *end++ = (char)(more == 0 ? c : (0xff00ul >> (more + 1) & 0xff) | c >> 6 * more);
        while (more-- > 0) *end++ = (char)(0x80 | (c >> 6 * more & 0x3f));
    }
    *end = '\0';
    return copy;
}

static unsigned char on_tab(EditLine *editor, wint_t key) {
    const LineInfoW *line = el_wline(editor);
    (void)key;
    char *start = narrow(line->buffer, (size_t)(line->cursor - line->buffer));
    char *word = command_complete(input.chat, start);
    unsigned char result = CC_ERROR;
    if (word != NULL && strcmp(word, start) != 0) {
        wchar_t *wanted = wide(word);
        el_wdeletestr(editor, (int)(line->cursor - line->buffer));
        if (el_winsertstr(editor, wanted) == 0) result = CC_REFRESH;
        free(wanted);
    }
    free(word);
    free(start);
    return result;
}

/* What libedit itself does not bind, or not as people know it from their shell; ~/.editrc has the last word. */
static void bind_keys(EditLine *editor) {
    static const wchar_t *const keys[][2] = {
        {L"^C", L"hbchat-interrupt"},       {L"\\e[200~", L"hbchat-paste"},   {L"\\e^M", L"hbchat-new-line"},
        {L"\\e^J", L"hbchat-new-line"},     {L"^I", L"hbchat-complete"},      {L"^R", L"em-inc-search-prev"},
        {L"^W", L"ed-delete-prev-word"},    {L"\\e[3~", L"ed-delete-next-char"},
        {L"\\e[1;5C", L"em-next-word"},     {L"\\e[1;5D", L"ed-prev-word"},
        {L"\\e[H", L"ed-move-to-beg"},      {L"\\e[F", L"ed-move-to-end"},
        {L"\\e[1~", L"ed-move-to-beg"},     {L"\\e[4~", L"ed-move-to-end"},
    };
    el_wset(editor, EL_ADDFN, L"hbchat-interrupt", L"clear the line", on_interrupt);
    el_wset(editor, EL_ADDFN, L"hbchat-paste", L"take a paste", on_paste);
    el_wset(editor, EL_ADDFN, L"hbchat-new-line", L"begin a new line", on_new_line);
    el_wset(editor, EL_ADDFN, L"hbchat-complete", L"complete a command", on_tab);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) el_wset(editor, EL_BIND, keys[i][0], keys[i][1], NULL);
    el_source(editor, NULL);
}

int line_begin(const struct chat *chat) {
    HistEventW event;
    input.chat = chat;
    input.editor = el_init("hbchat", stdin, stdout, stderr);
    input.history = history_winit();
    if (input.editor == NULL || input.history == NULL) return -1;
    swprintf(input.prompt, PROMPT_ROOM, L"\001%s\001>\001%s\001 ", look.prompt, look.plain);
    if (!look.styled) wcscpy(input.prompt, L"> ");
    history_w(input.history, &event, H_SETSIZE, HISTORY);
    history_w(input.history, &event, H_SETUNIQUE, 1);
    el_wset(input.editor, EL_PROMPT_ESC, prompt, 1);
    el_wset(input.editor, EL_EDITOR, L"emacs");
    el_wset(input.editor, EL_SIGNAL, 0);
    el_wset(input.editor, EL_HIST, history_w, input.history);
    el_wset(input.editor, EL_GETCFN, read_key);
    bind_keys(input.editor);
    return 0;
}

int line_read(char **text) {
    int count = 0;
    input.interrupted = 0;
    mark_pastes(1);
    const wchar_t *line = el_wgets(input.editor, &count);
    mark_pastes(0);
    *text = NULL;
    if (input.interrupted) return LINE_INTERRUPTED;
    if (line == NULL || count <= 0) {
        putchar('\n');
        return LINE_END;
    }
    if (line[count - 1] == L'\n') count -= 1;
    *text = narrow(line, (size_t)count);
    return LINE_TEXT;
}

int line_was_empty(void) { return input.interrupted == 2; }

int line_signal(void) { return input.signal; }

void line_remember(const char *text) {
    HistEventW event;
    wchar_t *copy = wide(text);
    if (copy[0] != L'\0') history_w(input.history, &event, H_ENTER, copy);
    free(copy);
}

void line_end(void) {
    if (input.history != NULL) history_wend(input.history);
    if (input.editor != NULL) el_end(input.editor);
}
