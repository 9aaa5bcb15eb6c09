//! Faults that tests ask for, and what they wait for; not in a library that ships.

use crate::sync::lock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

/// The place at which the next request panics: one of those below, or 0.
pub static PANIC_AT: AtomicU32 = AtomicU32::new(0);
/// At the beginning of its task.
pub const TASK: u32 = 1;
/// At its end, where the answer is put together.
pub const END: u32 = 2;

pub(crate) fn panic_if_asked(place: u32) {
    let asked = PANIC_AT.compare_exchange(place, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    assert!(!asked, "the panic that a test asked for");
}

/// How many ends of requests to lose as they are taken, and how many to hand out twice.
pub static LOSE: AtomicU32 = AtomicU32::new(0);
/// As [`LOSE`].
pub static DOUBLE: AtomicU32 = AtomicU32::new(0);

/// Whether a mutant does its wrong to this request: to every sixteenth, until it has done it so often.
pub(crate) fn wrongs(mutant: &AtomicU32, id: u64) -> bool {
    let one_less = |left: u32| left.checked_sub(1);
    id.is_multiple_of(16) && mutant.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
}

/// The minute of the clients that are made from now on, in milliseconds.
pub static MINUTE_MS: AtomicU64 = AtomicU64::new(60_000);

pub(crate) fn minute() -> Duration {
    Duration::from_millis(MINUTE_MS.load(Ordering::SeqCst))
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
