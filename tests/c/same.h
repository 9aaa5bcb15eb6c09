/*
 * Whether two responses are the same object: every getter compared, and the JSON but for its id and time.
 */

#ifndef SAME_H
#define SAME_H

#include "check.h"

/* The JSON of a response without what every answer has anew: the id, and when it was made. To be freed. */
static inline char *timeless_json(const hb_response *response) {
    size_t size = 0;
    const char *json = hb_response_json(response, &size);
    char *copy = (char *)memory(size + 1), created[64];
    memcpy(copy, json, size);
    char *id = strstr(copy, hb_response_id(response));
    if (id != NULL) memset(id, '*', strlen(hb_response_id(response)));
    snprintf(created, sizeof created, "\"created\":%lld", (long long)hb_response_created(response));
    char *time = strstr(copy, created);
    if (time != NULL) memset(time, '*', strlen(created));
    return copy;
}

static inline int same_text(const char *a, size_t a_size, const char *b, size_t b_size) {
    return a_size == b_size && strlen(a) <= a_size && memcmp(a, b, a_size + 1) == 0;
}

/* The name of the first getter of a choice that differs, or NULL. */
static inline const char *choice_difference(const hb_response *a, const hb_response *b, uint32_t i) {
    static const struct {
        const char *name;
        const char *(*get)(const hb_response *, uint32_t, size_t *);
    } TEXTS[] = {
        {"text", hb_response_text}, {"reasoning", hb_response_reasoning}, {"logprobs", hb_response_logprobs}};
    size_t a_size, b_size, t;
    uint32_t call;
    for (t = 0; t < sizeof TEXTS / sizeof *TEXTS; t++) {
        const char *a_text = TEXTS[t].get(a, i, &a_size), *b_text = TEXTS[t].get(b, i, &b_size);
        if (!same_text(a_text, a_size, b_text, b_size)) return TEXTS[t].name;
    }
    if (strcmp(hb_response_role(a, i), hb_response_role(b, i)) != 0) return "role";
    if (strcmp(hb_response_finish_reason(a, i), hb_response_finish_reason(b, i)) != 0) return "finish_reason";
    if (hb_response_tool_call_count(a, i) != hb_response_tool_call_count(b, i)) return "tool_call_count";
    for (call = 0; call < hb_response_tool_call_count(a, i); call++) {
        const char *a_text = hb_response_tool_call_arguments(a, i, call, &a_size);
        const char *b_text = hb_response_tool_call_arguments(b, i, call, &b_size);
        if (!same_text(a_text, a_size, b_text, b_size)) return "tool_call_arguments";
        if (strcmp(hb_response_tool_call_name(a, i, call), hb_response_tool_call_name(b, i, call)) != 0) {
            return "tool_call_name";
        }
        /* The server makes an id for each call anew. */
        if (*hb_response_tool_call_id(a, i, call) == '\0' || *hb_response_tool_call_id(b, i, call) == '\0') {
            return "tool_call_id";
        }
    }
    return NULL;
}

/* The name of the first getter that differs, or NULL. Ids and times differ by their nature. */
static inline const char *difference(const hb_response *a, const hb_response *b) {
    uint32_t i;
    if (hb_response_status(a) != hb_response_status(b)) return "status";
    if (strcmp(hb_response_object(a), hb_response_object(b)) != 0) return "object";
    if (strcmp(hb_response_model(a), hb_response_model(b)) != 0) return "model";
    if (hb_response_choice_count(a) != hb_response_choice_count(b)) return "choice_count";
    for (i = 0; i < hb_response_choice_count(a); i++) {
        const char *in_choice = choice_difference(a, b, i);
        if (in_choice != NULL) return in_choice;
    }
    if (hb_response_prompt_tokens(a) != hb_response_prompt_tokens(b)) return "prompt_tokens";
    if (hb_response_completion_tokens(a) != hb_response_completion_tokens(b)) return "completion_tokens";
    if (hb_response_total_tokens(a) != hb_response_total_tokens(b)) return "total_tokens";
    if (hb_response_attempts(a) != hb_response_attempts(b)) return "attempts";
    return NULL;
}

/* One check: `a` and `b` are the same object. */
static inline void check_same(const char *name, const hb_response *a, const hb_response *b) {
    const char *differs = difference(a, b);
    check(differs == NULL, name, "hb_response_%s differs", differs == NULL ? "" : differs);
}

/* One check: their JSON is the same, which holds for two answers that came in the same way. */
static inline void check_same_json(const char *name, const hb_response *a, const hb_response *b) {
    char *a_json = timeless_json(a), *b_json = timeless_json(b);
    check(*a_json == '{' && strcmp(a_json, b_json) == 0, name, "%s\n  is not %s", a_json, b_json);
    free(a_json);
    free(b_json);
}

#endif
