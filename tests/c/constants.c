/*
 * What the header defines, as a compiler sees it: each constant with its value, both sides of each typedef, and, by
 * layout.h, where each field stands. A number that changes here breaks programs that were compiled before.
 */
#include "check.h"

#include "../abi/layout.h"

/* The preprocessor can compute with each of them. */
#if HB_OK != 0 || HB_TIMEOUT <= 0 || HB_E_INVALID_ARGUMENT >= 0 || HB_EVENT_TEXT != 1 || HB_CONTINUE != 0
#error "constants must be plain numbers"
#endif
#if HYPERBOLIC_VERSION_MAJOR < 0 || HYPERBOLIC_VERSION_MINOR < 0 || HYPERBOLIC_VERSION_PATCH < 0
#error "the version must be plain numbers"
#endif
#if HYPERBOLIC_VERSION_NUMBER                                                                                 \
    != HYPERBOLIC_VERSION_MAJOR * 1000000 + HYPERBOLIC_VERSION_MINOR * 1000 + HYPERBOLIC_VERSION_PATCH
#error "the version is another as one number"
#endif

struct named {
    const char *name;
    hb_status value;
    hb_status expected;
};

static const struct named STATUSES[] = {
    {"HB_OK", HB_OK, 0},
    {"HB_TIMEOUT", HB_TIMEOUT, 1},
    {"HB_WOKEN", HB_WOKEN, 2},
    {"HB_E_INVALID_ARGUMENT", HB_E_INVALID_ARGUMENT, -1},
    {"HB_E_CLOSED", HB_E_CLOSED, -2},
    {"HB_E_BUSY", HB_E_BUSY, -3},
    {"HB_E_FORKED", HB_E_FORKED, -4},
    {"HB_E_SYSTEM", HB_E_SYSTEM, -5},
    {"HB_E_PANIC", HB_E_PANIC, -6},
    {"HB_E_BAD_DATA", HB_E_BAD_DATA, -7},
    {"HB_E_CANCELLED", HB_E_CANCELLED, -10},
    {"HB_E_DEADLINE", HB_E_DEADLINE, -11},
    {"HB_E_CONNECT", HB_E_CONNECT, -12},
    {"HB_E_TRUNCATED", HB_E_TRUNCATED, -13},
    {"HB_E_BAD_RESPONSE", HB_E_BAD_RESPONSE, -14},
    {"HB_E_AUTHENTICATION", HB_E_AUTHENTICATION, -20},
    {"HB_E_BAD_REQUEST", HB_E_BAD_REQUEST, -21},
    {"HB_E_RATE_LIMITED", HB_E_RATE_LIMITED, -22},
    {"HB_E_QUOTA", HB_E_QUOTA, -23},
    {"HB_E_SERVER", HB_E_SERVER, -24},
    {"HB_E_BUDGET", HB_E_BUDGET, -30},
};

static const char *known_name(hb_status status) {
    size_t i;
    for (i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++) {
        if (STATUSES[i].value == status) return STATUSES[i].name;
    }
    return status > 0 ? "HB_UNKNOWN" : "HB_E_UNKNOWN";
}

static void statuses(void) {
    static const hb_status FAR[] = {INT32_MIN, INT32_MIN + 1, -1000000, 1000000, INT32_MAX};
    size_t i;
    hb_status status;
    int wrong = 0;
    for (i = 0; i < sizeof STATUSES / sizeof *STATUSES; i++) {
        check_number(STATUSES[i].name, STATUSES[i].value, STATUSES[i].expected);
    }
    for (status = -300; status <= 300; status++) wrong += strcmp(hb_status_name(status), known_name(status)) != 0;
    for (i = 0; i < sizeof FAR / sizeof *FAR; i++) wrong += strcmp(hb_status_name(FAR[i]), known_name(FAR[i])) != 0;
    check_number("hb_status_name is total; statuses with another name", wrong, 0);
    for (wrong = 0, status = -300; status <= 300; status++) {
        const char *message = hb_status_message(status);
        hb_status other;
        for (other = -300; other < status; other++) {
            /* Two statuses of different names say different things. */
            wrong += (strcmp(known_name(other), known_name(status)) == 0) != (strcmp(hb_status_message(other), message) == 0);
        }
        wrong += strlen(message) < 5 || !(message[0] >= 'a' && message[0] <= 'z') || message[strlen(message) - 1] == '.';
    }
    check_number("hb_status_message is total; statuses without words of their own", wrong, 0);
}

/* `+ 0u` is an error for anything but a number, and the sum stays unsigned only where the constant is. */
static void event_kinds(void) {
    check_number("HB_EVENT_TEXT", HB_EVENT_TEXT + 0u, 1);
    check_number("HB_EVENT_REASONING", HB_EVENT_REASONING + 0u, 2);
    check_number("HB_EVENT_TOOL_CALL", HB_EVENT_TOOL_CALL + 0u, 3);
    check_number("HB_EVENT_RETRY", HB_EVENT_RETRY + 0u, 4);
    check_number("HB_EVENT_DONE", HB_EVENT_DONE + 0u, 5);
    check_number("HB_CONTINUE", HB_CONTINUE, 0);
    check_number("HB_STOP", HB_STOP, 1);
    check_number("HB_RETURN", HB_RETURN, 2);
}

static const struct {
    const char *name;
    uint32_t value, expected;
} NUMBERS[] = {
    {"HB_LIMIT_LINE", HB_LIMIT_LINE + 0u, 1},
    {"HB_LIMIT_EVENT", HB_LIMIT_EVENT + 0u, 2},
    {"HB_LIMIT_ANSWER", HB_LIMIT_ANSWER + 0u, 3},
    {"HB_LIMIT_ERROR_BODY", HB_LIMIT_ERROR_BODY + 0u, 4},
    {"HB_LIMIT_HEADERS", HB_LIMIT_HEADERS + 0u, 5},
    {"HB_LIMIT_JSON_DEPTH", HB_LIMIT_JSON_DEPTH + 0u, 6},
    {"HB_LIMIT_CHOICES", HB_LIMIT_CHOICES + 0u, 7},
    {"HB_LIMIT_TOOL_CALLS", HB_LIMIT_TOOL_CALLS + 0u, 8},
    {"HB_LIMIT_QUEUE", HB_LIMIT_QUEUE + 0u, 9},
    {"HB_REPLAY_AT_ONCE", HB_REPLAY_AT_ONCE + 0u, 0},
    {"HB_REPLAY_TIMED", HB_REPLAY_TIMED + 0u, 1},
    {"HB_TIER_NONE", HB_TIER_NONE + 0u, 0},
    {"HB_TIER_BASIC", HB_TIER_BASIC + 0u, 1},
    {"HB_TIER_PRO", HB_TIER_PRO + 0u, 2},
    {"HB_COUNT_REQUESTS", HB_COUNT_REQUESTS + 0u, 1},
    {"HB_COUNT_ATTEMPTS", HB_COUNT_ATTEMPTS + 0u, 2},
    {"HB_COUNT_RETRIES", HB_COUNT_RETRIES + 0u, 3},
    {"HB_COUNT_REPLAYS", HB_COUNT_REPLAYS + 0u, 4},
    {"HB_COUNT_CONNECTIONS", HB_COUNT_CONNECTIONS + 0u, 5},
    {"HB_COUNT_RATE_LIMITED", HB_COUNT_RATE_LIMITED + 0u, 6},
    {"HB_COUNT_SUCCEEDED", HB_COUNT_SUCCEEDED + 0u, 7},
    {"HB_COUNT_FAILED", HB_COUNT_FAILED + 0u, 8},
    {"HB_COUNT_CANCELLED", HB_COUNT_CANCELLED + 0u, 9},
    {"HB_COUNT_PROMPT_TOKENS", HB_COUNT_PROMPT_TOKENS + 0u, 10},
    {"HB_COUNT_COMPLETION_TOKENS", HB_COUNT_COMPLETION_TOKENS + 0u, 11},
    {"HB_COUNT_SPENT_NANOUSD", HB_COUNT_SPENT_NANOUSD + 0u, 12},
    {"HB_COUNT_UNPRICED", HB_COUNT_UNPRICED + 0u, 13},
    {"HB_COUNT_LOGS_DROPPED", HB_COUNT_LOGS_DROPPED + 0u, 14},
    {"HB_SAVE_NO_SYSTEM", HB_SAVE_NO_SYSTEM + 0u, 1},
    {"HB_SAVE_NO_IMAGES", HB_SAVE_NO_IMAGES + 0u, 2},
    {"HB_LOG_OFF", HB_LOG_OFF + 0u, 0},
    {"HB_LOG_ERROR", HB_LOG_ERROR + 0u, 1},
    {"HB_LOG_INFO", HB_LOG_INFO + 0u, 2},
    {"HB_LOG_DEBUG", HB_LOG_DEBUG + 0u, 3},
    {"HB_LOG_TRACE", HB_LOG_TRACE + 0u, 4},
};

static void numbers(void) {
    size_t i;
    for (i = 0; i < sizeof NUMBERS / sizeof *NUMBERS; i++) {
        check_number(NUMBERS[i].name, NUMBERS[i].value, NUMBERS[i].expected);
    }
}

/* Counts go from 1 to the last without a gap; what is beyond is not known, and 0. */
static void counts(void) {
    hb_client *client = test_client(NULL);
    uint32_t count;
    int64_t sum = 0;
    chat_once(client);
    for (count = HB_COUNT_REQUESTS; count <= HB_COUNT_SPENT_NANOUSD; count++) {
        int is_used = count != HB_COUNT_RETRIES && count != HB_COUNT_REPLAYS && count != HB_COUNT_RATE_LIMITED
                      && count != HB_COUNT_FAILED && count != HB_COUNT_CANCELLED;
        check((hb_client_count(client, count) > 0) == is_used, "a count", "%u is %lld", (unsigned)count,
              (long long)hb_client_count(client, count));
    }
    sum += hb_client_count(client, 0) + hb_client_count(client, HB_COUNT_LOGS_DROPPED + 1);
    sum += hb_client_count(client, UINT32_MAX) + hb_client_count(NULL, HB_COUNT_REQUESTS);
    check_number("counts that nobody knows", sum, 0);
    hb_client_free(client);
}

/* Negative constants survive next to an operator only in parentheses. */
static void arithmetic(void) {
    check_number("minus a negative constant", 0 -HB_E_INVALID_ARGUMENT, 1);
    check_number("a constant in a product", 2 * HB_E_SERVER, -48);
    check_number("HYPERBOLIC_ABI_VERSION", hb_abi_version(), HYPERBOLIC_ABI_VERSION + 0u);
}

static void version(void) {
    char text[64];
    snprintf(text, sizeof text, "%d.%d.%d", HYPERBOLIC_VERSION_MAJOR, HYPERBOLIC_VERSION_MINOR,
             HYPERBOLIC_VERSION_PATCH);
    check_text("the header's version is the library's", hb_library_version(), text);
}

/* Assigned in both directions, so that a compiler that is asked to warn sees two different types. */
static int32_t HB_CALL as_declared(const struct hb_event *event, void *context) {
    const hb_event *same = event;
    uint64_t op = same->op;
    int32_t status = same->status;
    *(hb_op *)context = op;
    return status;
}

static void typedefs(void) {
    hb_event event;
    hb_op op = 0;
    hb_event_fn callback = as_declared;
    memset(&event, 0, sizeof event);
    event.op = 7;
    event.status = HB_E_SERVER;
    check_number("hb_event_fn answers a status", callback(&event, &op), HB_E_SERVER);
    check_number("hb_op is uint64_t", (long long)op, 7);
}

int main(void) {
    check_begin();
    statuses();
    event_kinds();
    numbers();
    counts();
    arithmetic();
    version();
    typedefs();
    return check_end();
}
