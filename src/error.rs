//! What went wrong, as C reads it.

use crate::boundary;
use crate::getter::{read, text};
use crate::handle::{Handle, Shared};
use crate::status::{HB_OK, hb_status, number};
use hyperbolic_core::error::Error;
use std::ffi::c_char;
use std::ptr::null_mut;

/// What went wrong. Immutable and shared: any thread may read it.
///
/// Functions that can fail take `hb_error **error` last. It may be NULL; otherwise it is always written: NULL on
/// success, an error that is yours to free on failure. An old value is overwritten, not freed.
pub struct hb_error {
    _private: [u8; 0],
}

impl Handle for hb_error {
    type Behind = Error;
    const NAME: &'static str = "error";
}
impl Shared for hb_error {}

/// Take another reference to an error.
///
/// Ownership: the reference is yours; free it with hb_error_free.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_retain(error: *const hb_error) -> *mut hb_error {
    // SAFETY: the header gives the caller's duties.
    boundary::value(null_mut(), || unsafe { hb_error::retain(error) })
}

/// Drop a reference to an error; the last one frees it.
///
/// Ownership: takes the reference; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_free(error: *mut hb_error) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_error::release(error) };
}

/// The status that the call answered.
///
/// Any thread; never blocks; HB_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_status(error: *const hb_error) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(error, HB_OK, |error| Some(number(error.status))) }
}

/// What happened, in the server's own words where it sent any; never the API key and never the prompt.
///
/// `len` may be NULL.
///
/// Borrowed from `error`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_message(error: *const hb_error, len: *mut usize) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(error, len, |error| Some(&error.message)) }
}

/// The library's advice on what to do, or "".
///
/// Borrowed from `error`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_hint(error: *const hb_error) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(error, null_mut(), |error| Some(&error.hint)) }
}

/// The HTTP status of the answer; 0 if there was none.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_http_status(error: *const hb_error) -> i32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(error, 0, |error| Some(error.http_status.into())) }
}

/// The server's error code as text, such as "40301" or "invalid_api_key", or "".
///
/// Borrowed from `error`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_code(error: *const hb_error) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(error, null_mut(), |error| Some(&error.code)) }
}

/// The server's error type, such as "invalid_request_error", or "".
///
/// Borrowed from `error`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_type(error: *const hb_error) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(error, null_mut(), |error| Some(&error.kind)) }
}

/// The field of the request that is bad, as the server or this library names it; of HB_E_DEADLINE the deadline that
/// passed, "connect", "first_token", "idle" or "total"; or "".
///
/// Borrowed from `error`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_param(error: *const hb_error) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(error, null_mut(), |error| Some(&error.param)) }
}

/// The id that the server gave the request, for its support, or "".
///
/// Borrowed from `error`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_request_id(error: *const hb_error) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(error, null_mut(), |error| Some(&error.request_id)) }
}

/// How many milliseconds the server asks to wait; -1 if it does not say.
///
/// Any thread; never blocks; -1 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_retry_after_ms(error: *const hb_error) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(error, -1, |error| error.retry_after_ms?.try_into().ok()) }
}

/// Whether the same request may succeed later: 1 or 0.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_is_retryable(error: *const hb_error) -> i32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(error, 0, |error| Some(error.retryable.into())) }
}

/// How many HTTP requests were sent before this error.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_attempts(error: *const hb_error) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(error, 0, |error| Some(error.attempts)) }
}

/// The server's answer as it was, but for the API key; "" if there was none. Some servers repeat the prompt
/// in it, so think before you log it. `len` may be NULL.
///
/// Borrowed from `error`; any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_error_body(error: *const hb_error, len: *mut usize) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(error, len, |error| Some(&error.body)) }
}
