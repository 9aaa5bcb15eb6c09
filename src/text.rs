//! Text in: pointer and length, checked. Text out: borrowed, NUL-terminated, with its length on request.

use crate::boundary::{self, put};
use crate::handle::null;
use hyperbolic_core::error::Error;
use hyperbolic_core::text::Text;
use std::ffi::{CStr, c_char, c_void};

/// As a length: the text ends at its NUL. The header has it as a macro.
const HB_NUL: usize = usize::MAX;

/// Bytes that came in. NULL with length 0 is the empty text.
///
/// # Safety
/// `data` points to `len` bytes that live for `'a`, or, with `HB_NUL`, to a NUL-terminated text.
pub unsafe fn bytes<'a>(field: &str, data: *const c_void, len: usize) -> Result<&'a [u8], Error> {
    match (data.is_null(), len) {
        (true, 0) => Ok(&[]),
        (true, _) => Err(null(field)),
        // SAFETY: as the caller promises.
        (false, HB_NUL) => Ok(unsafe { CStr::from_ptr(data.cast()) }.to_bytes()),
        (false, len) if len > isize::MAX as usize => Err(Error::invalid(field, "has an impossible length")),
        // SAFETY: as the caller promises.
        (false, len) => Ok(unsafe { std::slice::from_raw_parts(data.cast(), len) }),
    }
}

/// Numbers that came in.
///
/// # Safety
/// `data` is NULL or points to `count` numbers that live for `'a`.
pub unsafe fn numbers<'a>(field: &str, data: *const i64, count: usize) -> Result<&'a [i64], Error> {
    match (data.is_null(), count) {
        (true, _) => Err(null(field)),
        (false, count) if count > isize::MAX as usize / size_of::<i64>() => {
            Err(Error::invalid(field, "has an impossible length"))
        }
        // SAFETY: as the caller promises.
        (false, count) => Ok(unsafe { std::slice::from_raw_parts(data, count) }),
    }
}

/// A text that came in; inner NULs are legal.
///
/// # Safety
/// As for [`bytes`].
pub unsafe fn text<'a>(field: &str, text: *const c_char, len: usize) -> Result<&'a str, Error> {
    // SAFETY: as the caller promises.
    let bytes = unsafe { bytes(field, text.cast(), len) }?;
    std::str::from_utf8(bytes)
        .map_err(|e| Error::invalid(field, format!("is not UTF-8 at byte {}", e.valid_up_to())))
}

/// A short identifier that came in: NUL-terminated, without control characters.
///
/// # Safety
/// `text` is NULL or NUL-terminated and lives for `'a`.
pub unsafe fn identifier<'a>(field: &str, text: *const c_char) -> Result<&'a str, Error> {
    // SAFETY: as the caller promises.
    let text = unsafe { self::text(field, text, HB_NUL) }?;
    match text.find(char::is_control) {
        Some(at) => Err(Error::invalid(field, format!("has a control character at byte {at}"))),
        None => Ok(text),
    }
}

/// Lends a text to C; nothing there, and a panic, is the empty text.
///
/// # Safety
/// `len` is NULL or may be written.
pub unsafe fn lend(len: *mut usize, get: impl FnOnce() -> Option<&'static Text>) -> *const c_char {
    static EMPTY: Text = Text::new();
    let text = boundary::value(None, get).unwrap_or(&EMPTY);
    // SAFETY: as the caller promises.
    unsafe { put(len, text.len()) };
    text.terminated().as_ptr().cast()
}

#[cfg(test)]
mod tests {
    use super::lend;

    #[test]
    fn a_length_is_written_on_every_path() {
        let mut len = 7;
        // SAFETY: `len` may be written.
        let text = unsafe { lend(&mut len, || panic!("a bug")) };
        assert_eq!(len, 0);
        // SAFETY: a static text.
        assert_eq!(unsafe { *text }, 0);
    }
}
