//! Answers that are JSON, while they arrive; and text that the library made.

use crate::boundary::{self, put};
use crate::error::hb_error;
use crate::getter;
use crate::handle::{Boxed, Handle, null};
use crate::status::{HB_OK, hb_status};
use crate::text::text;
use hyperbolic_core::error::Error;
use hyperbolic_core::text::Text;
use hyperbolic_core::wire::close;
use std::ffi::c_char;
use std::ptr::null_mut;

/// Text that the library made for you. Immutable.
pub struct hb_text {
    _private: [u8; 0],
}

impl Handle for hb_text {
    type Behind = Text;
    const NAME: &'static str = "text";
}
impl Boxed for hb_text {}

/// Make the beginning of a JSON object or array whole, so that an answer can be shown while it arrives.
///
/// What is open is closed. What has no value yet is left out: a key without one, half a word, half an escape. A string
/// is what has come of it, a number as much as is one. The text is empty where nothing has begun. Of what is whole
/// nothing changes, so that a whole text stays as it is, without the space behind it.
///
/// Ownership: `json` is only read. `*text` is yours, NULL on failure; free it with hb_text_free.
/// Thread:    any.
/// Blocks:    never; it reads `json` once.
/// Fails:     HB_E_INVALID_ARGUMENT  a NULL, no UTF-8, or not the beginning of an object or an array; the message says
///                                   which byte does not fit
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_json_close(
    json: *const c_char,
    len: usize,
    text: *mut *mut hb_text,
    error: *mut *mut hb_error,
) -> hb_status {
    // SAFETY: the header gives the caller's duties.
    unsafe {
        put(text, null_mut());
        boundary::call(error, || {
            let json = self::text("json", json, len)?;
            if text.is_null() {
                return Err(null("text"));
            }
            let whole = close::close(json).map_err(|misfit| Error::invalid("json", misfit.to_string()))?;
            text.write(hb_text::into_raw(whole.into()));
            Ok(HB_OK)
        })
    }
}

/// The text itself. NUL-terminated, but may hold NULs; `len` may be NULL.
///
/// Borrowed, valid as long as `text`. Any thread; never blocks; "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_text_data(text: *const hb_text, len: *mut usize) -> *const c_char {
    // SAFETY: the header gives the caller's duties.
    unsafe { getter::text(text, len, Some) }
}

/// Free a text.
///
/// Ownership: takes `text`; NULL does nothing.
/// Thread:    any.
/// Blocks:    never.
/// Fails:     never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn hb_text_free(text: *mut hb_text) {
    // SAFETY: the header gives the caller's duties.
    unsafe { hb_text::free(text) };
}
