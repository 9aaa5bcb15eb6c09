//! Events waiting for the app.

use crate::boundary::{self, put};
use crate::error::hb_error;
use crate::event::{InHand, hb_event};
use crate::handle::{Handle, Shared, null};
use crate::status::{HB_E_INVALID_ARGUMENT, HB_OK, HB_TIMEOUT, hb_status, number};
use hyperbolic_core::queue::{Patience, Queue};
use std::sync::Arc;
use std::time::Duration;

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
            let patience = match timeout_ms {
                -1 => Patience::Forever,
                0.. => Patience::For(Duration::from_millis(timeout_ms.unsigned_abs().into())),
                _ => return HB_E_INVALID_ARGUMENT,
            };
            let Some(queue) = hb_queue::share(queue).filter(|_| !event.is_null()) else {
                return HB_E_INVALID_ARGUMENT;
            };
            match queue.next(patience) {
                Ok(Some(next)) => {
                    event.write(InHand::new(next).into_raw());
                    HB_OK
                }
                Ok(None) => HB_TIMEOUT,
                Err(status) => number(status),
            }
        })
    }
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
/// Ownership: takes `queue`; NULL does nothing.
/// Thread:    any, also in a callback, in any order with clients and events. A hb_queue_next that waits on another
///            thread returns HB_E_CLOSED, or the event that it had already. A thread that calls it in a loop would
///            come back to a queue that is gone: close the queue first and join that thread.
/// Blocks:    never.
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
