//! Statuses as numbers. The table is part of the ABI: never renumbered, never reused.

use crate::boundary;
use hyperbolic_core::error::Status;
use std::ffi::{CStr, c_char};

/// What a call answers: 0 is success, above 0 nothing is wrong, below 0 it failed.
///
/// A plain integer, never an enum: later versions may add values. Each names one decision that the caller can
/// take; what exactly happened is in the hb_error. Where several fit, the order is: cancelled, deadline, the
/// server's error object, a broken bound or format, truncated.
pub type hb_status = i32;

/// Success.
pub const HB_OK: i32 = 0;
/// A wait ran out of time: nothing came, nothing is lost.
pub const HB_TIMEOUT: i32 = 1;
/// hb_queue_wake was called: the wait is over early, and nothing is wrong.
pub const HB_WOKEN: i32 = 2;
/// A parameter, an option or a field of a request is bad. The message names it.
pub const HB_E_INVALID_ARGUMENT: i32 = -1;
/// The client or the queue was closed.
pub const HB_E_CLOSED: i32 = -2;
/// Another thread is taking from this queue right now.
pub const HB_E_BUSY: i32 = -3;
/// The library was started before fork(), and this is the child: use it there only if the parent did not.
pub const HB_E_FORKED: i32 = -4;
/// The system has no threads or descriptors left.
pub const HB_E_SYSTEM: i32 = -5;
/// A bug in this library, contained. Please report the message.
pub const HB_E_PANIC: i32 = -6;
/// A saved conversation or a recording cannot be read, or a recording has no answer to the request.
pub const HB_E_BAD_DATA: i32 = -7;
/// You ended the request: HB_STOP, hb_cancel, or a close.
pub const HB_E_CANCELLED: i32 = -10;
/// A deadline passed: hb_error_param says which, the message after how many bytes.
pub const HB_E_DEADLINE: i32 = -11;
/// Name lookup, TCP, TLS or the proxy failed, or the connection broke before an answer began.
pub const HB_E_CONNECT: i32 = -12;
/// An answer began and broke off. The response has what had arrived.
pub const HB_E_TRUNCATED: i32 = -13;
/// The server sent what the API does not promise: a redirect, HTML, broken JSON, more than a bound allows.
pub const HB_E_BAD_RESPONSE: i32 = -14;
/// HTTP 401, 403: fix the key.
pub const HB_E_AUTHENTICATION: i32 = -20;
/// HTTP 400, 404, 413, 422 and other 4xx: change the request.
pub const HB_E_BAD_REQUEST: i32 = -21;
/// HTTP 429: slow down and try again.
pub const HB_E_RATE_LIMITED: i32 = -22;
/// HTTP 402, or a code that says the quota is used up: waiting does not help.
pub const HB_E_QUOTA: i32 = -23;
/// HTTP 5xx, 408, 409, or an error that says nothing more: try again later.
pub const HB_E_SERVER: i32 = -24;
/// Your own spending limit is reached (hb_options_set_spending_limit_nanousd).
pub const HB_E_BUDGET: i32 = -30;

/// The number of a status of the core.
pub const fn number(status: Status) -> hb_status {
    match status {
        Status::InvalidArgument => HB_E_INVALID_ARGUMENT,
        Status::Closed => HB_E_CLOSED,
        Status::Busy => HB_E_BUSY,
        Status::Forked => HB_E_FORKED,
        Status::System => HB_E_SYSTEM,
        Status::Panic => HB_E_PANIC,
        Status::BadData => HB_E_BAD_DATA,
        Status::Cancelled => HB_E_CANCELLED,
        Status::Deadline => HB_E_DEADLINE,
        Status::Connect => HB_E_CONNECT,
        Status::Truncated => HB_E_TRUNCATED,
        Status::BadResponse => HB_E_BAD_RESPONSE,
        Status::Authentication => HB_E_AUTHENTICATION,
        Status::BadRequest => HB_E_BAD_REQUEST,
        Status::RateLimited => HB_E_RATE_LIMITED,
        Status::Quota => HB_E_QUOTA,
        Status::Server => HB_E_SERVER,
        Status::Budget => HB_E_BUDGET,
    }
}

/// The name of a status, as it is written in this header: "HB_OK", "HB_E_CLOSED" and so on.
///
/// Any number has an answer; one that this version does not know is "HB_E_UNKNOWN" or, above 0, "HB_UNKNOWN".
///
/// Ownership: the text is static.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hb_status_name(status: hb_status) -> *const c_char {
    boundary::value(words(i32::MIN), || words(status)).0.as_ptr()
}

/// A status in a few words, for where there is no hb_error to ask: "the client or the queue is closed". Begins with a
/// small letter and has no full stop.
///
/// Ownership: the text is static.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn hb_status_message(status: hb_status) -> *const c_char {
    boundary::value(words(i32::MIN), || words(status)).1.as_ptr()
}

/// The name and the meaning.
const fn words(status: hb_status) -> (&'static CStr, &'static CStr) {
    match status {
        HB_OK => (c"HB_OK", c"success"),
        HB_TIMEOUT => (c"HB_TIMEOUT", c"nothing came in time"),
        HB_WOKEN => (c"HB_WOKEN", c"the wait was ended by a wake"),
        HB_E_INVALID_ARGUMENT => {
            (c"HB_E_INVALID_ARGUMENT", c"a parameter, an option or a field of a request is bad")
        }
        HB_E_CLOSED => (c"HB_E_CLOSED", c"the client or the queue is closed"),
        HB_E_BUSY => (c"HB_E_BUSY", c"another thread is taking from this queue"),
        HB_E_FORKED => (c"HB_E_FORKED", c"the library was started before the process forked"),
        HB_E_SYSTEM => (c"HB_E_SYSTEM", c"the system has no threads or descriptors left"),
        HB_E_PANIC => (c"HB_E_PANIC", c"a bug in this library"),
        HB_E_BAD_DATA => (c"HB_E_BAD_DATA", c"what was saved or recorded cannot be read"),
        HB_E_CANCELLED => (c"HB_E_CANCELLED", c"the request was cancelled"),
        HB_E_DEADLINE => (c"HB_E_DEADLINE", c"a deadline passed"),
        HB_E_CONNECT => (c"HB_E_CONNECT", c"no connection to the server"),
        HB_E_TRUNCATED => (c"HB_E_TRUNCATED", c"the answer broke off"),
        HB_E_BAD_RESPONSE => (c"HB_E_BAD_RESPONSE", c"the server's answer is not what the API promises"),
        HB_E_AUTHENTICATION => (c"HB_E_AUTHENTICATION", c"the server does not accept the API key"),
        HB_E_BAD_REQUEST => (c"HB_E_BAD_REQUEST", c"the server does not accept the request"),
        HB_E_RATE_LIMITED => (c"HB_E_RATE_LIMITED", c"the server takes no more requests for now"),
        HB_E_QUOTA => (c"HB_E_QUOTA", c"the account's quota is used up"),
        HB_E_SERVER => (c"HB_E_SERVER", c"the server failed"),
        HB_E_BUDGET => (c"HB_E_BUDGET", c"the spending limit of the client is reached"),
        _ if status > 0 => (c"HB_UNKNOWN", c"success of a kind that this version does not know"),
        _ => (c"HB_E_UNKNOWN", c"a failure of a kind that this version does not know"),
    }
}
