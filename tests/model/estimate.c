/*
 * The estimate of a request before it is sent, held to what the server counts. Its vocabulary is a small one of English,
 * which needs more tokens than those that the estimate was made for, above all for other scripts; so each kind of prompt
 * has bounds of its own, in per cent of the server's count.
 */
#include "model.h"

static const struct {
    const char *kind, *text;
    int least, most;
} PROMPTS[] = {
    {"English",
     "When I woke up this morning, the whole village was covered with snow. Nobody had expected it so early in the "
     "year, and the children were already running down the hill behind the church. My grandmother used to say that an "
     "early winter makes for a late harvest, but she said many things, and most of them were only meant to keep us "
     "quiet during dinner. Could you tell me whether there is any truth in sayings like that one?",
     90, 115},
    {"code",
     "int find(const struct list *list, const char *name) {\n    int i;\n    for (i = 0; i < list->count; i++) {\n"
     "        if (strcmp(list->items[i].name, name) == 0) return i;\n    }\n    return -1;\n}\n\n"
     "def total(orders):\n    \"\"\"What all of them cost.\"\"\"\n    return sum(order.price * order.count "
     "for order in orders if not order.cancelled)\n",
     80, 105},
    {"JSON",
     "{\"name\": \"Ada\", \"age\": 36, \"tags\": [\"math\", \"poetry\"], \"address\": {\"street\": \"12 St James's "
     "Square\", \"city\": \"London\", \"zip\": null}, \"active\": true, \"score\": 98.25, \"friends\": [{\"id\": 7, "
     "\"name\": \"Charles\"}, {\"id\": 12, \"name\": \"Mary\"}]}",
     80, 110},
    {"digits", "3.14159 26535 89793 23846, 2026-11-27 15:46:18, 1024, 65536, 4294967296, 007, 42", 70, 100},
    {"German",
     "Als ich heute früh aufwachte, lag das ganze Dorf unter einer dicken Schneedecke. Niemand hatte so zeitig im Jahr "
     "damit gerechnet, und die Kinder liefen schon den Hügel hinter der Kirche hinunter. Meine Großmutter pflegte zu "
     "sagen, ein früher Winter bringe eine späte Ernte.",
     65, 90},
    {"Russian",
     "Когда я проснулся сегодня утром, вся деревня была покрыта снегом. Никто не ожидал его так рано, и дети уже бежали "
     "с холма за церковью.",
     38, 60},
    {"Chinese", "今天早上我醒来的时候，整个村子都被雪覆盖了。没有人想到今年会下得这么早，孩子们已经从教堂后面的山坡上跑下来了。", 38, 60},
    {"Japanese", "今朝目が覚めると、村中が雪に覆われていました。こんなに早く降るとは誰も思っていませんでした。", 35, 60},
    {"emoji", "Great 😀😀 see you 🎉 tomorrow ❤️ 👍🏽 ok 🚀🚀🚀", 65, 100},
};

typedef hb_status (*call)(hb_client *, const hb_request *, hb_response **, hb_error **);

/* Sends a request for one token, and compares. Frees the request. */
static void compare(hb_client *client, const char *kind, call send, hb_request *request, int least, int most) {
    hb_response *response = NULL;
    hb_error *error = NULL;
    long long estimate, count;
    int64_t tokens = 0;
    hb_request_set_max_tokens(request, 1);
    check_ok(of(kind, "an estimate"), hb_request_estimate(request, client, &tokens, NULL, &error), &error);
    check_ok(of(kind, "an answer"), send(client, request, &response, &error), &error);
    estimate = tokens;
    count = hb_response_prompt_tokens(response);
    printf("# %s: estimated %lld, counted %lld\n", kind, estimate, count);
    check(count > 0 && estimate * 100 >= count * least && estimate * 100 <= count * most,
          of(kind, "the estimate is near the count"), "%lld is not within %d %% and %d %% of %lld", estimate, least, most,
          count);
    hb_response_free(response);
    hb_request_free(request);
}

static hb_request *completion_of(const char *text) {
    hb_request *request = hb_request_new(setting("HB_TEST_MODEL"), HB_NUL);
    hb_request_set_prompt(request, text, HB_NUL);
    return request;
}

/* A short history, whose borders count as much as its words. */
static hb_request *history(void) {
    hb_request *request = model_chat("What is two and two?", 1);
    int i;
    for (i = 0; i < 8; i++) {
        hb_request_add_message(request, "assistant", "Four.", HB_NUL);
        hb_request_add_message(request, "user", "And one more?", HB_NUL);
    }
    return request;
}

int main(void) {
    hb_client *client = test_client(NULL);
    size_t i;
    check_begin();
    for (i = 0; i < sizeof PROMPTS / sizeof *PROMPTS; i++) {
        compare(client, PROMPTS[i].kind, hb_complete, completion_of(PROMPTS[i].text), PROMPTS[i].least,
                PROMPTS[i].most);
    }
    compare(client, "a chat", hb_chat, model_chat(PROMPTS[0].text, 1), 90, 115);
    compare(client, "a short chat", hb_chat, model_chat("Hi", 1), 75, 125);
    compare(client, "a history", hb_chat, history(), 90, 110);
    hb_client_free(client);
    return check_end();
}
