//! What every export goes through: it contains panics, notices a fork, and fills the error out-parameter.

use crate::error::hb_error;
use crate::handle::Shared;
use crate::status::{HB_E_PANIC, hb_status, number};
use crate::sys;
use hyperbolic_core::error::{Error, Status};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Once};

thread_local! {
    /// Whether a panic on this thread is the library's own, and so comes back as a status.
    static OURS: Cell<bool> = const { Cell::new(false) };
}

/// Runs the body of an export that answers a status and may explain it. `error` is written on every path.
///
/// # Safety
/// `error` is NULL or may be written.
pub unsafe fn call(error: *mut *mut hb_error, body: impl FnOnce() -> Result<hb_status, Error>) -> hb_status {
    let failure = match contain(|| if sys::forked() { Err(forked()) } else { body() }) {
        Ok(Ok(status)) => {
            // SAFETY: as the caller promises.
            unsafe { put(error, std::ptr::null_mut()) };
            return status;
        }
        Ok(Err(failure)) => failure,
        Err(panic) => panic,
    };
    let status = number(failure.status);
    // Made only for a caller who takes it: nobody else would free it.
    if !error.is_null() {
        // SAFETY: as the caller promises.
        unsafe { error.write(hb_error::into_raw(Arc::new(failure))) };
    }
    status
}

/// Runs the body of an export that answers a status alone.
pub fn status(body: impl FnOnce() -> hb_status) -> hb_status {
    let forked = || number(Status::Forked);
    contain(|| if sys::forked() { forked() } else { body() }).unwrap_or(HB_E_PANIC)
}

/// Runs the body of a getter or a constructor; `neutral` stands for a panic. They work in a forked child too.
pub fn value<T>(neutral: T, body: impl FnOnce() -> T) -> T {
    contain(body).unwrap_or(neutral)
}

/// Runs the body of a free. In a forked child it leaks: what is to be freed may be locked by a thread of the parent.
pub fn free(body: impl FnOnce()) {
    // A panic in a drop is told to nobody, because a free has no status.
    let _ = contain(|| {
        if !sys::forked() {
            body()
        }
    });
}

/// Writes an out-parameter that may be NULL.
///
/// # Safety
/// `out` is NULL or may be written.
pub unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: as the caller promises.
        unsafe { out.write(value) };
    }
}

fn forked() -> Error {
    Error::new(Status::Forked, "the process forked after the library had started; start it in the child only")
}

/// Runs `body`; a panic in it becomes an error.
fn contain<T>(body: impl FnOnce() -> T) -> Result<T, Error> {
    static HOOK: Once = Once::new();
    HOOK.call_once(hush);
    let outer = OURS.replace(true);
    let result = catch_unwind(AssertUnwindSafe(body));
    OURS.set(outer);
    result.map_err(|panic| Error::panicked(&*panic))
}

/// Marks the calling thread as one of the library's.
pub fn adopt_thread() {
    OURS.set(true);
}

/// Silences panics that come back as a status; std prints them even when they are caught.
fn hush() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !OURS.get() {
            before(panic);
        }
    }));
}
