/* hbchat: a chat in the terminal, or one question in a pipe. */
#include "hbchat.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char USAGE[] =
    "usage: hbchat [OPTION...]                    a chat in this terminal; /help there says more\n"
    "       hbchat [OPTION...] QUESTION WORDS     one question, and its answer alone\n"
    "       ... | hbchat [OPTION...]              the same; all of standard input is the question\n"
    "\n"
    "  --model NAME       the model; else HYPERBOLIC_MODEL, else " HBCHAT_MODEL "\n"
    "  --system TEXT      the system prompt\n"
    "  --load FILE        go on with a conversation that /save wrote\n"
    "  --max-tokens N     how long an answer may be\n"
    "  --help, --version\n"
    "\n"
    "HYPERBOLIC_API_KEY is the key, HYPERBOLIC_BASE_URL another server than Hyperbolic's. Colours are left out where\n"
    "the output is no terminal, TERM is dumb, or NO_COLOR is set.\n"
    "\n"
    "exit codes:\n"
    "  0    answered; a chat that was left\n"
    "  1    the request failed, or the answer could not be written; standard error says why\n"
    "  2    wrong usage, or neither key nor server is set\n"
    "  130  interrupted by Ctrl-C while one question was answered\n";

static const char NO_SERVER[] =
    "hbchat: neither a key nor a server is set\n"
    "\n"
    "  export HYPERBOLIC_API_KEY=...                        Hyperbolic's own server, with your key\n"
    "  export HYPERBOLIC_BASE_URL=http://127.0.0.1:8080     any server that speaks the same protocol\n";

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value == NULL ? "" : value;
}

struct wishes {
    const char *model, *system, *load;
    int64_t max_tokens;
};

static int wrong(const char *what, const char *value) {
    complain("hbchat: %s%s; hbchat --help says what there is", what, value);
    return EXIT_USAGE;
}

/* -1 to go on; otherwise the exit code. */
static int read_options(int count, char **words, struct wishes *wishes) {
    static const struct option known[] = {
        {"model", required_argument, NULL, 'm'},      {"system", required_argument, NULL, 's'},
        {"load", required_argument, NULL, 'l'},       {"max-tokens", required_argument, NULL, 't'},
        {"help", no_argument, NULL, 'h'},             {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    char *end = NULL;
    int option;
    opterr = 0;
    while ((option = getopt_long(count, words, "+:", known, NULL)) != -1) {
        switch (option) {
        case 'm': wishes->model = optarg; break;
        case 's': wishes->system = optarg; break;
        case 'l': wishes->load = optarg; break;
        case 't':
            errno = 0;
            wishes->max_tokens = strtoll(optarg, &end, 10);
            if (errno != 0 || end == optarg || *end != '\0' || wishes->max_tokens < 1) {
                return wrong("--max-tokens wants a number from 1, and not ", optarg);
            }
            break;
        case 'h': fputs(USAGE, stdout); return EXIT_ANSWERED;
        case 'v': printf("hbchat %s, libhyperbolic %s\n", HBCHAT_VERSION, hb_library_version()); return EXIT_ANSWERED;
        case ':': return wrong("a value is missing behind ", words[optind - 1]);
        default: return wrong("no option ", words[optind - 1]);
        }
    }
    return -1;
}

/* The words, or standard input; NULL if a signal came first. */
static char *whole_question(int count, char **words, size_t *len) {
    size_t size = 1;
    if (count == 0) {
        char *text = file_read("-", len);
        while (text != NULL && *len > 0 && (text[*len - 1] == '\n' || text[*len - 1] == '\r')) *len -= 1;
        return text;
    }
    for (int i = 0; i < count; i++) size += strlen(words[i]) + 1;
    char *text = (char *)memory(NULL, size);
    text[0] = '\0';
    for (int i = 0; i < count; i++) {
        if (i > 0) strcat(text, " ");
        strcat(text, words[i]);
    }
    *len = strlen(text);
    return text;
}

static int ask_once(struct chat *chat, int count, char **words) {
    size_t len = 0;
    int leave = 0;
    char *question = whole_question(count, words, &len);
    if (question == NULL) {
        if (errno == EINTR) return EXIT_INTERRUPTED;
        complain("standard input: %s", strerror(errno));
        return EXIT_FAILED;
    }
    if (len == 0) {
        free(question);
        return wrong("the question is empty", "");
    }
    hb_status status = chat_turn(chat, question, len, &leave);
    free(question);
    if (leave != 0) return 128 + leave;
    if (status == HB_E_CANCELLED) return EXIT_INTERRUPTED;
    if (status != HB_OK) return EXIT_FAILED;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("standard output: %s", strerror(errno));
        return EXIT_FAILED;
    }
    return EXIT_ANSWERED;
}

/* One line of the chat: GO_ON, QUIT, or the signal that ends the program. */
static int take_line(struct chat *chat, char *line, int *leave) {
    char *text = line + strspn(line, " \t\n");
    size_t len = strlen(text);
    while (len > 0 && strchr(" \t\n", text[len - 1]) != NULL) text[--len] = '\0';
    if (len == 0) return GO_ON;
    line_remember(text == line || text[0] != '/' ? text : line);
    if (line[0] == '/') return command_run(chat, text);
    chat_turn(chat, text, len, leave);
    putchar('\n');
    return *leave == 0 ? GO_ON : QUIT;
}

static int converse(struct chat *chat) {
    int going = GO_ON, leave = 0, warned = 0;
    if (line_begin(chat) != 0) {
        complain("the terminal cannot be edited on");
        return EXIT_FAILED;
    }
    notice("%s; /help says what else there is", chat->model);
    while (going == GO_ON) {
        char *line = NULL;
        int came = line_read(&line);
        if (came == LINE_END) break;
        if (came == LINE_INTERRUPTED && warned) break;
        warned = came == LINE_INTERRUPTED && line_was_empty();
        if (warned) notice("[once more leaves; so do Ctrl-D and /quit]");
        if (came == LINE_TEXT) going = take_line(chat, line, &leave);
        free(line);
    }
    if (leave == 0) leave = line_signal();
    line_end();
    return leave == 0 ? EXIT_ANSWERED : 128 + leave;
}

static int prepare(struct chat *chat, const struct wishes *wishes) {
    hb_error *error = NULL;
    const char *model = wishes->model != NULL ? wishes->model : variable("HYPERBOLIC_MODEL");
    chat->model = copy_of(model[0] != '\0' ? model : HBCHAT_MODEL);
    chat->max_tokens = wishes->max_tokens;
    hb_status status = chat_begin(chat, &error);
    if (status != HB_OK) {
        chat_explain(status, error);
        return -1;
    }
    if (wishes->load != NULL && chat_load(chat, wishes->load) != 0) return -1;
    if (wishes->system != NULL && chat_set_system(chat, wishes->system) != 0) return -1;
    return 0;
}

int main(int count, char **words) {
    struct chat chat;
    struct wishes wishes;
    memset(&chat, 0, sizeof chat);
    memset(&wishes, 0, sizeof wishes);
    int code = read_options(count, words, &wishes);
    if (code >= 0) return fflush(stdout) == 0 ? code : EXIT_FAILED;
    chat.at_terminal = optind == count && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    terminal_begin(chat.at_terminal);
    if (hb_abi_version() != HYPERBOLIC_ABI_VERSION) {
        return wrong("it was built for another library than version ", hb_library_version());
    }
    if (variable("HYPERBOLIC_API_KEY")[0] == '\0' && variable("HYPERBOLIC_BASE_URL")[0] == '\0') {
        fputs(NO_SERVER, stderr);
        return EXIT_USAGE;
    }
    if (signals_begin(chat.at_terminal) != 0) {
        complain("signals: %s", strerror(errno));
        return EXIT_FAILED;
    }
    code = EXIT_USAGE;
    if (prepare(&chat, &wishes) == 0) {
        code = chat.at_terminal ? converse(&chat) : ask_once(&chat, count - optind, words + optind);
    }
    chat_end(&chat);
    return code;
}
