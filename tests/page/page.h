/* What the C twins of the page's programs share. Each prints what its original prints. Where the page has a URL and a
 * key in its text, they take them from the environment, as `run` does: SIM_URL and HYPERBOLIC_API_KEY. */

#ifndef PAGE_H
#define PAGE_H

#include <hyperbolic.h>

#include <stdio.h>
#include <stdlib.h>

static inline hb_options *page_options(void) {
    hb_options *options = hb_options_new();
    const char *url = getenv("SIM_URL"), *key = getenv("HYPERBOLIC_API_KEY");
    if (url != NULL) hb_options_set_base_url(options, url, HB_NUL);
    hb_options_set_api_key(options, key != NULL ? key : "page", HB_NUL);
    return options;
}

/* What main answers. Says on standard error what went wrong. */
static inline int page_end(hb_status status, hb_error *error) {
    if (status != HB_OK) fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
    hb_error_free(error);
    return status == HB_OK && fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Sends the request, in one of the two calls, and prints its answer as Python's print does. Takes the request. */
static inline int page_program(hb_request *request,
                               hb_status (*call)(hb_client *, const hb_request *, hb_response **, hb_error **)) {
    hb_client *client = NULL;
    hb_response *response = NULL;
    hb_error *error = NULL;
    size_t len = 0;
    hb_options *options = page_options();
    hb_status status = hb_client_new(options, &client, &error);
    if (status == HB_OK) status = call(client, request, &response, &error);
    if (status == HB_OK) {
        const char *text = hb_response_text(response, 0, &len);
        fwrite(text, 1, len, stdout);
        putchar('\n');
    }
    hb_response_free(response);
    hb_client_free(client);
    hb_options_free(options);
    hb_request_free(request);
    return page_end(status, error);
}

#endif
