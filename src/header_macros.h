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
