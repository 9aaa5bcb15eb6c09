/* What the programs here share: they talk to llama-server with a small real model, whose name is in HB_TEST_MODEL. What
 * it says is its own affair; they check how it is said. */

#ifndef MODEL_H
#define MODEL_H

#include "../c/check.h"

static inline hb_request *model_chat(const char *question, int64_t max_tokens) {
    hb_request *request = hb_request_new(setting("HB_TEST_MODEL"), HB_NUL);
    hb_request_add_message(request, "user", question, HB_NUL);
    hb_request_set_max_tokens(request, max_tokens);
    hb_request_set_temperature(request, 0);
    return request;
}

/* The name of a check about one of several answers. */
static inline const char *of(const char *answer, const char *what) {
    static char name[128];
    snprintf(name, sizeof name, "%s: %s", answer, what);
    return name;
}

#endif
