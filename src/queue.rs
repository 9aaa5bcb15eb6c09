//! Events waiting for the app.

use crate::boundary::{self, put};
use crate::call::hb_event_fn;
use crate::error::hb_error;
use crate::event::{HB_CONTINUE, HB_RETURN, InHand, hb_event};
use crate::handle::{Handle, Shared, null};
use crate::status::{HB_E_INVALID_ARGUMENT, HB_E_PANIC, HB_OK, HB_TIMEOUT, HB_WOKEN, hb_status, number};
use crate::{in_hand, sys};
use hyperbolic_core::op::Op;
use hyperbolic_core::queue::{Begun, Hook, Patience, Pump, Queue, Taken};
use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::time::Duration;

/// What wakes the app. The header declares it, because it needs a calling convention on Windows.
pub type hb_wakeup_fn = Option<unsafe extern "C" fn(context: *mut c_void)>;

/// Events of any number of requests of any clients. Thread-safe, but one consumer at a time.
pub struct hb_queue {
    _private: [u8; 0],
}

impl Handle for hb_queue {
    type Behind = Queue;
    const NAME: &'static str = "queue";
}
impl Shared for hb_queue {}

/// Make a queue.
///
/// Ownership: `*queue` is yours, NULL on failure; free it with hb_queue_free.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     HB_E_INVALID_ARGUMENT  `queue` is NULL
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_queue_new(queue: *mut *mut hb_queue, error: *mut *mut hb_error) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(queue, std::ptr::null_mut());
        boundary::call(error, || {
            if queue.is_null() {
                return Err(null("queue"));
            }
            queue.write(hb_queue::into_raw(Arc::default()));
            Ok(HB_OK)
        })
    }
}

/// Take the next event, waiting for it up to `timeout_ms` milliseconds: 0 does not wait, -1 waits for ever.
///
/// The requests of a queue take turns, so that one with much to say does not hold up the others. Pieces of one
/// request that wait are put together: a consumer that comes late gets few and long ones.
///
/// Ownership: `*event` is yours, NULL unless the answer is HB_OK; free it with hb_event_free.
/// Thread:    any, one consumer at a time.
/// Blocks:    up to `timeout_ms`. A signal does not end the wait.
/// Fails:     HB_TIMEOUT             nothing came
///            HB_WOKEN               hb_queue_wake was called
///            HB_E_INVALID_ARGUMENT  a NULL, or a `timeout_ms` below -1
///            HB_E_CLOSED            the queue is closed and nothing waits any more
///            HB_E_BUSY              another thread is in here
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_queue_next(
    queue: *mut hb_queue,
    timeout_ms: i32,
    event: *mut *const hb_event,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(event, std::ptr::null());
        boundary::status(|| {
            let Some(patience) = patience(timeout_ms) else { return HB_E_INVALID_ARGUMENT };
            let Some(queue) = hb_queue::share(queue).filter(|_| !event.is_null()) else {
                return HB_E_INVALID_ARGUMENT;
            };
            match queue.next(patience) {
                Ok(Taken::Event(next)) => {
                    event.write(InHand::new(next).into_raw());
                    HB_OK
                }
                Ok(Taken::Woken) => HB_WOKEN,
                Ok(Taken::Nothing) => HB_TIMEOUT,
                Err(status) => number(status),
            }
        })
    }
}

/// How long a wait of C's lasts; `None` if it says nothing sensible.
pub fn patience(timeout_ms: i32) -> Option<Patience> {
    match timeout_ms {
        -1 => Some(Patience::Forever),
        0.. => Some(Patience::For(Duration::from_millis(timeout_ms.unsigned_abs().into()))),
        _ => None,
    }
}

/// Call `on_event` for the events that wait, on this thread: what a program calls in each frame or turn of its loop.
///
/// It handles what waits when it is called, one event at least if there is one, and stops early after `max_events`
/// events or once `budget_us` microseconds have passed, which it looks at after each event; 0 is no limit. The
/// requests take turns, so that one with much to say does not hold up the others. With nothing to do it answers
/// HB_OK at once.
///
/// `on_event` may call any function of the library, also this one, and may close or free the queue; once it is freed,
/// the dispatch returns after the callback, and its status says nothing. Answers: HB_CONTINUE; HB_STOP cancels the
/// request of its event; HB_RETURN lets the dispatch return. It may leave by a C++ exception or a longjmp: the queue
/// stays whole, and what waits is there for the next dispatch. Make one: the wake-up function is not called for that.
///
/// Ownership: the event is valid until `on_event` returns; `context` is handed through. `*handled` counts the calls of
///            `on_event`, written before each; `handled` may be NULL.
/// Thread:    any, one consumer at a time; while `on_event` runs, another may take what else waits.
/// Blocks:    never, but as long as `on_event` does.
/// Fails:     HB_WOKEN               hb_queue_wake was called; there may be more to handle
///            HB_E_INVALID_ARGUMENT  `queue` or `on_event` is NULL
///            HB_E_CLOSED            the queue is closed and nothing waits any more
///            HB_E_BUSY              another thread is in hb_queue_next
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn hb_queue_dispatch(
    queue: *mut hb_queue,
    on_event: hb_event_fn,
    context: *mut c_void,
    max_events: u32,
    budget_us: u32,
    handled: *mut u32,
) -> hb_status {
    let (frame, mut count, mut answer) = (0u8, 0u32, HB_CONTINUE);
    let mut dispatch: Option<Dispatch> = None;
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(handled, count);
        let begun = boundary::status(|| match (hb_queue::share(queue), on_event) {
            (Some(queue), Some(_)) => begin(&queue, max_events, budget_us, &raw const frame, &mut dispatch),
            _ => HB_E_INVALID_ARGUMENT,
        });
        let (Some(mut dispatch), Some(on_event)) = (dispatch, on_event) else { return begun };
        loop {
            let mut event: *const hb_event = std::ptr::null();
            let status = boundary::status(|| dispatch.take(answer, &mut event));
            if event.is_null() {
                boundary::free(|| dispatch.end());
                return status;
            }
            count += 1;
            put(handled, count);
            // Foreign code, outside of every boundary, so that what it throws passes.
            answer = on_event(event, context);
            // A callback may have forked, and the child must not touch the locks: that is what a free does.
            boundary::free(|| in_hand::settle(dispatch.call, answer));
        }
    }
}

/// Enters a dispatch, if there is anything to do.
fn begin(
    queue: &Arc<Queue>,
    max_events: u32,
    budget_us: u32,
    frame: *const u8,
    dispatch: &mut Option<Dispatch>,
) -> hb_status {
    let most = if max_events == 0 { usize::MAX } else { max_events as usize };
    let budget = (budget_us > 0).then(|| Duration::from_micros(budget_us.into()));
    match Pump::begin(queue, most, budget) {
        Ok(Begun::Nothing) => HB_OK,
        Ok(Begun::Woken) => HB_WOKEN,
        Ok(Begun::Pump(pump)) => {
            let call = Op::reserve();
            in_hand::enter(call, queue, false, frame);
            *dispatch = Some(Dispatch { call, pump });
            HB_OK
        }
        Err(status) => number(status),
    }
}

/// A dispatch under way, by its number in the list of calls. Nothing in it needs a drop.
#[derive(Clone, Copy)]
struct Dispatch {
    call: u64,
    pump: Pump,
}

impl Dispatch {
    /// Takes the next event into the hand, unless it is time to return: then `event` stays NULL.
    fn take(&mut self, answer: i32, event: &mut *const hb_event) -> hb_status {
        let Ok(queue) = in_hand::queue(self.call) else { return HB_E_PANIC };
        match self.pump.take(&queue, answer == HB_RETURN) {
            Ok(Taken::Event(next)) => match in_hand::give(self.call, next) {
                Ok(next) => {
                    *event = next;
                    HB_OK
                }
                Err(_) => HB_E_PANIC,
            },
            Ok(Taken::Woken) => HB_WOKEN,
            Ok(Taken::Nothing) => HB_OK,
            Err(status) => number(status),
        }
    }

    fn end(&self) {
        let queue = in_hand::queue(self.call);
        in_hand::leave(self.call);
        if let Ok(queue) = queue {
            self.pump.end(&queue);
        }
    }
}

/// Get a handle that an event loop can wait for (epoll, kqueue, poll, libuv, GLib, asyncio): it is readable while
/// hb_queue_next or hb_queue_dispatch has something to do: an event waits, or a wake, or the queue is closed.
///
/// Made when it is first asked for. A descriptor, closed in the programs that this one starts; on Windows an event.
///
/// Ownership: the library's: poll it, and never read or close it. Take it out of your loop before you free the queue.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     -1 for NULL, where no descriptor is left, and after a fork in the child
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_queue_native_handle(queue: *mut hb_queue) -> isize {
    boundary::value(-1, || {
        // A thread that is not in a forked child may hold the lock there.
        let queue = if sys::forked() { null_mut() } else { queue };
        // SAFETY: the header gives the caller's duties.
        let queue = unsafe { hb_queue::share(queue) };
        queue.and_then(|queue| queue.signal(sys::signal).ok()).unwrap_or(-1)
    })
}

/// Set the function that is called when there is something to take, instead of the one that was set; NULL is none.
///
/// It is called when the queue was empty and is not any more, at once if it is not empty now, when a dispatch
/// returns with events left, and on hb_queue_close. It may run on a thread of the library, or inside a function of
/// the library that you call, with no lock held: it may only signal (set a flag, post to an event loop), must not
/// call any function of the library, and must not leave by an exception. It may be called once too often. A lock that
/// it takes must not be held around any call of the library: that may call it, or wait for its end. Who goes by it
/// takes until nothing is left (hb_queue_next answers HB_TIMEOUT), or calls hb_queue_dispatch once each time.
///
/// Ownership: `context` is handed through. Once this or hb_queue_free returns, the old function is not running and is
///            not called again.
/// Thread:    any, also in a callback of hb_queue_dispatch; not in the wake-up function itself.
/// Blocks:    until a call of the old function is over.
/// Fails:     HB_E_INVALID_ARGUMENT  `queue` is NULL
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_queue_set_wakeup(
    queue: *mut hb_queue,
    wakeup: hb_wakeup_fn,
    context: *mut c_void,
) -> hb_status {
    boundary::status(|| {
        // SAFETY: the header gives the caller's duties.
        let Some(queue) = (unsafe { hb_queue::share(queue) }) else { return HB_E_INVALID_ARGUMENT };
        queue.set_hook(wakeup.map(|wakeup| hook(wakeup, context)));
        HB_OK
    })
}

/// The app's own pointer, handed through.
struct Context(*mut c_void);

// SAFETY: nobody here looks behind it; the header says that the function is called on any thread.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    fn pointer(&self) -> *mut c_void {
        self.0
    }
}

fn hook(wakeup: unsafe extern "C" fn(*mut c_void), context: *mut c_void) -> Hook {
    let context = Context(context);
    // SAFETY: the header asks for a function that may be called on any thread, until it is replaced.
    Box::new(move || unsafe { wakeup(context.pointer()) })
}

/// Get one hb_queue_next or hb_queue_dispatch to return HB_WOKEN: the one that waits, or else the one that follows.
/// Wakes that nobody has taken yet are one.
///
/// A next answers it before any event, a dispatch after the event that it is at. It may not be called in a signal
/// handler: wait for the signal on a thread or a descriptor instead.
///
/// Thread:    any, also in a callback.
/// Blocks:    never.
/// Fails:     never; NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_queue_wake(queue: *mut hb_queue) {
    // SAFETY: the header gives the caller's duties.
    boundary::free(|| unsafe {
        if let Some(queue) = hb_queue::share(queue) {
            queue.wake();
        }
    });
}

/// Cancel every request of a queue and refuse new ones with HB_E_CLOSED. Closing twice does nothing.
///
/// The HB_EVENT_DONE of every request can still be taken, and all that waits of those that had ended. A consumer
/// that waits wakes.
///
/// Thread:    any, also in a callback.
/// Blocks:    never.
/// Fails:     never; NULL does nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_queue_close(queue: *mut hb_queue) {
    // SAFETY: the header gives the caller's duties.
    boundary::free(|| unsafe {
        if let Some(queue) = hb_queue::share(queue) {
            queue.close();
        }
    });
}

/// Free a queue: closes it, and drops what waits. Events that were taken stay valid.
///
/// When it returns, the library holds no pointer of yours: no function of yours is called for this queue any more,
/// but by a dispatch that another thread has begun. What an engine calls before it unloads or reloads code.
///
/// Ownership: takes `queue`; NULL does nothing.
/// Thread:    any, also in a callback, in any order with clients and events; in a callback of its own dispatch, that
///            returns after the callback. A hb_queue_next that waits on another thread returns HB_E_CLOSED, or the
///            event that it had already. A thread that calls it in a loop would come back to a queue that is gone:
///            close the queue first and join that thread.
/// Blocks:    until a call of the wake-up function is over.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_queue_free(queue: *mut hb_queue) {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        boundary::free(|| {
            if let Some(queue) = hb_queue::get(queue) {
                queue.forget();
            }
        });
        hb_queue::release(queue);
    }
}
