//! The library itself.

use crate::queue::patience;
use crate::status::{HB_E_INVALID_ARGUMENT, HB_OK, HB_TIMEOUT, hb_status, number};
use crate::{boundary, in_hand, runtime};
use std::ffi::c_char;

/// The number behind HYPERBOLIC_ABI_VERSION of the library that is loaded. Programs that were built against another
/// number must not go on.
///
/// Any thread; never blocks; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn hb_abi_version() -> u32 {
    boundary::value(0, || ABI_VERSION)
}

/// Of the shared library's SONAME.
const ABI_VERSION: u32 = 0;

/// The version of the library that is loaded, such as "0.1.0".
///
/// Static text; any thread; never blocks; never fails.
#[unsafe(no_mangle)]
pub extern "C" fn hb_library_version() -> *const c_char {
    boundary::value(c"".as_ptr(), || concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast())
}

/// End every request and every thread of the library: before its code is unloaded, and never else. At the end of a
/// process nothing needs to be called.
///
/// Requests end with HB_E_CANCELLED; their HB_EVENT_DONE waits in their queues. Clients, queues and all else stay
/// valid, and the next hb_start begins afresh.
///
/// Thread:    any, also in a callback; not in a wake-up function.
/// Blocks:    until all threads have ended, at most `timeout_ms` milliseconds; -1 is for ever. Only a name lookup can
///            take long: the system's cannot be stopped.
/// Fails:     HB_TIMEOUT             a thread is still in a name lookup, and ends after it: do not unload yet; a later
///                                   call says when it has
///            HB_E_INVALID_ARGUMENT  a `timeout_ms` below -1
///            HB_E_SYSTEM            no thread could be started to wait for the others; they end all the same
///            HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub extern "C" fn hb_shutdown(timeout_ms: i32) -> hb_status {
    let frame = 0u8;
    boundary::status(|| {
        let Some(patience) = patience(timeout_ms) else { return HB_E_INVALID_ARGUMENT };
        in_hand::let_go(&raw const frame);
        match runtime::shut_down(patience) {
            Ok(true) => HB_OK,
            Ok(false) => HB_TIMEOUT,
            Err(error) => number(error.status),
        }
    })
}

/// Panics on request: with 0 in this call, with 1 in the task of the next request, with 2 at its end. Only test
/// builds have it.
#[cfg(feature = "test-hooks")]
#[unsafe(no_mangle)]
pub extern "C" fn hb_test_panic(place: u32) -> hb_status {
    boundary::status(|| {
        use std::sync::atomic::Ordering;
        hyperbolic_core::hooks::PANIC_AT.store(place, Ordering::SeqCst);
        assert!(place != 0, "the panic that a test asked for");
        HB_OK
    })
}

/// Mutants of the queue: of the requests from now on, this many lose their HB_EVENT_DONE as it is taken, and this many
/// have it twice. Only test builds have it.
#[cfg(feature = "test-hooks")]
#[unsafe(no_mangle)]
pub extern "C" fn hb_test_mutate(lose: u32, double: u32) {
    boundary::value((), || {
        use std::sync::atomic::Ordering;
        hyperbolic_core::hooks::LOSE.store(lose, Ordering::SeqCst);
        hyperbolic_core::hooks::DOUBLE.store(double, Ordering::SeqCst);
    });
}

/// How many bytes of answers were decoded, and how many requests have ended, since the library was loaded. Only test
/// builds have it.
///
/// # Safety
/// Both are NULL or may be written.
#[cfg(feature = "test-hooks")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_test_progress(decoded: *mut u64, ended: *mut u64) {
    let now = boundary::value(None, || Some(hyperbolic_core::hooks::progress()));
    // SAFETY: as the caller promises.
    unsafe {
        boundary::put(decoded, now.map_or(0, |now| now.decoded));
        boundary::put(ended, now.map_or(0, |now| now.ended));
    }
}

/// Waits until so many bytes were decoded or so many requests have ended; 1 if the bytes were. Only test builds have
/// it.
#[cfg(feature = "test-hooks")]
#[unsafe(no_mangle)]
pub extern "C" fn hb_test_wait(decoded: u64, ended: u64) -> i32 {
    use hyperbolic_core::hooks::{Progress, wait_for};
    boundary::value(0, || wait_for(Progress { decoded, ended }).into())
}

/// The length of the minute in which the clients that are made from now on count their requests. Only test builds have
/// it.
#[cfg(feature = "test-hooks")]
#[unsafe(no_mangle)]
pub extern "C" fn hb_test_minute_ms(ms: u64) {
    boundary::value((), || hyperbolic_core::hooks::MINUTE_MS.store(ms, std::sync::atomic::Ordering::SeqCst));
}
