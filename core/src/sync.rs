//! Locks that a panic cannot take away: what they guard is whole at every unlock.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic under the lock: the panic was reported where it happened.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
