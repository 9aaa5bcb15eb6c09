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

#ifndef HYPERBOLIC_H
#define HYPERBOLIC_H

#include <stddef.h>
#include <stdint.h>

/** The version of this header; hb_library_version tells that of the library that is loaded. */
#define HYPERBOLIC_VERSION_MAJOR 0
#define HYPERBOLIC_VERSION_MINOR 1
#define HYPERBOLIC_VERSION_PATCH 0

/** The same as one number, to compare: 1000000 * major + 1000 * minor + patch. */
#define HYPERBOLIC_VERSION_NUMBER 1000

/** Grows with every change that old programs cannot run with; compare it with hb_abi_version. */
#define HYPERBOLIC_ABI_VERSION 0u

/** As a length: the text ends at its NUL. */
#define HB_NUL ((size_t)-1)

/* On Windows, define HYPERBOLIC_STATIC before the include to link the static library. */
#if defined(_WIN32) && !defined(HYPERBOLIC_STATIC)
#define HB_API __declspec(dllimport)
#else
#define HB_API
#endif
#if defined(_WIN32)
#define HB_CALL __cdecl
#else
#define HB_CALL
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct hb_event;

/**
 * Your callback: called for each event of a blocking call or of hb_queue_dispatch, on the thread that made the call.
 *
 * When:      for each event, in order; for each request last for HB_EVENT_DONE.
 * Thread:    the one that made the call; no lock is held, and any function of the library may be called.
 * Data:      `event` is valid until you return; copy text or retain the response to keep it. `context` is yours.
 * Answer:    HB_CONTINUE, HB_STOP or HB_RETURN; anything else is HB_STOP; after HB_EVENT_DONE it is ignored.
 * Leaving:   by a C++ exception, a longjmp, or a C# exception in Mono is allowed; the call is then over. The request of
 *            a blocking call goes on without a reader, until hb_client_close or a later such call of the same thread.
 *            Not by saving the stack away for later (greenlets): to the library that looks like an exception.
 */
typedef int32_t(HB_CALL *hb_event_fn)(const struct hb_event *event, void *context);

/**
 * Your wake-up function, for hb_queue_set_wakeup: there is something to take. It may only signal.
 *
 * Thread:    any, also one of the library's; no lock is held, but no function of the library may be called, and no lock
 *            that you take here may be held around a call of the library.
 * Data:      `context` is yours.
 * Leaving:   only by its return.
 * Managed:   in Mono and Unity it must be native code: their garbage collector would wait for ever for a thread that
 *            blocks signals, as the library's do. Take events by hb_queue_next or hb_queue_dispatch there.
 */
typedef void(HB_CALL *hb_wakeup_fn)(void *context);

#ifdef __cplusplus
}
#endif

/**
 * Success.
 */
#define HB_OK 0

/**
 * A wait ran out of time: nothing came, nothing is lost.
 */
#define HB_TIMEOUT 1

/**
 * hb_queue_wake was called: the wait is over early, and nothing is wrong.
 */
#define HB_WOKEN 2

/**
 * A parameter, an option or a field of a request is bad. The message names it.
 */
#define HB_E_INVALID_ARGUMENT (-1)

/**
 * The client or the queue was closed.
 */
#define HB_E_CLOSED (-2)

/**
 * Another thread is taking from this queue right now.
 */
#define HB_E_BUSY (-3)

/**
 * The library was started before fork(), and this is the child: use it there only if the parent did not.
 */
#define HB_E_FORKED (-4)

/**
 * The system has no threads or descriptors left.
 */
#define HB_E_SYSTEM (-5)

/**
 * A bug in this library, contained. Please report the message.
 */
#define HB_E_PANIC (-6)

/**
 * A saved conversation or a recording cannot be read, or a recording has no answer to the request.
 */
#define HB_E_BAD_DATA (-7)

/**
 * You ended the request: HB_STOP, hb_cancel, or a close.
 */
#define HB_E_CANCELLED (-10)

/**
 * A deadline passed: hb_error_param says which, the message after how many bytes.
 */
#define HB_E_DEADLINE (-11)

/**
 * Name lookup, TCP, TLS or the proxy failed, or the connection broke before an answer began.
 */
#define HB_E_CONNECT (-12)

/**
 * An answer began and broke off. The response has what had arrived.
 */
#define HB_E_TRUNCATED (-13)

/**
 * The server sent what the API does not promise: a redirect, HTML, broken JSON, more than a bound allows.
 */
#define HB_E_BAD_RESPONSE (-14)

/**
 * HTTP 401, 403: fix the key.
 */
#define HB_E_AUTHENTICATION (-20)

/**
 * HTTP 400, 404, 413, 422 and other 4xx: change the request.
 */
#define HB_E_BAD_REQUEST (-21)

/**
 * HTTP 429: slow down and try again.
 */
#define HB_E_RATE_LIMITED (-22)

/**
 * HTTP 402, or a code that says the quota is used up: waiting does not help.
 */
#define HB_E_QUOTA (-23)

/**
 * HTTP 5xx, 408, 409, or an error that says nothing more: try again later.
 */
#define HB_E_SERVER (-24)

/**
 * Your own spending limit is reached (hb_options_set_spending_limit_nanousd).
 */
#define HB_E_BUDGET (-30)

/**
 * The next piece of the answer, in `text`: whole code points, never empty. `choice` says of which choice. It is cut
 * where the server cut it, or into whole sentences (hb_request_set_sentences).
 */
#define HB_EVENT_TEXT 1u

/**
 * The next piece of the model's thinking, in `text`; otherwise like HB_EVENT_TEXT.
 */
#define HB_EVENT_REASONING 2u

/**
 * One complete tool call: `name`, `id`, its arguments as JSON in `text`, and which call of the choice it is. `status`
 * is HB_E_BAD_RESPONSE if the arguments are no whole JSON object (nor empty): such a call cannot be run.
 */
#define HB_EVENT_TOOL_CALL 3u

/**
 * The request is sent again, before anything was delivered: `error` says why, `attempt` which attempt follows,
 * `delay_ms` how long it waits first, `name` which model it asks: the same, or the next of
 * hb_request_add_fallback_model.
 */
#define HB_EVENT_RETRY 4u

/**
 * The last event of a request, exactly once: `status`, `response`, and `error` if the status is below 0.
 */
#define HB_EVENT_DONE 5u

/**
 * From a callback: go on.
 */
#define HB_CONTINUE 0

/**
 * From a callback: cancel this event's request. Its HB_EVENT_DONE still comes. Any value that is none of the
 * three means this too. What the callback of HB_EVENT_DONE answers is ignored.
 */
#define HB_STOP 1

/**
 * From a callback of hb_queue_dispatch: return after this event. In a blocking call the same as HB_CONTINUE.
 */
#define HB_RETURN 2

/**
 * Bytes of one line of a stream. Default: 16 MiB.
 */
#define HB_LIMIT_LINE 1u

/**
 * Bytes of the data of one event of a stream. Default: 16 MiB.
 */
#define HB_LIMIT_EVENT 2u

/**
 * Bytes of everything kept of an answer, and of a body that is no stream. Default: 64 MiB.
 */
#define HB_LIMIT_ANSWER 3u

/**
 * Bytes kept of the body of an error; what is beyond is not read. Default: 256 KiB.
 */
#define HB_LIMIT_ERROR_BODY 4u

/**
 * Bytes of names and values in the head of an answer. Default: 64 KiB.
 */
#define HB_LIMIT_HEADERS 5u

/**
 * Brackets inside brackets in JSON. Default: 128; at most 256.
 */
#define HB_LIMIT_JSON_DEPTH 6u

/**
 * Choices of an answer. Default: 1,024.
 */
#define HB_LIMIT_CHOICES 7u

/**
 * Tool calls of a choice. Default: 1,024.
 */
#define HB_LIMIT_TOOL_CALLS 8u

/**
 * Bytes of one request's events that wait in its queue, with what it costs to keep them. At this size its answer is
 * not read on until some were taken; nothing is lost, and one event of any size fits. Default: 1 MiB.
 */
#define HB_LIMIT_QUEUE 9u

/**
 * For hb_options_set_replay: each piece comes at once, and nothing waits, neither for a turn nor before a retry.
 */
#define HB_REPLAY_AT_ONCE 0u

/**
 * For hb_options_set_replay: each piece comes when the server sent it, and waits are as without a recording.
 */
#define HB_REPLAY_TIMED 1u

/**
 * No limit on requests a minute.
 */
#define HB_TIER_NONE 0u

/**
 * Hyperbolic's Basic tier: 60 requests a minute, 5 to a model of 405B.
 */
#define HB_TIER_BASIC 1u

/**
 * Hyperbolic's Pro tier: 600 requests a minute, 120 to a model of 405B.
 */
#define HB_TIER_PRO 2u

/**
 * Requests that were started.
 */
#define HB_COUNT_REQUESTS 1u

/**
 * HTTP requests: every attempt of every request, also one that found no connection.
 */
#define HB_COUNT_ATTEMPTS 2u

/**
 * Attempts after the first of a request.
 */
#define HB_COUNT_RETRIES 3u

/**
 * Those of them that went again at once because a kept connection was dead.
 */
#define HB_COUNT_REPLAYS 4u

/**
 * Connections that were made.
 */
#define HB_COUNT_CONNECTIONS 5u

/**
 * Answers with HTTP 429.
 */
#define HB_COUNT_RATE_LIMITED 6u

/**
 * Requests that ended with a whole answer.
 */
#define HB_COUNT_SUCCEEDED 7u

/**
 * Requests that ended with an error.
 */
#define HB_COUNT_FAILED 8u

/**
 * Requests that you ended.
 */
#define HB_COUNT_CANCELLED 9u

/**
 * Tokens of prompts, as servers counted them.
 */
#define HB_COUNT_PROMPT_TOKENS 10u

/**
 * Tokens of answers, as servers counted them.
 */
#define HB_COUNT_COMPLETION_TOKENS 11u

/**
 * What the answers cost, in nano-USD (10^-9 $); see hb_options_set_spending_limit_nanousd.
 */
#define HB_COUNT_SPENT_NANOUSD 12u

/**
 * Answers that count nothing in HB_COUNT_SPENT_NANOUSD, because their usage or the price of their model is not
 * known.
 */
#define HB_COUNT_UNPRICED 13u

/**
 * Log records that were dropped because too many waited.
 */
#define HB_COUNT_LOGS_DROPPED 14u

/**
 * Log nothing: the default.
 */
#define HB_LOG_OFF 0u

/**
 * Log requests that failed.
 */
#define HB_LOG_ERROR 1u

/**
 * Log the end of every request, and retries.
 */
#define HB_LOG_INFO 2u

/**
 * Log attempts, connections and waits too.
 */
#define HB_LOG_DEBUG 3u

/**
 * Log every read too, and bodies if hb_options_set_log_bodies asks for them.
 */
#define HB_LOG_TRACE 4u

/**
 * For hb_conversation_save: leave out the system prompt.
 */
#define HB_SAVE_NO_SYSTEM 1u

/**
 * For hb_conversation_save: leave out images.
 */
#define HB_SAVE_NO_IMAGES 2u

/**
 * A client of one server: its key, its connections, its requests. Thread-safe: make one and share it.
 */
typedef struct hb_client hb_client;

/**
 * What was said so far: a system prompt, a summary, messages with images and tool calls, and the host's own
 * metadata. One thread at a time; hb_conversation_clone gives another thread one of its own.
 *
 * It lives for as long as the talk does, and so, unlike hb_options and hb_request, remembers no bad value: a call
 * that fails changes nothing, says so by its status and, on request, by its last parameter, and the next one works.
 *
 * A tool's result stands behind the message that called it. While a call has none, a request of the conversation is
 * refused (hb_request_check names the call's id); until then anything else may be added. An id waits in one message
 * at a time; when it was answered it may come again, as ids of servers do that count them from 0.
 *
 * At most 100000 messages, 1024 images, tool calls or metadata of a message, and 1024 calls that wait for results.
 */
typedef struct hb_conversation hb_conversation;

/**
 * What went wrong. Immutable and shared: any thread may read it.
 *
 * Functions that can fail take `hb_error **error` last. It may be NULL; otherwise it is always written: NULL on
 * success, an error that is yours to free on failure. An old value is overwritten, not freed.
 */
typedef struct hb_error hb_error;

/**
 * One record of a client's log. Immutable.
 */
typedef struct hb_log hb_log;

/**
 * A list of models. Immutable: any thread may read it.
 *
 * What the source did not say, an index out of range and a NULL list answer "" or -1.
 */
typedef struct hb_model_list hb_model_list;

/**
 * Settings of a client. One thread at a time.
 *
 * Every setter copies what it gets, answers HB_OK or HB_E_INVALID_ARGUMENT (in a forked child HB_E_FORKED), and is
 * sticky: the first bad value is remembered, with its field, and hb_client_new reports it. So C may check once, and
 * a wrapper at every line. Setters never block.
 */
typedef struct hb_options hb_options;

/**
 * Events of any number of requests of any clients. Thread-safe, but one consumer at a time.
 */
typedef struct hb_queue hb_queue;

/**
 * A request: messages make it a chat, a prompt makes it a text completion. One thread at a time.
 *
 * Every setter copies what it gets and is sticky, like those of hb_options: the first bad value is remembered
 * and reported by hb_request_check and by the call that sends the request. Ranges are checked here, because
 * the server drops a value out of range without a word. A request can be sent any number of times; sending
 * copies it cheaply, so it may be changed or freed at once.
 */
typedef struct hb_request hb_request;

/**
 * An answer, whole or as far as it came. Immutable and shared: any thread may read it.
 *
 * Texts that a getter answers are NUL-terminated, never NULL, and valid as long as the response. `len`, which may
 * be NULL, gets the length in bytes; it matters where a text may hold NULs. What the server did not say, a choice
 * or a call that is not there, and a NULL response answer "", 0, -1 or HB_OK. Getters never block.
 */
typedef struct hb_response hb_response;

/**
 * Text that the library made for you. Immutable.
 */
typedef struct hb_text hb_text;

/**
 * What a client has used up to a moment, model by model: a row for each, in the order of first use. Immutable: any
 * thread may read it.
 *
 * A row bears the name that requests gave the model. The sums over all rows are what hb_client_count answers, but for
 * requests that ask no model (hb_models). An index out of range and a NULL usage answer "" or 0.
 */
typedef struct hb_usage hb_usage;

/**
 * What a call answers: 0 is success, above 0 nothing is wrong, below 0 it failed.
 *
 * A plain integer, never an enum: later versions may add values. Each names one decision that the caller can
 * take; what exactly happened is in the hb_error. Where several fit, the order is: cancelled, deadline, the
 * server's error object, a broken bound or format, truncated.
 */
typedef int32_t hb_status;

/**
 * A request in flight. Never a pointer, so it cannot dangle; 0 is none; never reused; below 2^53, so that a
 * double holds it.
 */
typedef uint64_t hb_op;

/**
 * One thing that happened to one request. Filled by the library and read only.
 *
 * Of one request come, in this order: any number of RETRY, then TEXT, REASONING and TOOL_CALL in any order, then
 * one DONE. Skip a kind that you do not know. A field that its kind does not use is 0, NULL or "". Pointers are
 * valid as long as the event: in a callback until it returns, from hb_queue_next until hb_event_free; to keep a
 * response or an error longer, retain it.
 */
typedef struct hb_event {
  /**
   * Bytes of this struct that the library fills. A later version may append fields.
   */
  uint32_t struct_size;
  /**
   * One of HB_EVENT_....
   */
  uint32_t kind;
  /**
   * The request.
   */
  hb_op op;
  /**
   * Yours, as given to hb_start; 0 in a blocking call.
   */
  uint64_t tag;
  /**
   * TEXT, REASONING: the piece. TOOL_CALL: the arguments. NUL-terminated, but may hold NULs; never NULL.
   */
  const char *text;
  /**
   * Bytes in `text`, without its NUL.
   */
  size_t text_len;
  /**
   * TOOL_CALL: the tool. RETRY: the model that is asked next. Never NULL.
   */
  const char *name;
  /**
   * TOOL_CALL: the id of the call, never empty there. Never NULL.
   */
  const char *id;
  /**
   * DONE: whole, or what had arrived; never NULL there.
   */
  const struct hb_response *response;
  /**
   * RETRY, and DONE with a status below 0.
   */
  const struct hb_error *error;
  /**
   * RETRY: the wait before it, in milliseconds.
   */
  int64_t delay_ms;
  /**
   * TEXT, REASONING, TOOL_CALL: which choice, from 0.
   */
  uint32_t choice;
  /**
   * TOOL_CALL: which call of the choice, from 0.
   */
  uint32_t tool_call;
  /**
   * RETRY: which attempt follows; the first of a request is 1.
   */
  uint32_t attempt;
  /**
   * DONE: how it ended. TOOL_CALL: HB_OK, or HB_E_BAD_RESPONSE for arguments that are no JSON object.
   */
  hb_status status;
} hb_event;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The name of a status, as it is written in this header: "HB_OK", "HB_E_CLOSED" and so on.
 *
 * Any number has an answer; one that this version does not know is "HB_E_UNKNOWN" or, above 0, "HB_UNKNOWN".
 *
 * Ownership: the text is static.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never; never NULL.
 */
HB_API const char *hb_status_name(hb_status status);

/**
 * A status in a few words, for where there is no hb_error to ask: "the client or the queue is closed". Begins with a
 * small letter and has no full stop.
 *
 * Ownership: the text is static.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never; never NULL.
 */
HB_API
const char *hb_status_message(hb_status status);

/**
 * Free an event from hb_queue_next.
 *
 * Ownership: takes the event; NULL does nothing. It may outlive its queue and its client.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_event_free(const struct hb_event *event);

/**
 * Make settings with the defaults: Hyperbolic's server, no key, connect 10 s, first token 300 s, idle 120 s.
 *
 * Ownership: yours; free it with hb_options_free, at once after hb_client_new if you like.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never; never NULL.
 */
HB_API struct hb_options *hb_options_new(void);

/**
 * Make settings from the environment, which the library reads here and nowhere else.
 *
 * HYPERBOLIC_API_KEY is the key, HYPERBOLIC_BASE_URL the server, HYPERBOLIC_ALLOW_HTTP=1 lets the key travel over
 * plain http, and https_proxy, http_proxy, all_proxy and no_proxy name proxies as they do for curl (in capitals
 * too, but for HTTP_PROXY, which a CGI server fills from a request). An empty variable is an unset one. A bad
 * one is reported, by its name, by hb_client_new.
 *
 * Ownership: yours; free it with hb_options_free.
 * Thread:    any, while no other thread changes the environment.
 * Blocks:    never.
 * Fails:     never; never NULL.
 */
HB_API
struct hb_options *hb_options_from_env(void);

/**
 * Free settings; clients made with them keep their own copy. The key in them is zeroed.
 *
 * Ownership: takes `options`; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_options_free(struct hb_options *options);

/**
 * Set the API key, which is sent as a Bearer token. Without one, no Authorization header is sent.
 *
 * Ownership: `key` is copied; the library's copies are zeroed when freed and shown nowhere.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  empty, not UTF-8, or with a control character (a copied line break)
 */
HB_API hb_status hb_options_set_api_key(struct hb_options *options, const char *key, size_t len);

/**
 * Set the server: "https://host", with or without a slash at its end, with or without "/v1", or a whole endpoint.
 *
 * A path that names no version gets "/v1". A query is sent with every request. The default is
 * `https://api.hyperbolic.xyz/v1`.
 *
 * Ownership: `url` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  no http or https URL, or one with a password in it
 */
HB_API
hb_status hb_options_set_base_url(struct hb_options *options,
                                  const char *url,
                                  size_t len);

/**
 * Let the key travel over plain http to other machines than this one, where everybody on the way can read it.
 *
 * `allow` is 0 or 1; the default is 0: hb_client_new then refuses such a server together with a key.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API hb_status hb_options_set_allow_http(struct hb_options *options, int32_t allow);

/**
 * Send a header with every request; a name that was set before gets the new value.
 *
 * Of secrets, the library looks after the API key alone: it does not take a header's value out of what a server
 * echoes.
 *
 * Ownership: both are copied. `name` is NUL-terminated.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  no header name, a control character in the value, or a header that the
 *                                   library writes: Authorization, Content-Type, Content-Length, Host
 */
HB_API
hb_status hb_options_set_header(struct hb_options *options,
                                const char *name,
                                const char *value,
                                size_t len);

/**
 * Set the User-Agent; the default is "libhyperbolic/" and the version.
 *
 * Ownership: `name` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a control character
 */
HB_API hb_status hb_options_set_user_agent(struct hb_options *options, const char *name, size_t len);

/**
 * Trust the certificates of a PEM text, beside the built-in roots (those that browsers carry).
 *
 * Ownership: `pem` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  no CERTIFICATE block, or a broken one
 */
HB_API hb_status hb_options_add_ca_pem(struct hb_options *options, const char *pem, size_t len);

/**
 * Trust the authorities of this system (1) instead of those that browsers carry (0, the default), for machines whose
 * administrator has added some. Those of hb_options_add_ca_pem are trusted in either case.
 *
 * They are read by hb_client_new: on Linux from the file that OpenSSL uses, elsewhere from the system's store.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL; hb_client_new answers it if the system has none
 */
HB_API
hb_status hb_options_set_system_roots(struct hb_options *options,
                                      int32_t system_roots);

/**
 * Send every request through a proxy: "http://" (also without it), "https://" or "socks5://", with user and
 * password if it wants them. The empty text means none, which is the default of hb_options_new.
 *
 * A server on this machine is reached by a proxy on this machine only, so that a key that may travel there over
 * plain http does not leave it.
 *
 * Ownership: `url` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  no URL, or a kind of proxy that is not known
 */
HB_API
hb_status hb_options_set_proxy(struct hb_options *options,
                               const char *url,
                               size_t len);

/**
 * Reach some hosts without the proxy: names (which stand for what is below them too), addresses and networks such as
 * "10.0.0.0/8", with commas between them; "*" is every host. The variable no_proxy has the same form.
 *
 * Ownership: `hosts` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
 */
HB_API
hb_status hb_options_set_no_proxy(struct hb_options *options,
                                  const char *hosts,
                                  size_t len);

/**
 * Ask for answers as streams (1, the default) or whole (0), for servers that cannot stream.
 *
 * Blocking calls stream underneath too, so that a proxy's limit on silence does not cut a long answer and a
 * cancel reaches the server. Without streaming, hb_chat_stream delivers its text in one piece.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API hb_status hb_options_set_streaming(struct hb_options *options, int32_t streaming);

/**
 * Fail with HB_E_BAD_RESPONSE on what is otherwise understood and counted (1), for people who debug a server. The
 * default is 0; hb_response_tolerated_count tells what there was.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_strict(struct hb_options *options,
                                int32_t strict);

/**
 * Bound what a server may cost: `limit` is one of HB_LIMIT_LINE and so on. An answer beyond it is
 * HB_E_BAD_RESPONSE, with what had arrived; the message names the bound.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  an unknown `limit`, a `value` of 0, or a JSON depth above 256
 */
HB_API hb_status hb_options_set_limit(struct hb_options *options, uint32_t limit, uint64_t value);

/**
 * Write every exchange with the server into a file, for hb_options_set_replay.
 *
 * hb_client_new makes the file, or empties it. It is text, one line for each HTTP request with its answer, to be read
 * and compared; the key is not in it, prompts and answers are. An exchange is written before its HB_EVENT_DONE can be
 * taken, but for one that was cancelled, which follows. One that cannot be written fails no request; nothing is written
 * after it, and the log tells of each (HB_LOG_ERROR).
 *
 * Ownership: `path` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  an empty path; hb_client_new answers it if the file cannot be made
 */
HB_API
hb_status hb_options_set_record(struct hb_options *options,
                                const char *path,
                                size_t len);

/**
 * Answer from a file that hb_options_set_record wrote, without any connection: for tests that must come out the same
 * each time. `timing` is HB_REPLAY_AT_ONCE or HB_REPLAY_TIMED.
 *
 * A request gets the first exchange that was recorded for the same body and was not given yet; failures come back
 * too. One that was not recorded is HB_E_BAD_DATA, and the message says what is different. No key and no server
 * need be set.
 *
 * Ownership: `path` is copied.
 * Thread:    one at a time.
 * Blocks:    never; hb_client_new reads the file.
 * Fails:     HB_E_INVALID_ARGUMENT  an empty path or an unknown `timing`; hb_client_new answers HB_E_BAD_DATA if the
 *                                   file cannot be read or is damaged, with the line
 */
HB_API
hb_status hb_options_set_replay(struct hb_options *options,
                                const char *path,
                                size_t len,
                                uint32_t timing);

/**
 * Limit name lookup, TCP, TLS and proxy together, in milliseconds. 0: no limit. Default: 10,000.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API hb_status hb_options_set_connect_timeout_ms(struct hb_options *options, uint32_t ms);

/**
 * Limit the time from sending a request to the first piece of its answer, in milliseconds. 0: no limit.
 * Default: 300,000, because a busy server queues requests and long prompts take time. An answer that is not
 * streamed must be whole by then.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API hb_status hb_options_set_first_token_timeout_ms(struct hb_options *options, uint32_t ms);

/**
 * Limit the silence between two reads of an answer that has begun, in milliseconds. 0: no limit. Default: 120,000.
 *
 * A keep-alive comment of the server ends a silence, unless hb_options_set_idle_counts_comments says otherwise. Time in
 * which this process did not run, because the machine slept or a debugger held it, does not count.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_idle_timeout_ms(struct hb_options *options,
                                         uint32_t ms);

/**
 * Let a keep-alive comment of the server end a silence (1, the default) or not (0): then what counts is the time
 * between two events of the answer, for servers that keep a dead generation alive.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_idle_counts_comments(struct hb_options *options,
                                              int32_t counts);

/**
 * Limit a whole request, from the call and with every attempt and wait, in milliseconds. 0, the default: no limit.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_total_timeout_ms(struct hb_options *options,
                                          uint32_t ms);

/**
 * Set how often a request is sent again that failed before anything of its answer came. 0: never. Default: 2.
 *
 * Sent again is what may go better: HTTP 408, 409, 429 and 5xx, and failed connections; the server's x-should-retry
 * overrides the status. Each wait is the server's Retry-After, up to 120 s (longer: the request fails with the
 * error), or else 0.5 s, doubled each time up to 8 s, less up to a quarter by chance. HB_EVENT_RETRY comes before
 * each. Never sent again is a request of whose answer anything came, one that failed by a used-up quota, and, unless
 * hb_options_set_retry_deadlines says so, by a deadline other than that of the connection. A client sends at most 10
 * requests again in a minute and a tenth of all that it sends, so that a server that is down is not flooded. A
 * kept connection that turns out to be dead costs none of these: the request goes again at once, once. Nor does a
 * request that goes on to another model (hb_request_add_fallback_model).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_max_retries(struct hb_options *options,
                                     uint32_t retries);

/**
 * Send a request again (1) whose first-token or idle deadline passed before anything of its answer came. The default
 * is 0, because the server may go on with the first one and bill both.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_retry_deadlines(struct hb_options *options,
                                         int32_t retry);

/**
 * Set the first-token deadline of this request, instead of its client's (hb_options_set_first_token_timeout_ms).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_first_token_timeout_ms(struct hb_request *request,
                                                uint32_t ms);

/**
 * Set the idle deadline of this request, instead of its client's (hb_options_set_idle_timeout_ms).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API hb_status hb_request_set_idle_timeout_ms(struct hb_request *request, uint32_t ms);

/**
 * Set the total deadline of this request, instead of its client's (hb_options_set_total_timeout_ms).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API hb_status hb_request_set_total_timeout_ms(struct hb_request *request, uint32_t ms);

/**
 * Set how often this request is sent again, instead of its client's (hb_options_set_max_retries).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API hb_status hb_request_set_max_retries(struct hb_request *request, uint32_t retries);

/**
 * Set whether this request is sent again after a deadline, instead of its client's (hb_options_set_retry_deadlines).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_retry_deadlines(struct hb_request *request,
                                         int32_t retry);

/**
 * Add a model that is asked in place of the request's own where that is gone or overloaded. Several are asked in the
 * order in which they are added, each once.
 *
 * Gone is a model that the server does not know, or not for this key: HTTP 404, 410, or an error that says so. The next
 * one is asked at once. Overloaded is one whose retries (hb_options_set_max_retries; each model has as many) are used
 * up or not granted, after HTTP 408, 409, 429, 5xx or an answer that broke off. The next one is asked without a further
 * wait, but for the pause of a 429, which is the whole key's. No other model is asked once anything of an answer came,
 * nor after a failed connection, a bad request, or a deadline (but see hb_request_set_retry_deadlines). The total
 * deadline is one for all. A model that is known to take no images (hb_client_model_list) is passed over if the
 * request has some. HB_EVENT_RETRY names the model that follows, hb_response_requested_model the last one; what
 * the failed attempts used is part of the cost.
 *
 * Ownership: `model` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  empty, or not UTF-8
 */
HB_API
hb_status hb_request_add_fallback_model(struct hb_request *request,
                                        const char *model,
                                        size_t len);

/**
 * Keep to the limits of one of Hyperbolic's tiers: HB_TIER_BASIC or HB_TIER_PRO; HB_TIER_NONE, the default, has none.
 *
 * The same as hb_options_set_requests_per_minute and hb_options_set_model_requests_per_minute with the tier's numbers;
 * what is set later wins.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  an unknown `tier`
 */
HB_API
hb_status hb_options_set_tier(struct hb_options *options,
                              uint32_t tier);

/**
 * Send at most this many requests in any minute. 0, the default: no limit.
 *
 * What is too early waits, first come first served; every thread of a client shares the minute, which slides. A wait
 * can be cancelled, and a request that cannot start before its total deadline fails at once with HB_E_DEADLINE. After
 * HTTP 429 every request of the client waits as long as the server asks, whatever is set here. A new key begins a new
 * minute.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_requests_per_minute(struct hb_options *options,
                                             uint32_t requests);

/**
 * Send at most this many requests to one model in any minute, beside the limit for all. 0: no limit.
 *
 * Ownership: `model` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  an empty model, or not UTF-8
 */
HB_API
hb_status hb_options_set_model_requests_per_minute(struct hb_options *options,
                                                   const char *model,
                                                   size_t len,
                                                   uint32_t requests);

/**
 * Have at most this many requests with the server at once; further ones wait for their turn. 0, the default: no limit.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_max_concurrent(struct hb_options *options,
                                        uint32_t requests);

/**
 * Refuse further requests with HB_E_BUDGET once the answers of a client have cost this much, in nano-USD (10^-9 $).
 * 0, the default: no limit.
 *
 * Counted is what the server says that it used, at the prices of hb_models, if the client has asked for it, or else of
 * the built-in catalogue. A request that runs is not cut, so that what runs at the same time may go beyond. An answer
 * whose cost is not known counts nothing: HB_COUNT_UNPRICED tells how many there were.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a negative limit
 */
HB_API
hb_status hb_options_set_spending_limit_nanousd(struct hb_options *options,
                                                int64_t nanousd);

/**
 * Make a client. Nothing is sent, and no thread is started before the first request.
 *
 * Ownership: `*client` is yours, NULL on failure; free it with hb_client_free. `options` is copied.
 * Thread:    any, but one at a time for the same `options`.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a value of `options` is bad (the message names it), or the server is reached
 *                                   over plain http and would see the key on the way
 *            HB_E_BAD_DATA          the recording of hb_options_set_replay is damaged
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_client_new(const struct hb_options *options,
                        struct hb_client **client,
                        struct hb_error **error);

/**
 * Replace the key for what is sent from now on: also by requests that wait for their turn, or for another attempt.
 * The pace begins anew with it, because what a server allows, it allows to a key.
 *
 * Ownership: `key` is copied.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  as hb_options_set_api_key and hb_client_new say
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_client_set_api_key(struct hb_client *client,
                                const char *key,
                                size_t len,
                                struct hb_error **error);

/**
 * Connect ahead of the first request, so that it need not wait for name, TCP and TLS.
 *
 * Returns at once. A connection that cannot be made is for the first request to report. With a connection that is
 * there or on its way, or a client that replays a recording, it does nothing.
 *
 * Thread:    any.
 * Blocks:    never.
 * Fails:     HB_E_CLOSED            `client` is closed
 *            HB_E_SYSTEM            no thread could be started
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_client_warm_up(struct hb_client *client,
                            struct hb_error **error);

/**
 * What a client has done so far, in one number: `count` is one of HB_COUNT_REQUESTS and so on. Each only grows.
 *
 * A request is counted as ended before its HB_EVENT_DONE can be taken.
 *
 * Any thread; never blocks; 0 for NULL, or a `count` that is not known.
 */
HB_API
int64_t hb_client_count(const struct hb_client *client,
                        uint32_t count);

/**
 * Cancel every request of a client and refuse new ones with HB_E_CLOSED. Closing twice does nothing.
 *
 * On return each request has ended: its HB_EVENT_DONE waits in its queue, a blocking call returns with
 * HB_E_CANCELLED and what had arrived, and the connections close.
 *
 * Thread:    any, also in a callback.
 * Blocks:    never.
 * Fails:     never; NULL does nothing.
 */
HB_API void hb_client_close(struct hb_client *client);

/**
 * Free a client; closes it first. A call that had begun on another thread returns as after hb_client_close.
 *
 * Ownership: takes `client`; NULL does nothing.
 * Thread:    any, also in a callback, in any order with queues and events.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_client_free(struct hb_client *client);

/**
 * Keep a log of what a client does: HB_LOG_OFF, HB_LOG_ERROR and so on. Take its records by hb_client_take_log.
 *
 * Records tell what happened and when: models, statuses, times, sizes; never the key, and no text of a prompt or an
 * answer. At most 1,024 wait; a further one drops the oldest (HB_COUNT_LOGS_DROPPED).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  an unknown `level`
 */
HB_API
hb_status hb_options_set_log_level(struct hb_options *options,
                                   uint32_t level);

/**
 * Log the bodies of requests and answers too (1), at HB_LOG_TRACE, up to 64 KiB of each, without the key. The default
 * is 0, because people write what is nobody else's business.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `options` is NULL
 */
HB_API
hb_status hb_options_set_log_bodies(struct hb_options *options,
                                    int32_t bodies);

/**
 * Take the oldest record of a client's log; NULL if none waits, and after a fork in the child.
 *
 * Ownership: yours; free it with hb_log_free.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never; NULL for NULL.
 */
HB_API struct hb_log *hb_client_take_log(struct hb_client *client);

/**
 * Free a record.
 *
 * Ownership: takes `log`; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_log_free(struct hb_log *log);

/**
 * How much it matters: HB_LOG_ERROR, HB_LOG_INFO and so on.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_log_level(const struct hb_log *log);

/**
 * When it happened, in milliseconds of Unix time.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API int64_t hb_log_time_ms(const struct hb_log *log);

/**
 * The request that it is about; 0 if about none.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API hb_op hb_log_op(const struct hb_log *log);

/**
 * What happened, for people: a word, then `name=value` for what is known of it.
 *
 * Borrowed from `log`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_log_message(const struct hb_log *log, size_t *len);

/**
 * The whole record for programs: a JSON object with "time_ms", "level", "op", "event", and what is known of it.
 *
 * Borrowed from `log`; any thread; never blocks; "" for NULL.
 */
HB_API
const char *hb_log_json(const struct hb_log *log,
                        size_t *len);

/**
 * Make a request to a model, such as "meta-llama/Llama-3.3-70B-Instruct".
 *
 * Ownership: yours; free it with hb_request_free. `model` is copied.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never, and is never NULL; a bad model (empty, not UTF-8) is remembered as a setter's bad value is.
 */
HB_API
struct hb_request *hb_request_new(const char *model,
                                  size_t len);

/**
 * Make a request from a whole body as the API documents it. Unknown keys are sent as they are.
 *
 * Messages and parameters can be added to it. "stream" is refused: the call decides whether to stream.
 *
 * Ownership: yours; free it with hb_request_free. `json` is copied.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never, and is never NULL; what is bad in `json` is remembered as a setter's bad value is.
 */
HB_API struct hb_request *hb_request_from_json(const char *json, size_t len);

/**
 * Copy a request, with what it remembers. Cheap: messages and values are shared.
 *
 * Ownership: the copy is yours; free it with hb_request_free.
 * Thread:    one at a time for `request`.
 * Blocks:    never.
 * Fails:     NULL for NULL.
 */
HB_API struct hb_request *hb_request_clone(const struct hb_request *request);

/**
 * Free a request. One that was sent goes on.
 *
 * Ownership: takes `request`; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_request_free(struct hb_request *request);

/**
 * Check a request as sending it would: every value, and that it has a model and messages or a prompt.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  the first bad value; the message and hb_error_param name the field
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API hb_status hb_request_check(const struct hb_request *request, struct hb_error **error);

/**
 * Estimate what a request will come to, before it is sent: the tokens of its prompt, and the most that it can cost.
 *
 * Every model has a vocabulary of its own, of megabytes, so the tokens are an estimate: runs of letters, digits, marks
 * and white space are counted by rules. Measured against the vocabularies of Llama 3 and 4, Qwen and GPT (2026-11-27),
 * on 100 kB of each kind of text, it is off by
 *   English, code, JSON               -7 % to +17 %
 *   13 languages in Latin letters    -27 % to +26 %
 *   Chinese, Japanese, Korean        -16 % to +31 %
 *   Russian, Greek, Arabic and so on -24 % to +85 %
 *   scripts of India                 -13 % to +211 %, because these models know them so differently
 * SmolLM2, whose vocabulary is small, needs up to 28 % more for English and code, and up to three times as many for
 * other scripts. A message counts 5, an image 1500, what templates add 25, and tools 100 beside their schemas.
 *
 * `cost_nanousd` is the worst case, rounded up: the prompt and 40 % more, at the price of the client's view of models
 * (of the built-in catalogue, if `client` is NULL), and for each answer max_tokens, or else what the context leaves.
 * Of a request with fallback models it is that of the dearest. It is -1 if a price or the longest answer is not known.
 * Either out-parameter may be NULL. Time is linear in the length of the request.
 *
 * Thread:    one at a time for `request`.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  as hb_request_check
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_request_estimate(const struct hb_request *request,
                              const struct hb_client *client,
                              int64_t *prompt_tokens,
                              int64_t *cost_nanousd,
                              struct hb_error **error);

/**
 * Append a message. `role` is "system", "user" or "assistant", NUL-terminated.
 *
 * Ownership: both are copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  another role, text that is not UTF-8 (the message has the byte offset), or
 *                                   "messages" was set as JSON
 */
HB_API
hb_status hb_request_add_message(struct hb_request *request,
                                 const char *role,
                                 const char *text,
                                 size_t len);

/**
 * Make it a text completion of `text`, in place of any prompt that was set before.
 *
 * Ownership: `text` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
 */
HB_API hb_status hb_request_set_prompt(struct hb_request *request, const char *text, size_t len);

/**
 * Add a prompt to a text completion. Several are completed side by side; the choices of prompt p are numbers
 * p * n to p * n + n - 1.
 *
 * Ownership: `text` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  not UTF-8, or the prompt was set as JSON or as tokens
 */
HB_API hb_status hb_request_add_prompt(struct hb_request *request, const char *text, size_t len);

/**
 * Make it a text completion of `count` tokens of the model's vocabulary, in place of any prompt.
 *
 * Ownership: `tokens` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  none, NULL, or a negative one
 */
HB_API
hb_status hb_request_set_prompt_tokens(struct hb_request *request,
                                       const int64_t *tokens,
                                       size_t count);

/**
 * Add a text at which the answer ends; it is not part of the answer.
 *
 * Ownership: `text` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  empty, not UTF-8, or "stop" was set as JSON
 */
HB_API hb_status hb_request_add_stop(struct hb_request *request, const char *text, size_t len);

/**
 * Make a token of the model's vocabulary more or less likely: -100 forbids it, 100 forces it. The last bias that
 * is set for a token wins.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a negative token, a bias out of range, or "logit_bias" was set as JSON
 */
HB_API
hb_status hb_request_set_logit_bias(struct hb_request *request,
                                    int64_t token,
                                    double bias);

/**
 * Set any key of the body to any JSON value, as it is written: whatever the API has or will have.
 *
 * Nothing but its syntax is checked. The last value of a key wins, also against the key's typed setter.
 *
 * Ownership: both are copied. `key` is NUL-terminated.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  not JSON, an empty key or one with control characters, "stream" (the call
 *                                   decides), or a key that typed calls have added to: messages, prompt, tools,
 *                                   stop, logit_bias
 */
HB_API
hb_status hb_request_set_json(struct hb_request *request,
                              const char *key,
                              const char *json,
                              size_t len);

/**
 * Limit the answer, in tokens. Default: the server's (512 for text completions).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  below 1
 */
HB_API hb_status hb_request_set_max_tokens(struct hb_request *request, int64_t tokens);

/**
 * Set the sampling temperature, 0 to 2; higher is more varied, 0 is greedy.
 * The server's default is 0.7 for a chat and 1 for a text completion.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
 */
HB_API hb_status hb_request_set_temperature(struct hb_request *request, double temperature);

/**
 * Sample only from the most likely tokens whose probabilities sum to this, 0 to 1.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
 */
HB_API hb_status hb_request_set_top_p(struct hb_request *request, double top_p);

/**
 * Sample only from this many most likely tokens; -1 is no limit.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  below -1
 */
HB_API hb_status hb_request_set_top_k(struct hb_request *request, int64_t top_k);

/**
 * Leave out tokens less likely than this share of the most likely one, 0 to 1.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
 */
HB_API hb_status hb_request_set_min_p(struct hb_request *request, double min_p);

/**
 * Make tokens less likely the more often they stand in the answer, -2 to 2.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
 */
HB_API hb_status hb_request_set_frequency_penalty(struct hb_request *request, double penalty);

/**
 * Make tokens less likely once they stand in the answer, -2 to 2.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  out of range, or no number
 */
HB_API hb_status hb_request_set_presence_penalty(struct hb_request *request, double penalty);

/**
 * Divide the likelihood of tokens that prompt or answer hold already; above 1 discourages, 1 changes nothing.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  not greater than 0, or no number
 */
HB_API hb_status hb_request_set_repetition_penalty(struct hb_request *request, double penalty);

/**
 * Ask for this many answers to the same question: the choices of the response.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  below 1
 */
HB_API hb_status hb_request_set_n(struct hb_request *request, int64_t n);

/**
 * Ask for the same answer again whenever the rest of the request is the same, as far as the server can.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API hb_status hb_request_set_seed(struct hb_request *request, int64_t seed);

/**
 * Ask for the most likely tokens at each place, 0 to 20 of them, with their log-probabilities.
 *
 * Turns log-probabilities on: chat takes a switch and a number, text completions take the number alone, and
 * the library sends what the route wants.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  out of range
 */
HB_API hb_status hb_request_set_top_logprobs(struct hb_request *request, int64_t count);

/**
 * Text completions: have the server write this many answers and return the best. More than 1 cannot be
 * streamed, so the answer then comes whole.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  below 1
 */
HB_API hb_status hb_request_set_best_of(struct hb_request *request, int64_t count);

/**
 * Ask for the log-probability of each token of the answer (1) or not (0).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API hb_status hb_request_set_logprobs(struct hb_request *request, int32_t on);

/**
 * Text completions: repeat the prompt before the answer (1) or not (0).
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API hb_status hb_request_set_echo(struct hb_request *request, int32_t on);

/**
 * Name your own user, for the server's abuse watch.
 *
 * Ownership: `text` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
 */
HB_API hb_status hb_request_set_user(struct hb_request *request, const char *text, size_t len);

/**
 * Text completions, on servers that fill in the middle: the text that follows the answer.
 *
 * Ownership: `text` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  not UTF-8
 */
HB_API hb_status hb_request_set_suffix(struct hb_request *request, const char *text, size_t len);

/**
 * Ask for an answer that is a JSON object, of whatever shape; say in a message which one. Replaces what another such
 * call, or hb_request_set_json for "response_format", asked for.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_json_object(struct hb_request *request);

/**
 * Ask for an answer that fits a JSON Schema. In all else like hb_request_set_json_object.
 *
 * The schema is sent as it is written, and the server keeps the answer to it: strictly if `strict` is not 0. The
 * library does not check the answer; a cut one is no whole JSON (see hb_json_close).
 *
 * Ownership: both are copied. `name` is NUL-terminated: the server's name for the schema.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `name` is not 1 to 64 letters, digits, hyphens and underscores, or `schema` is no
 *                                   JSON object
 */
HB_API
hb_status hb_request_set_json_schema(struct hb_request *request,
                                     const char *name,
                                     const char *schema,
                                     size_t len,
                                     int32_t strict);

/**
 * Deliver nothing before the end (1) but HB_EVENT_RETRY, or every piece (0, the default): for who wants the whole
 * answer from a queue, without taking its pieces one by one.
 *
 * The answer is the same, and comes from the server in pieces all the same (hb_options_set_streaming), so that a cut
 * one has what had arrived.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_omit_pieces(struct hb_request *request,
                                     int32_t omit);

/**
 * Deliver the text in whole sentences (1), for speech, or as it comes (0, the default).
 *
 * A HB_EVENT_TEXT then ends where a sentence does: at . ! ? and the like with the quotes and brackets behind them and
 * white space, at the full stops of Chinese and Japanese, and at the end of a line. It may hold several sentences, if
 * they came together or waited. Decimals, initials, numbers of lists, names of files and sites, and the usual
 * abbreviations of a few languages end none. A sentence comes when the character behind it, for a few the next word,
 * shows that it is whole. What is not whole comes when its choice ends, before a tool call or reasoning of it, when
 * the answer breaks off (after a cancel nothing comes), and in any case at white space after 2,000 bytes, or after
 * some 4,000. Together the pieces are the text.
 *
 * Deadlines and hb_response_first_token_ms count what has come, delivered or not.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_sentences(struct hb_request *request,
                                   int32_t on);

/**
 * Add an image to the last message, which must be a user's. Call it again for several.
 *
 * What kind of image it is, its first bytes say: JPEG, PNG or WebP, of at most 20 MiB (20,971,520 bytes). `detail` is
 * "low", "high" or "auto" where the server should be told how closely to look, otherwise NULL. A model that is known
 * to take no images is refused by hb_request_check (by the built-in catalogue) and when the request is sent (by what
 * its client knows; see hb_client_model_list).
 *
 * Ownership: `data` and `detail` are copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  another kind of image, one that is too large, another detail, or no user's message
 *                                   to go with; the image is then not added
 */
HB_API
hb_status hb_request_add_image(struct hb_request *request,
                               const void *data,
                               size_t len,
                               const char *detail);

/**
 * Add an image by its URL, which the server fetches: https, http, or a data: URL of an image. Otherwise like
 * hb_request_add_image.
 *
 * Ownership: both are copied.
 * Thread:    one at a time.
 * Blocks:    never; the URL is not looked at here.
 * Fails:     HB_E_INVALID_ARGUMENT  another kind of URL, one with spaces or control characters, another detail, or no
 *                                   user's message to go with
 */
HB_API
hb_status hb_request_add_image_url(struct hb_request *request,
                                   const char *url,
                                   size_t len,
                                   const char *detail);

/**
 * Offer a tool that the model may call, in place of one of the same name that was offered before.
 *
 * The calls come as HB_EVENT_TOOL_CALL and by hb_response_tool_call_count and its like. Run each and hand its result
 * back: hb_conversation_add_response, then hb_conversation_add_tool_result, then send again. `schema` is the JSON
 * Schema of the arguments and is sent as it is written; with length 0 the tool has no parameters. Unless
 * hb_request_set_tool_choice says otherwise, the library sends "auto", because Hyperbolic's own default is "none".
 *
 * Ownership: all are copied. `name` is NUL-terminated.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `name` is not 1 to 64 letters, digits, hyphens and underscores, or is "auto",
 *                                   "none" or "required"; `schema` is no JSON object; text that is not UTF-8; or
 *                                   "tools" was set as JSON
 */
HB_API
hb_status hb_request_add_tool(struct hb_request *request,
                              const char *name,
                              const char *description,
                              size_t description_len,
                              const char *schema,
                              size_t schema_len);

/**
 * Say whether the model may call tools ("auto"), must not ("none"), must ("required"), or which one it must call: then
 * `choice` is its name. Hyperbolic's own server does not know "required".
 *
 * Ownership: `choice` is copied. NUL-terminated.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  no such word, and no name that a tool can have. That the tool was added is checked
 *                                   when the request is
 */
HB_API
hb_status hb_request_set_tool_choice(struct hb_request *request,
                                     const char *choice);

/**
 * Let the model call several tools in one answer (1) or one at most (0). Default: the server's, mostly several.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_parallel_tool_calls(struct hb_request *request,
                                             int32_t on);

/**
 * Leave the model's reasoning out (1) of events, of the response and of its JSON, or not (0, the default). It is
 * received, counted and billed all the same.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_omit_reasoning(struct hb_request *request,
                                        int32_t on);

/**
 * Hand the reasoning of earlier turns back with the conversation (1), as "reasoning_content", or not (0, the default).
 * Most servers leave it out of the prompt or refuse it; some models want it while they call tools.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `request` is NULL
 */
HB_API
hb_status hb_request_set_send_reasoning(struct hb_request *request,
                                        int32_t on);

/**
 * Send a chat and wait for the whole answer.
 *
 * Ownership: `*response` is yours, and so is `*error`; free both. There may be a response together with an error:
 *            what had arrived before a cut, a cancel or a deadline. NULL if nothing was sent. `response` may be NULL
 *            if you do not want it. `request` is copied.
 * Thread:    any; a client takes calls from any number of threads.
 * Blocks:    until the answer is whole or fails. hb_client_close on another thread ends the wait.
 * Fails:     HB_E_INVALID_ARGUMENT  a field of `request` is bad, or it has a prompt; the message names it
 *            HB_E_CLOSED            `client` is closed
 *            HB_E_FORKED            the process forked after the library started
 *            and every other status below 0 but HB_E_BUSY
 */
HB_API
hb_status hb_chat(struct hb_client *client,
                  const struct hb_request *request,
                  struct hb_response **response,
                  struct hb_error **error);

/**
 * Send a text completion and wait for the whole answer. In all else like hb_chat.
 *
 * Ownership: as hb_chat.
 * Thread:    any.
 * Blocks:    as hb_chat.
 * Fails:     as hb_chat, but HB_E_INVALID_ARGUMENT if `request` has messages
 */
HB_API
hb_status hb_complete(struct hb_client *client,
                      const struct hb_request *request,
                      struct hb_response **response,
                      struct hb_error **error);

/**
 * Send a chat and get each piece of the answer as it arrives.
 *
 * `on_event` is called on this thread, inside this call, with no lock held: first for each piece, last for
 * HB_EVENT_DONE. It may call any function of the library. Its answer HB_STOP cancels the request: the server
 * sees the connection close, and the call returns HB_E_CANCELLED with what had arrived. It may leave by a C++
 * exception or a longjmp; then the request goes on without a reader until hb_client_close, or until the same thread
 * makes another such call from above that one.
 *
 * Ownership: as hb_chat. The event is valid until `on_event` returns; `context` is handed through, untouched.
 * Thread:    any; a client takes calls from any number of threads.
 * Blocks:    as hb_chat.
 * Fails:     as hb_chat, and HB_E_INVALID_ARGUMENT if `on_event` is NULL
 */
HB_API
hb_status hb_chat_stream(struct hb_client *client,
                         const struct hb_request *request,
                         hb_event_fn on_event,
                         void *context,
                         struct hb_response **response,
                         struct hb_error **error);

/**
 * Send a text completion and get each piece of the answer as it arrives. In all else like hb_chat_stream.
 *
 * Ownership: as hb_chat_stream.
 * Thread:    any.
 * Blocks:    as hb_chat.
 * Fails:     as hb_chat_stream, but HB_E_INVALID_ARGUMENT if `request` has messages
 */
HB_API
hb_status hb_complete_stream(struct hb_client *client,
                             const struct hb_request *request,
                             hb_event_fn on_event,
                             void *context,
                             struct hb_response **response,
                             struct hb_error **error);

/**
 * Ask the server for its models (GET /v1/models) and wait for the list. It goes into the client's
 * view of models (hb_client_model_list) in place of the last one, and costs are counted at its prices from then on.
 *
 * Ownership: `*models` is yours, NULL on failure; free it with hb_model_list_free.
 * Thread:    any.
 * Blocks:    until the list is there or the request fails.
 * Fails:     as hb_chat
 */
HB_API
hb_status hb_models(struct hb_client *client,
                    struct hb_model_list **models,
                    struct hb_error **error);

/**
 * Start a request; its events wait in `queue`.
 *
 * Returns at once; nothing is sent on the calling thread. The request's events are any number of RETRY, TEXT,
 * REASONING and TOOL_CALL, then exactly one DONE, which carries the status and the whole response. A failure of
 * the network or the server arrives in DONE, not here. `tag` is yours and comes back in every event.
 *
 * Ownership: `request` is copied (cheaply) and may be freed on return. `*op` is the number of the request, written
 *            before any event of it can be taken; 0 on failure. `op` may be NULL if you do not want it.
 * Thread:    any.
 * Blocks:    never; may be called from a callback.
 * Fails:     HB_E_INVALID_ARGUMENT  a field of `request` is bad; the message names it
 *            HB_E_CLOSED            `client` or `queue` is closed
 *            HB_E_BUDGET            the spending limit of `client` is reached
 *            HB_E_SYSTEM            no thread could be started
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_start(struct hb_client *client,
                   const struct hb_request *request,
                   struct hb_queue *queue,
                   uint64_t tag,
                   hb_op *op,
                   struct hb_error **error);

/**
 * Start to ask the server for its models, as hb_models does; its only events are RETRY and DONE.
 *
 * The list is in the response of DONE: hb_response_models. A list that cannot be read is HB_E_BAD_RESPONSE there.
 *
 * Ownership: as hb_start.
 * Thread:    any.
 * Blocks:    never; may be called from a callback.
 * Fails:     as hb_start
 */
HB_API
hb_status hb_start_models(struct hb_client *client,
                          struct hb_queue *queue,
                          uint64_t tag,
                          hb_op *op,
                          struct hb_error **error);

/**
 * Cancel a request: by the op of hb_start or of an event.
 *
 * When it returns, the request has ended: pieces that waited are dropped, and its HB_EVENT_DONE, with
 * HB_E_CANCELLED and what had arrived, waits in its queue. The connection closes behind it, so that the server
 * stops. A request that had ended keeps its end, but for the pieces that waited; an unknown op does nothing.
 *
 * Thread:    any, also in a callback.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API
void hb_cancel(hb_op op);

/**
 * Hold a request (1): its events stay in the library until it is let go (0). For a reader that is behind, or a game
 * that pauses.
 *
 * What is held counts: once HB_LIMIT_QUEUE bytes wait, no more is read from the server, which stops it too, and the
 * idle deadline rests meanwhile; the total deadline does not. The other requests of the queue go on, and what is
 * held is no reason to wake anybody. An event that was taken already stays taken. hb_cancel and hb_queue_close let
 * go for good, and so do hb_client_close and hb_shutdown where they end the request. A request of a blocking call
 * holds up that call until another thread lets it go. An op that is not known, or whose HB_EVENT_DONE was taken,
 * does nothing.
 *
 * Thread:    any, also in a callback.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API
void hb_hold(hb_op op,
             int32_t hold);

/**
 * Make a queue.
 *
 * Ownership: `*queue` is yours, NULL on failure; free it with hb_queue_free.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  `queue` is NULL
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API hb_status hb_queue_new(struct hb_queue **queue, struct hb_error **error);

/**
 * Take the next event, waiting for it up to `timeout_ms` milliseconds: 0 does not wait, -1 waits for ever.
 *
 * The requests of a queue take turns, so that one with much to say does not hold up the others. Pieces of one
 * request that wait are put together: a consumer that comes late gets few and long ones.
 *
 * Ownership: `*event` is yours, NULL unless the answer is HB_OK; free it with hb_event_free.
 * Thread:    any, one consumer at a time.
 * Blocks:    up to `timeout_ms`. A signal does not end the wait.
 * Fails:     HB_TIMEOUT             nothing came
 *            HB_WOKEN               hb_queue_wake was called
 *            HB_E_INVALID_ARGUMENT  a NULL, or a `timeout_ms` below -1
 *            HB_E_CLOSED            the queue is closed and nothing waits any more
 *            HB_E_BUSY              another thread is in here
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API hb_status hb_queue_next(struct hb_queue *queue, int32_t timeout_ms, const struct hb_event **event);

/**
 * Call `on_event` for the events that wait, on this thread: what a program calls in each frame or turn of its loop.
 *
 * It handles what waits when it is called, one event at least if there is one, and stops early after `max_events`
 * events or once `budget_us` microseconds have passed, which it looks at after each event; 0 is no limit. The
 * requests take turns, so that one with much to say does not hold up the others. With nothing to do it answers
 * HB_OK at once.
 *
 * `on_event` may call any function of the library, also this one, and may close or free the queue; once it is freed,
 * the dispatch returns after the callback, and its status says nothing. Answers: HB_CONTINUE; HB_STOP cancels the
 * request of its event; HB_RETURN lets the dispatch return. It may leave by a C++ exception or a longjmp: the queue
 * stays whole, and what waits is there for the next dispatch. Make one: the wake-up function is not called for that.
 *
 * Ownership: the event is valid until `on_event` returns; `context` is handed through. `*handled` counts the calls of
 *            `on_event`, written before each; `handled` may be NULL.
 * Thread:    any, one consumer at a time; while `on_event` runs, another may take what else waits.
 * Blocks:    never, but as long as `on_event` does.
 * Fails:     HB_WOKEN               hb_queue_wake was called; there may be more to handle
 *            HB_E_INVALID_ARGUMENT  `queue` or `on_event` is NULL
 *            HB_E_CLOSED            the queue is closed and nothing waits any more
 *            HB_E_BUSY              another thread is in hb_queue_next
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_queue_dispatch(struct hb_queue *queue,
                            hb_event_fn on_event,
                            void *context,
                            uint32_t max_events,
                            uint32_t budget_us,
                            uint32_t *handled);

/**
 * Get a handle that an event loop can wait for (epoll, kqueue, poll, libuv, GLib, asyncio): it is readable while
 * hb_queue_next or hb_queue_dispatch has something to do: an event waits, or a wake, or the queue is closed.
 *
 * Made when it is first asked for. A descriptor, closed in the programs that this one starts; on Windows an event.
 *
 * Ownership: the library's: poll it, and never read or close it. Take it out of your loop before you free the queue.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     -1 for NULL, where no descriptor is left, and after a fork in the child
 */
HB_API
intptr_t hb_queue_native_handle(struct hb_queue *queue);

/**
 * Set the function that is called when there is something to take, instead of the one that was set; NULL is none.
 *
 * It is called when the queue was empty and is not any more, at once if it is not empty now, when a dispatch
 * returns with events left, and on hb_queue_close. It may run on a thread of the library, or inside a function of
 * the library that you call, with no lock held: it may only signal (set a flag, post to an event loop), must not
 * call any function of the library, and must not leave by an exception. It may be called once too often. A lock that
 * it takes must not be held around any call of the library: that may call it, or wait for its end. Who goes by it
 * takes until nothing is left (hb_queue_next answers HB_TIMEOUT), or calls hb_queue_dispatch once each time.
 *
 * Ownership: `context` is handed through. Once this or hb_queue_free returns, the old function is not running and is
 *            not called again.
 * Thread:    any, also in a callback of hb_queue_dispatch; not in the wake-up function itself.
 * Blocks:    until a call of the old function is over.
 * Fails:     HB_E_INVALID_ARGUMENT  `queue` is NULL
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_queue_set_wakeup(struct hb_queue *queue,
                              hb_wakeup_fn wakeup,
                              void *context);

/**
 * Get one hb_queue_next or hb_queue_dispatch to return HB_WOKEN: the one that waits, or else the one that follows.
 * Wakes that nobody has taken yet are one.
 *
 * A next answers it before any event, a dispatch after the event that it is at. It may not be called in a signal
 * handler: wait for the signal on a thread or a descriptor instead.
 *
 * Thread:    any, also in a callback.
 * Blocks:    never.
 * Fails:     never; NULL does nothing.
 */
HB_API
void hb_queue_wake(struct hb_queue *queue);

/**
 * Cancel every request of a queue and refuse new ones with HB_E_CLOSED. Closing twice does nothing.
 *
 * The HB_EVENT_DONE of every request can still be taken, and all that waits of those that had ended. A consumer
 * that waits wakes.
 *
 * Thread:    any, also in a callback.
 * Blocks:    never.
 * Fails:     never; NULL does nothing.
 */
HB_API
void hb_queue_close(struct hb_queue *queue);

/**
 * Free a queue: closes it, and drops what waits. Events that were taken stay valid.
 *
 * When it returns, the library holds no pointer of yours: no function of yours is called for this queue any more,
 * but by a dispatch that another thread has begun. What an engine calls before it unloads or reloads code.
 *
 * Ownership: takes `queue`; NULL does nothing.
 * Thread:    any, also in a callback, in any order with clients and events; in a callback of its own dispatch, that
 *            returns after the callback. A hb_queue_next that waits on another thread returns HB_E_CLOSED, or the
 *            event that it had already. A thread that calls it in a loop would come back to a queue that is gone:
 *            close the queue first and join that thread.
 * Blocks:    until a call of the wake-up function is over.
 * Fails:     never.
 */
HB_API
void hb_queue_free(struct hb_queue *queue);

/**
 * Take another reference to a response.
 *
 * Ownership: the reference is yours; free it with hb_response_free.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     NULL for NULL.
 */
HB_API struct hb_response *hb_response_retain(const struct hb_response *response);

/**
 * Drop a reference to a response; the last one frees it.
 *
 * Ownership: takes the reference; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_response_free(struct hb_response *response);

/**
 * How the request ended: HB_OK for a whole answer, otherwise the status of its error.
 *
 * Any thread; never blocks; HB_OK for NULL.
 */
HB_API hb_status hb_response_status(const struct hb_response *response);

/**
 * The server's id of the answer.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_response_id(const struct hb_response *response);

/**
 * The kind of object: "chat.completion" or "text_completion".
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_response_object(const struct hb_response *response);

/**
 * The model that answered, as the server names it.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_response_model(const struct hb_response *response);

/**
 * The model that was asked last: the request's own, or the one of hb_request_add_fallback_model that it went on to.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL.
 */
HB_API
const char *hb_response_requested_model(const struct hb_response *response);

/**
 * When the server made the answer, in seconds since 1970; -1 if it did not say.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API int64_t hb_response_created(const struct hb_response *response);

/**
 * How many choices there are: n times the prompts in a whole answer.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_response_choice_count(const struct hb_response *response);

/**
 * Who speaks in a choice: "assistant", or "" where the server did not say.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
 */
HB_API const char *hb_response_role(const struct hb_response *response, uint32_t choice);

/**
 * The answer: of a chat its message, of a text completion its text.
 *
 * It may hold NULs, if the model wrote them.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
 */
HB_API const char *hb_response_text(const struct hb_response *response, uint32_t choice, size_t *len);

/**
 * The model's thinking before the answer, if it showed any.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
 */
HB_API const char *hb_response_reasoning(const struct hb_response *response, uint32_t choice, size_t *len);

/**
 * Why a choice ended: "stop", "length", "tool_calls", or any other word of the server's; "" if it did not end.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
 */
HB_API
const char *hb_response_finish_reason(const struct hb_response *response,
                                      uint32_t choice);

/**
 * The log-probabilities of a choice, as the JSON that the API documents; "" if there are none.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a choice that is not there.
 */
HB_API const char *hb_response_logprobs(const struct hb_response *response, uint32_t choice, size_t *len);

/**
 * How many tool calls a choice has.
 *
 * Any thread; never blocks; 0 for NULL, or a choice that is not there.
 */
HB_API uint32_t hb_response_tool_call_count(const struct hb_response *response, uint32_t choice);

/**
 * The id of a tool call, never empty; made here if the server sent none.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a call that is not there.
 */
HB_API
const char *hb_response_tool_call_id(const struct hb_response *response,
                                     uint32_t choice,
                                     uint32_t index);

/**
 * The tool that is called.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a call that is not there.
 */
HB_API
const char *hb_response_tool_call_name(const struct hb_response *response,
                                       uint32_t choice,
                                       uint32_t index);

/**
 * The arguments of a tool call: JSON as the model wrote it, which may be broken, above all in a cut answer.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or a call that is not there.
 */
HB_API
const char *hb_response_tool_call_arguments(const struct hb_response *response,
                                            uint32_t choice,
                                            uint32_t index,
                                            size_t *len);

/**
 * Whether the arguments of a tool call are a whole JSON object, or empty, which servers send for a tool without
 * parameters: 1, or 0 for a call that cannot be run. Models write broken ones, and a cut answer has half of one; there
 * empty arguments count as half, because they had not come yet.
 *
 * Any thread; never blocks; 0 for NULL, or a call that is not there.
 */
HB_API
int32_t hb_response_tool_call_is_whole(const struct hb_response *response,
                                       uint32_t choice,
                                       uint32_t index);

/**
 * Tokens in the prompt, as the server counted; -1 if it did not say. Known for a cut answer too if
 * the server counts along.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API int64_t hb_response_prompt_tokens(const struct hb_response *response);

/**
 * Tokens in the answer, as the server counted; -1 if it did not say. Known for a cut answer too if
 * the server counts along.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API int64_t hb_response_completion_tokens(const struct hb_response *response);

/**
 * Tokens in prompt and answer, as the server counted; -1 if it did not say. Known for a cut answer too if
 * the server counts along.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API int64_t hb_response_total_tokens(const struct hb_response *response);

/**
 * What the answer cost in nano-USD (10^-9 $), rounded half up, once; -1 if the server did not count or a price of the
 * model is not known. Prices are those of the client's view of models (hb_client_model_list) when the answer ended.
 * What failed attempts before it used is part of it, as far as the server said.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API
int64_t hb_response_cost_nanousd(const struct hb_response *response);

/**
 * The models that the server named, if that was asked for (hb_start_models).
 *
 * Borrowed from `response`, do not free it; any thread; never blocks; NULL for NULL, and for what is no list or failed.
 */
HB_API
const struct hb_model_list *hb_response_models(const struct hb_response *response);

/**
 * The completion object as JSON: as the server sent it, or put together from its chunks.
 *
 * Fields that this library does not know are in it. Made on the first call, in time linear in its length.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_response_json(const struct hb_response *response, size_t *len);

/**
 * How many kinds of mistake the server made that were understood all the same; hb_options_set_strict makes each
 * of them an error.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API
uint32_t hb_response_tolerated_count(const struct hb_response *response);

/**
 * Which mistake it was: a word such as "invalid_utf8", "wrong_type" or "trailing_comma".
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL, or an index out of range.
 */
HB_API const char *hb_response_tolerated_name(const struct hb_response *response, uint32_t index);

/**
 * How often the server made it.
 *
 * Any thread; never blocks; 0 for NULL, or an index out of range.
 */
HB_API uint32_t hb_response_tolerated_times(const struct hb_response *response, uint32_t index);

/**
 * The id that the server gave the request, for its support.
 *
 * Borrowed from `response`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_response_request_id(const struct hb_response *response);

/**
 * How many HTTP requests were sent.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_response_attempts(const struct hb_response *response);

/**
 * Milliseconds from the call to the first piece of the answer; -1 if none came.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API int64_t hb_response_first_token_ms(const struct hb_response *response);

/**
 * How fast the answer came: its tokens after the first, as the server counted, by the seconds from the first piece
 * to the end.
 *
 * -1 where that is not known: no count, fewer than two tokens, an answer that did not come as a stream, or no time
 * between first piece and end. Tokens of all choices count, and those of reasoning too. A proxy that holds an answer
 * back and sends it at once makes it look fast.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API
double hb_response_tokens_per_second(const struct hb_response *response);

/**
 * Milliseconds from the call to the end.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API int64_t hb_response_total_ms(const struct hb_response *response);

/**
 * Take another reference to an error.
 *
 * Ownership: the reference is yours; free it with hb_error_free.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     NULL for NULL.
 */
HB_API struct hb_error *hb_error_retain(const struct hb_error *error);

/**
 * Drop a reference to an error; the last one frees it.
 *
 * Ownership: takes the reference; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_error_free(struct hb_error *error);

/**
 * The status that the call answered.
 *
 * Any thread; never blocks; HB_OK for NULL.
 */
HB_API hb_status hb_error_status(const struct hb_error *error);

/**
 * What happened, in the server's own words where it sent any; never the API key and never the prompt.
 *
 * `len` may be NULL.
 *
 * Borrowed from `error`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_error_message(const struct hb_error *error, size_t *len);

/**
 * The library's advice on what to do, or "".
 *
 * Borrowed from `error`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_error_hint(const struct hb_error *error);

/**
 * The HTTP status of the answer; 0 if there was none.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API int32_t hb_error_http_status(const struct hb_error *error);

/**
 * The server's error code as text, such as "40301" or "invalid_api_key", or "".
 *
 * Borrowed from `error`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_error_code(const struct hb_error *error);

/**
 * The server's error type, such as "invalid_request_error", or "".
 *
 * Borrowed from `error`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_error_type(const struct hb_error *error);

/**
 * The field of the request that is bad, as the server or this library names it; of HB_E_DEADLINE the deadline that
 * passed, "connect", "first_token", "idle" or "total"; or "".
 *
 * Borrowed from `error`; any thread; never blocks; "" for NULL.
 */
HB_API
const char *hb_error_param(const struct hb_error *error);

/**
 * The id that the server gave the request, for its support, or "".
 *
 * Borrowed from `error`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_error_request_id(const struct hb_error *error);

/**
 * How many milliseconds the server asks to wait; -1 if it does not say.
 *
 * Any thread; never blocks; -1 for NULL.
 */
HB_API int64_t hb_error_retry_after_ms(const struct hb_error *error);

/**
 * Whether the same request may succeed later: 1 or 0.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API int32_t hb_error_is_retryable(const struct hb_error *error);

/**
 * How many HTTP requests were sent before this error.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_error_attempts(const struct hb_error *error);

/**
 * The server's answer as it was, but for the API key; "" if there was none. Some servers repeat the prompt
 * in it, so think before you log it. `len` may be NULL.
 *
 * Borrowed from `error`; any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_error_body(const struct hb_error *error, size_t *len);

/**
 * The built-in catalogue: Hyperbolic's models with context and price, as they were on hb_model_list_date.
 *
 * It never changes, and nothing refuses a model that is not in it. What a client knows beyond it is in
 * hb_client_model_list.
 *
 * Ownership: static; hb_model_list_free does nothing to it.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never; never NULL.
 */
HB_API const struct hb_model_list *hb_catalog(void);

/**
 * A client's own view of models: the built-in catalogue under what the server said in the client's last hb_models.
 * Costs are counted at its prices.
 *
 * What the server does not say of a model is what the catalogue has. Models that the catalogue lacks come behind it,
 * and each id is there once. Nothing is sent.
 *
 * Ownership: `*models` is yours, NULL on failure; free it with hb_model_list_free. It does not change when the client
 *            learns more, and outlives `client`.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_client_model_list(const struct hb_client *client,
                               struct hb_model_list **models,
                               struct hb_error **error);

/**
 * Free a list of models.
 *
 * Ownership: takes `models`; NULL and the built-in catalogue do nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_model_list_free(struct hb_model_list *models);

/**
 * How many models a list has.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_model_list_count(const struct hb_model_list *models);

/**
 * Where a list has the model with this id; the first, if the list of a server repeats it.
 *
 * Ownership: `id` is only read during the call.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     -1 for NULL, or an id that is not there.
 */
HB_API int64_t hb_model_list_find(const struct hb_model_list *models, const char *id, size_t len);

/**
 * The day, as "YYYY-MM-DD", on which a list was true; of a client's view that of the catalogue in it; "" for the
 * list of a server.
 *
 * Borrowed from `models`; any thread; never blocks; "" for NULL.
 */
HB_API
const char *hb_model_list_date(const struct hb_model_list *models);

/**
 * What a request names the model by. In a server's list an id may repeat.
 *
 * Borrowed from `models`; any thread; never blocks; "" for NULL or an index out of range.
 */
HB_API const char *hb_model_list_id(const struct hb_model_list *models, uint32_t index);

/**
 * The model's name for people; "" in the list of a server.
 *
 * Borrowed from `models`; any thread; never blocks; "" for NULL or an index out of range.
 */
HB_API const char *hb_model_list_name(const struct hb_model_list *models, uint32_t index);

/**
 * Whether the model takes chats (1) or text completions only (0); -1 if the source does not say.
 *
 * Any thread; never blocks; -1 for NULL or an index out of range.
 */
HB_API int32_t hb_model_list_is_chat(const struct hb_model_list *models, uint32_t index);

/**
 * Whether the model can call tools: 1 or 0; -1 if the source does not say.
 *
 * Any thread; never blocks; -1 for NULL or an index out of range.
 */
HB_API int32_t hb_model_list_has_tools(const struct hb_model_list *models, uint32_t index);

/**
 * Whether the model takes images: 1 or 0; -1 if the source does not say.
 *
 * Any thread; never blocks; -1 for NULL or an index out of range.
 */
HB_API int32_t hb_model_list_has_images(const struct hb_model_list *models, uint32_t index);

/**
 * How many tokens prompt and answer may have together; -1 if the source does not say.
 *
 * Any thread; never blocks; -1 for NULL or an index out of range.
 */
HB_API int64_t hb_model_list_context(const struct hb_model_list *models, uint32_t index);

/**
 * The price of a prompt token in pico-USD (10^-12 $), so that 2,000,000 is 2 $ a million tokens; -1: unknown.
 *
 * Any thread; never blocks; -1 for NULL or an index out of range.
 */
HB_API int64_t hb_model_list_input_price_picousd(const struct hb_model_list *models, uint32_t index);

/**
 * The price of an answer token in pico-USD, like hb_model_list_input_price_picousd; -1: unknown.
 *
 * Any thread; never blocks; -1 for NULL or an index out of range.
 */
HB_API int64_t hb_model_list_output_price_picousd(const struct hb_model_list *models, uint32_t index);

/**
 * Take what a client has used so far. A request's tokens and cost are in it from before its HB_EVENT_DONE can be taken,
 * and the request itself and its attempts from when they begin.
 *
 * Ownership: `*usage` is yours, NULL on failure; free it with hb_usage_free. It does not change, and outlives `client`.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_client_usage(const struct hb_client *client,
                          struct hb_usage **usage,
                          struct hb_error **error);

/**
 * Free a usage.
 *
 * Ownership: takes `usage`; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_usage_free(struct hb_usage *usage);

/**
 * How many models were used.
 *
 * Any thread; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_usage_count(const struct hb_usage *usage);

/**
 * The model, as requests named it.
 *
 * Borrowed from `usage`; any thread; never blocks; "" for NULL or an index out of range.
 */
HB_API const char *hb_usage_model(const struct hb_usage *usage, uint32_t index);

/**
 * Requests that were started with the model.
 *
 * Any thread; never blocks; 0 for NULL or an index out of range.
 */
HB_API int64_t hb_usage_requests(const struct hb_usage *usage, uint32_t index);

/**
 * HTTP requests with the model: every attempt of every request, also one that found no connection.
 *
 * Any thread; never blocks; 0 for NULL or an index out of range.
 */
HB_API int64_t hb_usage_attempts(const struct hb_usage *usage, uint32_t index);

/**
 * Tokens of the model's prompts, as servers counted them.
 *
 * Any thread; never blocks; 0 for NULL or an index out of range.
 */
HB_API int64_t hb_usage_prompt_tokens(const struct hb_usage *usage, uint32_t index);

/**
 * Tokens of the model's answers, as servers counted them.
 *
 * Any thread; never blocks; 0 for NULL or an index out of range.
 */
HB_API int64_t hb_usage_completion_tokens(const struct hb_usage *usage, uint32_t index);

/**
 * What the model's answers cost, in nano-USD (10^-9 $), as far as that is known; also those of attempts that failed,
 * and so of requests that another model answered (hb_request_add_fallback_model).
 *
 * Any thread; never blocks; 0 for NULL or an index out of range.
 */
HB_API
int64_t hb_usage_cost_nanousd(const struct hb_usage *usage,
                              uint32_t index);

/**
 * Answers that count nothing in hb_usage_cost_nanousd, because their usage or the price of the model is not known.
 *
 * Any thread; never blocks; 0 for NULL or an index out of range.
 */
HB_API
int64_t hb_usage_unpriced(const struct hb_usage *usage,
                          uint32_t index);

/**
 * Make the beginning of a JSON object or array whole, so that an answer can be shown while it arrives.
 *
 * What is open is closed. What has no value yet is left out: a key without one, half a word, half an escape. A string
 * is what has come of it, a number as much as is one. The text is empty where nothing has begun. Of what is whole
 * nothing changes, so that a whole text stays as it is, without the space behind it.
 *
 * Ownership: `json` is only read. `*text` is yours, NULL on failure; free it with hb_text_free.
 * Thread:    any.
 * Blocks:    never; it reads `json` once.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, no UTF-8, or not the beginning of an object or an array; the message says
 *                                   which byte does not fit
 */
HB_API
hb_status hb_json_close(const char *json,
                        size_t len,
                        struct hb_text **text,
                        struct hb_error **error);

/**
 * The text itself. NUL-terminated, but may hold NULs; `len` may be NULL.
 *
 * Borrowed, valid as long as `text`. Any thread; never blocks; "" for NULL.
 */
HB_API const char *hb_text_data(const struct hb_text *text, size_t *len);

/**
 * Free a text.
 *
 * Ownership: takes `text`; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_text_free(struct hb_text *text);

/**
 * Make an empty conversation.
 *
 * Ownership: yours; free it with hb_conversation_free.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never; never NULL.
 */
HB_API struct hb_conversation *hb_conversation_new(void);

/**
 * Copy a conversation, to go on in two ways. Cheap: messages are shared.
 *
 * Ownership: the copy is yours; free it with hb_conversation_free.
 * Thread:    one at a time for `conversation`.
 * Blocks:    never.
 * Fails:     NULL for NULL.
 */
HB_API struct hb_conversation *hb_conversation_clone(const struct hb_conversation *conversation);

/**
 * Free a conversation. Requests that it was set for keep its messages.
 *
 * Ownership: takes `conversation`; NULL does nothing.
 * Thread:    any.
 * Blocks:    never.
 * Fails:     never.
 */
HB_API void hb_conversation_free(struct hb_conversation *conversation);

/**
 * Set the system prompt, in place of the one before; the empty text removes it. It is sent first, is never trimmed,
 * and does not count as a message.
 *
 * Ownership: `text` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, or not UTF-8
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_set_system(struct hb_conversation *conversation,
                                     const char *text,
                                     size_t len,
                                     struct hb_error **error);

/**
 * Set the summary of what was trimmed, which you had a model write or wrote yourself; the empty text removes it. It
 * is sent behind the system prompt, in the same message, is never trimmed, and does not count as a message.
 *
 * Ownership: `text` is copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, or not UTF-8
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_set_summary(struct hb_conversation *conversation,
                                      const char *text,
                                      size_t len,
                                      struct hb_error **error);

/**
 * Append a message. `role` is "user" or "assistant", NUL-terminated; the system prompt has
 * hb_conversation_set_system, a tool's result hb_conversation_add_tool_result.
 *
 * Ownership: both are copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, another role, text that is not UTF-8, or more messages than there may be
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_add_message(struct hb_conversation *conversation,
                                      const char *role,
                                      const char *text,
                                      size_t len,
                                      struct hb_error **error);

/**
 * Add an image to the last message, which is the user's: a JPEG, PNG or WebP of at most 20 MiB, as
 * hb_request_add_image takes it.
 *
 * Ownership: `data` and `detail` are copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL but for `detail`, no such image, a last message that is not the user's,
 *                                   another detail than "auto", "low" and "high", or more images than there may be
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_add_image(struct hb_conversation *conversation,
                                    const void *data,
                                    size_t len,
                                    const char *detail,
                                    struct hb_error **error);

/**
 * Add an image by its URL to the last message, which is the user's, as hb_request_add_image_url takes it.
 *
 * Ownership: `url` and `detail` are copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL but for `detail`, a URL that is neither http, https nor a data: one of an
 *                                   image, a last message that is not the user's, another detail than "auto", "low"
 *                                   and "high", or more images than there may be
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_add_image_url(struct hb_conversation *conversation,
                                        const char *url,
                                        size_t len,
                                        const char *detail,
                                        struct hb_error **error);

/**
 * Append a choice of an answer as it is: text, reasoning and tool calls. One that ended with an error is kept as far
 * as it came, and hb_conversation_is_partial tells it.
 *
 * Tool calls that no tool can run, and that servers refuse, are left out: those that a cut answer did not come to
 * the end of (they had no HB_EVENT_TOOL_CALL either), those without a name, and those whose arguments are not whole
 * (hb_response_tool_call_is_whole). Where nothing came, nothing is added.
 *
 * Ownership: `response` is only read, and what is needed of it copied.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, a choice that a whole answer does not have, a tool call whose id waits
 *                                   for its result in an earlier message, or more than there may be
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_add_response(struct hb_conversation *conversation,
                                       const struct hb_response *response,
                                       uint32_t choice,
                                       struct hb_error **error);

/**
 * Add the result of a tool, in any order and at any time: it goes behind the message of its call and the results
 * that are there already, so that the messages behind it move up by one. Calls of one message that share an id are
 * answered in their order.
 *
 * Ownership: both are copied. `id` is NUL-terminated.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, an id that no call has or that has its result (the message names it),
 *                                   text that is not UTF-8, or more messages than there may be
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_add_tool_result(struct hb_conversation *conversation,
                                          const char *id,
                                          const char *text,
                                          size_t len,
                                          struct hb_error **error);

/**
 * Attach something of your own to a message: who spoke, when in the game. It is saved and never sent. A key's text
 * replaces the one before; the empty text removes it.
 *
 * Ownership: both are copied. `key` is NUL-terminated.
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, an index out of range, an empty key or one with control characters, text
 *                                   that is not UTF-8, or more keys than there may be
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_set_metadata(struct hb_conversation *conversation,
                                       uint32_t index,
                                       const char *key,
                                       const char *text,
                                       size_t len,
                                       struct hb_error **error);

/**
 * Undo: leave the first `count` messages, and drop those behind. Calls whose results are dropped wait for them
 * again.
 *
 * Thread:    one at a time.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, or more than there are
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_truncate(struct hb_conversation *conversation,
                                   uint32_t count,
                                   struct hb_error **error);

/**
 * Drop what was said first, until about `max_tokens` are left by the estimate of hb_conversation_tokens. Leave room
 * for the answer: the context of a model, which hb_model_list_context answers, is for both.
 *
 * Whole exchanges go, each a user's message and all up to the user's next. What never goes: the system prompt, the
 * summary, the last exchange, and all from the first exchange on in which a tool call waits for its result; so no
 * call is parted from its result. `*dropped`, which may be NULL, gets how many messages went: indexes have moved
 * down by so many.
 *
 * Thread:    one at a time.
 * Blocks:    never; it takes time linear in the number of messages.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, a negative number, or what must stay is longer (the message says how
 *                                   long): then all else has been dropped, and counted
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_trim(struct hb_conversation *conversation,
                               int64_t max_tokens,
                               uint32_t *dropped,
                               struct hb_error **error);

/**
 * Make a request's messages those of a conversation as it is now, in place of what was there; hb_request_add_message
 * goes on behind them. Cheap: messages are shared.
 *
 * A request of a conversation with a tool call that has no result is refused when it is checked or sent, with the
 * id.
 *
 * Ownership: `conversation` is only read; it may be changed or freed at once.
 * Thread:    one at a time, for both.
 * Blocks:    never.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL
 */
HB_API
hb_status hb_request_set_conversation(struct hb_request *request,
                                      const struct hb_conversation *conversation);

/**
 * The system prompt; "" if there is none.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL.
 */
HB_API const char *hb_conversation_system(const struct hb_conversation *conversation, size_t *len);

/**
 * The summary of what was trimmed; "" if there is none.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL.
 */
HB_API const char *hb_conversation_summary(const struct hb_conversation *conversation, size_t *len);

/**
 * How many messages there are, results of tools among them, system prompt and summary not.
 *
 * One thread at a time; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_conversation_count(const struct hb_conversation *conversation);

/**
 * About how many tokens the conversation has, system prompt and summary with it: an estimate from the text alone,
 * because every model counts in its own way. The counts of answers (hb_response_prompt_tokens) are exact, and for
 * what was sent. Reasoning is not counted, because it goes back only on request.
 *
 * One thread at a time; never blocks; 0 for NULL.
 */
HB_API
int64_t hb_conversation_tokens(const struct hb_conversation *conversation);

/**
 * Who speaks: "user", "assistant" or "tool".
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
 * out of range.
 */
HB_API
const char *hb_conversation_role(const struct hb_conversation *conversation,
                                 uint32_t index);

/**
 * What is said; of a tool its result. It may hold NULs.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
 * out of range.
 */
HB_API
const char *hb_conversation_text(const struct hb_conversation *conversation,
                                 uint32_t index,
                                 size_t *len);

/**
 * The thinking of the model before its message.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
 * out of range.
 */
HB_API
const char *hb_conversation_reasoning(const struct hb_conversation *conversation,
                                      uint32_t index,
                                      size_t *len);

/**
 * Whether the message is of an answer that was cut off: 1 or 0.
 *
 * One thread at a time; never blocks; 0 for NULL, or an index out of range.
 */
HB_API int32_t hb_conversation_is_partial(const struct hb_conversation *conversation, uint32_t index);

/**
 * How many images go with a message.
 *
 * One thread at a time; never blocks; 0 for NULL, or an index out of range.
 */
HB_API uint32_t hb_conversation_image_count(const struct hb_conversation *conversation, uint32_t index);

/**
 * How many tools a message calls.
 *
 * One thread at a time; never blocks; 0 for NULL, or an index out of range.
 */
HB_API uint32_t hb_conversation_tool_call_count(const struct hb_conversation *conversation, uint32_t index);

/**
 * The id of a tool call, by which its result names it.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or a call
 * that is not there.
 */
HB_API
const char *hb_conversation_tool_call_id(const struct hb_conversation *conversation,
                                         uint32_t index,
                                         uint32_t call);

/**
 * The tool that is called.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or a call
 * that is not there.
 */
HB_API
const char *hb_conversation_tool_call_name(const struct hb_conversation *conversation,
                                           uint32_t index,
                                           uint32_t call);

/**
 * The arguments of a tool call: a whole JSON object, or "" for a tool without parameters.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or a call
 * that is not there.
 */
HB_API
const char *hb_conversation_tool_call_arguments(const struct hb_conversation *conversation,
                                                uint32_t index,
                                                uint32_t call,
                                                size_t *len);

/**
 * Which call a tool's message answers; "" for any other message.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
 * out of range.
 */
HB_API
const char *hb_conversation_tool_result_id(const struct hb_conversation *conversation,
                                           uint32_t index);

/**
 * How many tool calls wait for their results.
 *
 * One thread at a time; never blocks; 0 for NULL.
 */
HB_API uint32_t hb_conversation_open_tool_call_count(const struct hb_conversation *conversation);

/**
 * The id of a tool call that waits for its result; they are in the order of their messages.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
 * out of range.
 */
HB_API
const char *hb_conversation_open_tool_call_id(const struct hb_conversation *conversation,
                                              uint32_t index);

/**
 * The tool of a call that waits for its result.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
 * out of range.
 */
HB_API
const char *hb_conversation_open_tool_call_name(const struct hb_conversation *conversation,
                                                uint32_t index);

/**
 * The arguments of a call that waits for its result: a whole JSON object, or "" for a tool without parameters.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or an index
 * out of range.
 */
HB_API
const char *hb_conversation_open_tool_call_arguments(const struct hb_conversation *conversation,
                                                     uint32_t index,
                                                     size_t *len);

/**
 * What you attached to a message under a key; "" if nothing. `key` is NUL-terminated.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, an index out
 * of range or a key that is not there.
 */
HB_API
const char *hb_conversation_metadata(const struct hb_conversation *conversation,
                                     uint32_t index,
                                     const char *key,
                                     size_t *len);

/**
 * How many keys you attached to a message.
 *
 * One thread at a time; never blocks; 0 for NULL, or an index out of range.
 */
HB_API uint32_t hb_conversation_metadata_count(const struct hb_conversation *conversation, uint32_t index);

/**
 * A key that you attached to a message; they are in the order of their bytes.
 *
 * Borrowed from `conversation` until its next change; one thread at a time; never blocks; "" for NULL, or one that
 * is not there.
 */
HB_API
const char *hb_conversation_metadata_key(const struct hb_conversation *conversation,
                                         uint32_t index,
                                         uint32_t place);

/**
 * Write a conversation as JSON that hb_conversation_load reads, in this version and every later one. Flags:
 * HB_SAVE_NO_SYSTEM, HB_SAVE_NO_IMAGES; 0 is none.
 *
 * The same conversation is the same bytes. Images, metadata and open tool calls are in it, and what a loaded one had
 * that this library does not know; no key, and no server's address.
 *
 * Ownership: `*json` is yours, NULL on failure; free it with hb_text_free.
 * Thread:    one at a time.
 * Blocks:    never; it takes time linear in the length.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL, an unknown flag, or more than the 64 MiB that can be loaded again
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_save(const struct hb_conversation *conversation,
                               uint32_t flags,
                               struct hb_text **json,
                               struct hb_error **error);

/**
 * Read a conversation that hb_conversation_save wrote, wherever it has been since: it is believed nothing. At most
 * 64 MiB, and no more of anything than the calls that add to a conversation allow.
 *
 * Ownership: `json` is only read. `*conversation` is yours, NULL on failure; free it with hb_conversation_free.
 * Thread:    any.
 * Blocks:    never; it takes time linear in the length.
 * Fails:     HB_E_INVALID_ARGUMENT  a NULL
 *            HB_E_BAD_DATA          not JSON, not a conversation, of a newer version, too large, or not as a
 *                                   conversation can be; hb_error_param names the place, such as
 *                                   `messages[3].tool_calls[0].id`, and the message has its line and column
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_conversation_load(const char *json,
                               size_t len,
                               struct hb_conversation **conversation,
                               struct hb_error **error);

/**
 * The number behind HYPERBOLIC_ABI_VERSION of the library that is loaded. Programs that were built against another
 * number must not go on.
 *
 * Any thread; never blocks; never fails.
 */
HB_API
uint32_t hb_abi_version(void);

/**
 * The version of the library that is loaded, such as "0.1.0".
 *
 * Static text; any thread; never blocks; never fails.
 */
HB_API const char *hb_library_version(void);

/**
 * End every request and every thread of the library: before its code is unloaded, and never else. At the end of a
 * process nothing needs to be called.
 *
 * Requests end with HB_E_CANCELLED; their HB_EVENT_DONE waits in their queues. Clients, queues and all else stay
 * valid, and the next hb_start begins afresh.
 *
 * Thread:    any, also in a callback; not in a wake-up function.
 * Blocks:    until all threads have ended, at most `timeout_ms` milliseconds; -1 is for ever. Only a name lookup can
 *            take long: the system's cannot be stopped.
 * Fails:     HB_TIMEOUT             a thread is still in a name lookup, and ends after it: do not unload yet; a later
 *                                   call says when it has
 *            HB_E_INVALID_ARGUMENT  a `timeout_ms` below -1
 *            HB_E_SYSTEM            no thread could be started to wait for the others; they end all the same
 *            HB_E_FORKED            the process forked after the library started
 */
HB_API
hb_status hb_shutdown(int32_t timeout_ms);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* HYPERBOLIC_H */
