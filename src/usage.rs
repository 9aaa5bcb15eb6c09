//! What a client has used, as C reads it.

use crate::boundary;
use crate::boundary::put;
use crate::client::hb_client;
use crate::error::hb_error;
use crate::getter::{read, text};
use crate::handle::{Boxed, Handle, null};
use crate::status::{HB_OK, hb_status};
use hyperbolic_core::usage::ModelUsage;
use std::ffi::c_char;
use std::ptr::null_mut;

/// What a client has used up to a moment, model by model: a row for each, in the order of first use. Immutable: any
/// thread may read it.
///
/// A row bears the name that requests gave the model. The sums over all rows are what hb_client_count answers, but for
/// requests that ask no model (hb_models). An index out of range and a NULL usage answer "" or 0.
pub struct hb_usage {
    _private: [u8; 0],
}

impl Handle for hb_usage {
    type Behind = Vec<ModelUsage>;
    const NAME: &'static str = "usage";
}
impl Boxed for hb_usage {}

/// Take what a client has used so far. A request's tokens and cost are in it from before its HB_EVENT_DONE can be taken,
/// and the request itself and its attempts from when they begin.
///
/// Ownership: `*usage` is yours, NULL on failure; free it with hb_usage_free. It does not change, and outlives `client`.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     HB_E_FORKED            the process forked after the library started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_client_usage(
    client: *const hb_client,
    usage: *mut *mut hb_usage,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(usage, null_mut());
        boundary::call(error, || {
            let client = hb_client::need(client)?;
            if usage.is_null() {
                return Err(null("usage"));
            }
            usage.write(hb_usage::into_raw(client.usage()));
            Ok(HB_OK)
        })
    }
}

/// Free a usage.
///
/// Ownership: takes `usage`; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_free(usage: *mut hb_usage) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_usage::free(usage) };
}

/// How many models were used.
///
/// Any thread; never blocks; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_count(usage: *const hb_usage) -> u32 {
    // SAFETY: the header gives the caller's duties.
    unsafe { read(usage, 0, |usage| usage.len().try_into().ok()) }
}

/// The model, as requests named it.
///
/// Borrowed from `usage`; any thread; never blocks; "" for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_model(usage: *const hb_usage, index: u32) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { text(usage, null_mut(), |usage| row(usage, index).map(|row| &row.model)) }
}

/// Requests that were started with the model.
///
/// Any thread; never blocks; 0 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_requests(usage: *const hb_usage, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { number(usage, index, |row| row.requests) }
}

/// HTTP requests with the model: every attempt of every request, also one that found no connection.
///
/// Any thread; never blocks; 0 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_attempts(usage: *const hb_usage, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { number(usage, index, |row| row.attempts) }
}

/// Tokens of the model's prompts, as servers counted them.
///
/// Any thread; never blocks; 0 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_prompt_tokens(usage: *const hb_usage, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { number(usage, index, |row| row.prompt_tokens) }
}

/// Tokens of the model's answers, as servers counted them.
///
/// Any thread; never blocks; 0 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_completion_tokens(usage: *const hb_usage, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { number(usage, index, |row| row.completion_tokens) }
}

/// What the model's answers cost, in nano-USD (10^-9 $), as far as that is known; also those of attempts that failed,
/// and so of requests that another model answered (hb_request_add_fallback_model).
///
/// Any thread; never blocks; 0 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_cost_nanousd(usage: *const hb_usage, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { number(usage, index, |row| row.cost) }
}

/// Answers that count nothing in hb_usage_cost_nanousd, because their usage or the price of the model is not known.
///
/// Any thread; never blocks; 0 for NULL or an index out of range.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_usage_unpriced(usage: *const hb_usage, index: u32) -> i64 {
    // SAFETY: the header gives the caller's duties.
    unsafe { number(usage, index, |row| row.unpriced) }
}

fn row(usage: &[ModelUsage], index: u32) -> Option<&ModelUsage> {
    usage.get(usize::try_from(index).ok()?)
}

/// # Safety
/// `usage` is NULL or a live handle.
unsafe fn number(usage: *const hb_usage, index: u32, get: impl FnOnce(&ModelUsage) -> i64) -> i64 {
    // SAFETY: as the caller promises.
    unsafe { read(usage, 0, |usage| row(usage, index).map(get)) }
}
