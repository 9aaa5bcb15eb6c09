//! What a getter does: read through a handle, and answer something neutral where there is nothing to read.

use crate::boundary;
use crate::handle::Handle;
use crate::text::lend;
use hyperbolic_core::text::Text;
use std::ffi::c_char;

/// Reads a number; `neutral` where there is nothing to read.
///
/// # Safety
/// `handle` is NULL or a live handle.
pub unsafe fn read<H: Handle, T: Copy>(
    handle: *const H,
    neutral: T,
    get: impl FnOnce(&H::Behind) -> Option<T>,
) -> T {
    // SAFETY: as the caller promises.
    boundary::value(neutral, || unsafe { H::get(handle) }.and_then(get).unwrap_or(neutral))
}

/// Lends a text; the empty one where there is nothing to read.
///
/// # Safety
/// `handle` is NULL or a live handle; `len` is NULL or may be written.
pub unsafe fn text<H: Handle>(
    handle: *const H,
    len: *mut usize,
    get: impl FnOnce(&'static H::Behind) -> Option<&'static Text>,
) -> *const c_char
where
    H::Behind: 'static,
{
    // SAFETY: as the caller promises; the lifetime of what goes to C is in the header.
    unsafe { lend(len, || H::get(handle).and_then(get)) }
}
