//! The locks of the queue. In a model check they are those of the checker, which runs the threads in many orders.

#[cfg(shuttle)]
use shuttle::sync as locks;
#[cfg(not(shuttle))]
use std::sync as locks;

pub use locks::{Condvar, Mutex, MutexGuard};

use std::sync::PoisonError;
use std::time::Duration;

/// As [`crate::sync::lock`].
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a notice, or for nothing.
pub fn wait<'l, T>(condition: &Condvar, guard: MutexGuard<'l, T>) -> MutexGuard<'l, T> {
    condition.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

/// As [`wait`], for so long at most.
pub fn wait_for<'l, T>(condition: &Condvar, guard: MutexGuard<'l, T>, time: Duration) -> MutexGuard<'l, T> {
    condition.wait_timeout(guard, time).unwrap_or_else(PoisonError::into_inner).0
}
