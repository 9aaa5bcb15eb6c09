/*
 * From before a library is there to its first byte on the wire: PROGRAM hyperbolic|curl LIBRARY URL. It prints the
 * moment at which it begins; the server tells that of the byte.
 */
#include "bench.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <hyperbolic.h>

static void *library;

static void *symbol(const char *name) {
    void *found = dlsym(library, name);
    if (found == NULL) give_up(dlerror());
    return found;
}

/* Declares a pointer of the function's own type, and finds the function. */
#define NEED(function) __typeof__(&function) my_##function = (__typeof__(&function))(uintptr_t)symbol(#function)

static void with_hyperbolic(const char *url) {
    NEED(hb_options_new);
    NEED(hb_options_set_base_url);
    NEED(hb_options_set_max_retries);
    NEED(hb_client_new);
    NEED(hb_request_new);
    NEED(hb_request_add_message);
    NEED(hb_chat);
    hb_options *options = my_hb_options_new();
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_request *request = my_hb_request_new(MODEL, HB_NUL);
    my_hb_options_set_base_url(options, url, HB_NUL);
    my_hb_options_set_max_retries(options, 0);
    my_hb_request_add_message(request, "user", PROMPT, HB_NUL);
    if (my_hb_client_new(options, &client, NULL) != HB_OK) give_up("no client");
    /* The server hangs up: it has what it wants. */
    my_hb_chat(client, request, &response, NULL);
}

static void with_curl(const char *url) {
    NEED(curl_global_init);
    NEED(curl_easy_init);
    NEED(curl_easy_setopt);
    NEED(curl_easy_perform);
    NEED(curl_slist_append);
    CURL *easy;
    my_curl_global_init(CURL_GLOBAL_ALL);
    easy = my_curl_easy_init();
    my_curl_easy_setopt(easy, CURLOPT_URL, url);
    my_curl_easy_setopt(easy, CURLOPT_HTTPHEADER, my_curl_slist_append(NULL, "Content-Type: application/json"));
    my_curl_easy_setopt(easy, CURLOPT_POSTFIELDS,
                        "{\"model\":\"" MODEL "\",\"messages\":[{\"role\":\"user\",\"content\":\"" PROMPT "\"}]}");
    my_curl_easy_perform(easy);
}

int main(int count, char **arguments) {
    if (count != 4) give_up("usage: PROGRAM hyperbolic|curl LIBRARY URL");
    printf("%" PRId64 "\n", clock_ns());
    fflush(stdout);
    library = dlopen(arguments[2], RTLD_NOW);
    if (library == NULL) give_up(dlerror());
    if (strcmp(arguments[1], "curl") == 0) with_curl(arguments[3]);
    else with_hyperbolic(arguments[3]);
    return 0;
}
