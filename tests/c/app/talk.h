/*
 * What is said in a conversation with the simulator, and what must come of it.
 */

#ifndef TALK_H
#define TALK_H

#include "check.h"

static inline void say(hb_conversation *chat, const char *text) {
    hb_error *error = NULL;
    check_ok("the user says", hb_conversation_add_message(chat, "user", text, HB_NUL, &error), &error);
}

/* Sends what was said so far and adds what comes. */
static inline hb_status turn(hb_client *client, hb_request *request, hb_conversation *chat) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    check_status("the request takes it", hb_request_set_conversation(request, chat), HB_OK);
    hb_status status = hb_chat(client, request, &response, NULL);
    check_ok("the answer goes in", hb_conversation_add_response(chat, response, 0, &error), &error);
    hb_response_free(response);
    return status;
}

static inline void check_turn(const hb_conversation *chat, uint32_t index, const char *role, const char *text) {
    size_t len = 77;
    check_text("who speaks", hb_conversation_role(chat, index), role);
    check_text("what is said", hb_conversation_text(chat, index, &len), text);
    check_number("its length", (long long)len, (long long)strlen(text));
}

/* The last request's messages from `from` on, and nothing of `never` anywhere. */
static inline void check_sent(const char *name, const char *from, const char *never) {
    char *body = last_request();
    check_has(name, body, from);
    check_lacks("what stays here", body, never);
    free(body);
}

#endif
