//! Calls whose callback may be running.
//!
//! A callback may leave by an exception or a longjmp, which run no Drop. So nothing that needs one stands on the stack
//! while it runs: the queue and the event in hand are here, in a list of the library's, and the frame of the call
//! holds a number.
//!
//! A callback that was left looks like one that is still running, until its frame is known to be gone: when the same
//! thread is, on the same stack, above it again, or when its thread has ended. Then the next call lets go of what it
//! had.

use crate::event::{HB_CONTINUE, HB_RETURN, HB_STOP, InHand, hb_event};
use crate::sys;
use hyperbolic_core::error::{Error, Status};
use hyperbolic_core::queue::{self, Event, Queue};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

/// What a call holds.
struct Call {
    queue: Arc<Queue>,
    /// The event that the callback has.
    event: Option<InHand>,
    /// Nobody else has its queue, so that its request ends with it.
    is_alone: bool,
    /// `None` where nothing is known.
    place: Option<Place>,
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.is_alone {
            self.queue.forget();
        }
    }
}

/// Where a call was made: its thread, and how deep on the stack.
struct Place {
    /// Dead once the thread has ended.
    thread: Weak<Range<usize>>,
    /// `None` where the frame is on no stack of the system's, as that of a fibre: it is never known to be gone.
    depth: Option<usize>,
}

thread_local! {
    /// The stack of the thread; lives as long as it.
    static STACK: Arc<Range<usize>> = Arc::new(sys::stack());
}

static CALLS: LazyLock<Mutex<HashMap<u64, Call>>> = LazyLock::new(Mutex::default);

fn calls() -> MutexGuard<'static, HashMap<u64, Call>> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call of ours that is not in its own list: only a bug makes that.
pub fn lost() -> Error {
    Error::new(Status::Panic, "a bug in this library: a call lost its queue")
}

impl Place {
    /// The calling thread, and the depth of `frame`, a place in the frame of the call.
    fn new(frame: *const u8) -> Option<Self> {
        let here = |stack: &Arc<Range<usize>>| {
            let depth = Some(frame.addr()).filter(|depth| stack.contains(depth));
            Self { thread: Arc::downgrade(stack), depth }
        };
        STACK.try_with(here).ok()
    }

    /// Whether a call that was made here is over if one is made at `now`. Stacks grow downwards.
    fn is_gone(&self, now: &Self) -> bool {
        if !self.thread.ptr_eq(&now.thread) {
            return self.thread.strong_count() == 0;
        }
        self.depth.zip(now.depth).is_some_and(|(then, now)| then <= now)
    }
}

/// Enters a call, whose number is free. `frame` is a place in the frame that will call back.
pub fn enter(call: u64, queue: &Arc<Queue>, is_alone: bool, frame: *const u8) {
    let_go(frame);
    let queue = Arc::clone(queue);
    calls().insert(call, Call { queue, event: None, is_alone, place: Place::new(frame) });
}

/// Lets go of what callbacks left behind that are known to be over.
pub fn let_go(frame: *const u8) {
    let Some(now) = Place::new(frame) else { return };
    let is_gone = |call: &mut Call| call.place.as_ref().is_some_and(|place| place.is_gone(&now));
    let gone: Vec<_> = calls().extract_if(|_, call| is_gone(call)).collect();
    // Outside of the lock: requests and queues go with them.
    drop(gone);
}

/// The queue of a call.
pub fn queue(call: u64) -> Result<Arc<Queue>, Error> {
    calls().get(&call).map(|call| Arc::clone(&call.queue)).ok_or_else(lost)
}

/// Puts an event in the hand of a call.
pub fn give(call: u64, event: Event) -> Result<*const hb_event, Error> {
    let event = InHand::new(event);
    let pointer = event.as_ptr();
    calls().get_mut(&call).ok_or_else(lost)?.event = Some(event);
    Ok(pointer)
}

/// Takes the event back after its callback, and does as the callback said.
pub fn settle(call: u64, answer: i32) {
    let event = calls().get_mut(&call).and_then(|call| call.event.take());
    match answer {
        HB_CONTINUE | HB_RETURN => {}
        // A value that is none of the three may come from a callback that was miscompiled or mistyped: stop.
        HB_STOP | i32::MIN..=i32::MAX => {
            if let Some(event) = &event {
                queue::cancel(event.source().op);
            }
        }
    }
}

/// Takes a call off the list, and the event that it has.
pub fn leave(call: u64) -> Option<InHand> {
    let call = calls().remove(&call);
    call.and_then(|mut call| call.event.take())
}
