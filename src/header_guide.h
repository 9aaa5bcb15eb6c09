/*
 * hyperbolic.h: text generation for C. A client of Hyperbolic's API, and of every server that speaks the same
 * OpenAI-compatible protocol.
 *
 * A whole program; `cc chat.c -lhyperbolic`, with HYPERBOLIC_API_KEY in the environment:
 *
 *   #include <hyperbolic.h>
 *   #include <stdio.h>
 *
 *   int main(void) {
 *     hb_client *client = NULL;
 *     hb_response *response = NULL;
 *     hb_error *error = NULL;
 *     hb_options *options = hb_options_from_env();
 *     hb_request *request = hb_request_new("meta-llama/Llama-3.3-70B-Instruct", HB_NUL);
 *     hb_request_add_message(request, "user", "Why is the sky blue?", HB_NUL);
 *
 *     hb_status status = hb_client_new(options, &client, &error);
 *     if (status == HB_OK) status = hb_chat(client, request, &response, &error);
 *     if (status == HB_OK) puts(hb_response_text(response, 0, NULL));
 *     else fprintf(stderr, "%s: %s\n", hb_status_name(status), hb_error_message(error, NULL));
 *
 *     hb_error_free(error);
 *     hb_response_free(response);
 *     hb_request_free(request);
 *     hb_client_free(client);
 *     hb_options_free(options);
 *     return status != HB_OK;
 *   }
 *
 * You can stop reading here. What follows are the rules behind it, then every constant, type and function.
 *
 * Four kinds of thing, one idiom each. What you hand in is an object that you fill by setters (hb_options,
 * hb_request). What you get out is an object that you read by getters (hb_response, hb_error, hb_model_list,
 * hb_log, hb_text). What happens is a struct that you read (hb_event). What is going on is a number (hb_op). One is in
 * between: a conversation (hb_conversation) is filled and read for as long as the talk lasts.
 *
 * Threads. The library never calls you on a thread of its own: a callback runs only inside a call that you made,
 * on the thread that made it, with no lock held, and may call any function of the library. Everything else waits
 * in a queue until you take it. Each type below says how many threads may use it at once. Its own threads start
 * with the first request: two that send and read, and up to four that look names up.
 *
 * Blocking. hb_chat, hb_complete, their _stream forms and hb_models wait for the server; hb_queue_next and
 * hb_shutdown wait as long as you say; hb_queue_set_wakeup and hb_queue_free wait for a wake-up function that runs;
 * nothing else waits.
 *
 * Loops. hb_start, then in each turn hb_queue_dispatch, which calls you, or hb_queue_next with 0, until it answers
 * HB_TIMEOUT. A loop that sleeps is woken by a descriptor (hb_queue_native_handle) or by a function of yours
 * (hb_queue_set_wakeup). A reader that is behind, or a game that pauses, holds a request (hb_hold).
 *
 * Time. A request has four deadlines (connect, first token, idle, total), is sent again, at most twice, where that
 * may help and cannot cost, and waits for its turn if you set a pace: see hb_options_set_max_retries and what stands
 * around it.
 *
 * Text. What goes in is a pointer and a length in bytes, HB_NUL for "up to its NUL", and is checked for UTF-8;
 * NULL with length 0 is the empty text. Short identifiers (role, key, header name) are NUL-terminated. What you
 * hand in is copied before the call returns. What comes out is borrowed, NUL-terminated and never NULL. A switch is
 * off at 0 and on at any other number. A path is UTF-8 on every system.
 *
 * Errors. 0 is success, above 0 nothing is wrong, below 0 it failed. Detail comes through the last parameter,
 * `hb_error **error`, which may be NULL; there is no global or per-thread last error. A response can come together
 * with an error: what had arrived is never thrown away. A NULL where the description does not allow one answers
 * HB_E_INVALID_ARGUMENT, a getter its neutral value, a free does nothing.
 *
 * Ownership. What a function named _new, _from_..., _clone or _retain answers is yours to free with the _free of its
 * type; so is what comes through an out-parameter. Every free takes NULL, runs on any thread and in any order.
 *
 * Process. The library prints nothing, installs no signal handler, reads the environment only in
 * hb_options_from_env, and needs no call at exit. After a fork use it only in the parent, or start it only in the
 * children: a child of a process that had started it gets HB_E_FORKED, its getters work, and its frees leak.
 *
 * Made from the library's source by cbindgen; changes belong there.
 */
