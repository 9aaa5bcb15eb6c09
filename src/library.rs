//! The library itself.

use crate::boundary;
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

/// Panics on request: with 0 in this call, with 1 in the task of the next request, with 2 at its end. Only test
/// builds have it.
#[cfg(feature = "test-hooks")]
#[unsafe(no_mangle)]
pub extern "C" fn hb_test_panic(place: u32) -> crate::status::hb_status {
    boundary::status(|| {
        use std::sync::atomic::Ordering;
        hyperbolic_core::hooks::PANIC_AT.store(place, Ordering::SeqCst);
        assert!(place != 0, "the panic that a test asked for");
        crate::status::HB_OK
    })
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
