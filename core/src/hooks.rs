//! Faults that tests ask for; not in a library that ships.

use std::sync::atomic::{AtomicBool, Ordering};

/// Makes the task of the next request panic.
pub static PANIC_IN_TASK: AtomicBool = AtomicBool::new(false);

pub(crate) fn panic_if_asked() {
    assert!(!PANIC_IN_TASK.swap(false, Ordering::SeqCst), "the panic that a test asked for");
}
