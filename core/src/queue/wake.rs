//! How a queue tells a program that does not ask: a handle that an event loop polls, and a hook that is called.

use super::Queue;
use super::sync::lock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A handle of the system that an event loop can wait for.
pub trait Signal: Send {
    /// Makes it readable.
    fn raise(&self);
    /// Makes it not readable.
    fn lower(&self);
    /// Its number.
    fn handle(&self) -> isize;
}

/// What is called when there is something to take. It may only signal.
pub type Hook = Box<dyn Fn() + Send + Sync>;

/// A hook, and how many threads are in it.
pub(super) struct Bell {
    hook: Hook,
    /// Changed under the queue's lock.
    ringing: AtomicUsize,
}

impl Bell {
    pub fn new(hook: Hook) -> Arc<Self> {
        Arc::new(Self { hook, ringing: AtomicUsize::new(0) })
    }

    pub fn is_ringing(&self) -> bool {
        self.ringing.load(Ordering::Relaxed) > 0
    }
}

/// A call of the hook that is due: made when this is dropped, which is after every lock was given back.
#[must_use]
pub struct Ring<'q> {
    queue: &'q Queue,
    bell: Arc<Bell>,
}

impl<'q> Ring<'q> {
    /// The caller holds the queue's lock, so that whoever waits for the hook to be over counts this call.
    pub(super) fn new(queue: &'q Queue, bell: &Arc<Bell>) -> Self {
        bell.ringing.fetch_add(1, Ordering::Relaxed);
        Self { queue, bell: Arc::clone(bell) }
    }
}

impl Drop for Ring<'_> {
    fn drop(&mut self) {
        (self.bell.hook)();
        let state = lock(&self.queue.state);
        self.bell.ringing.fetch_sub(1, Ordering::Relaxed);
        drop(state);
        self.queue.rung.notify_all();
    }
}
