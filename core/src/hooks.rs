//! Faults that tests ask for, and what they wait for; not in a library that ships.

use crate::sync::lock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex};

/// Makes the task of the next request panic.
pub static PANIC_IN_TASK: AtomicBool = AtomicBool::new(false);

pub(crate) fn panic_if_asked() {
    assert!(!PANIC_IN_TASK.swap(false, Ordering::SeqCst), "the panic that a test asked for");
}

/// How far all requests together have come: a test's server writes on once what it wrote was consumed.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Bytes of bodies that were decoded.
    pub decoded: u64,
    /// Requests that have ended.
    pub ended: u64,
}

static PROGRESS: Mutex<Progress> = Mutex::new(Progress { decoded: 0, ended: 0 });
static PROGRESSED: Condvar = Condvar::new();

/// How far they are now.
pub fn progress() -> Progress {
    *lock(&PROGRESS)
}

/// Waits until either count of `goal` is reached; whether that of the bytes is.
pub fn wait_for(goal: Progress) -> bool {
    let mut now = lock(&PROGRESS);
    while now.decoded < goal.decoded && now.ended < goal.ended {
        now = PROGRESSED.wait(now).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
    now.decoded >= goal.decoded
}

pub(crate) fn count(decoded: usize, ended: u64) {
    let mut now = lock(&PROGRESS);
    now.decoded += decoded as u64;
    now.ended += ended;
    PROGRESSED.notify_all();
}
