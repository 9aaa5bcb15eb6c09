//! Ownership as types: which constructor made a pointer, and so who may free it and how.
//!
//! C sees every handle as a pointer to a type without fields; behind it is the Rust type that [`Handle`] names.
//! A [`Boxed`] handle has one owner; a [`Shared`] one is counted, so that a call that has begun keeps what it
//! works on while another thread frees it. A free function of the wrong kind does not compile.

use crate::boundary;
use hyperbolic_core::error::Error;
use std::sync::Arc;

/// A type that C knows by pointer only.
pub trait Handle {
    /// What is behind the pointer.
    type Behind;
    /// How C's parameters of this type are called, for errors.
    const NAME: &'static str;

    /// Reads through a handle; `None` for NULL.
    ///
    /// # Safety
    /// `pointer` is NULL or a handle that outlives `'a`, and nobody changes it meanwhile.
    unsafe fn get<'a>(pointer: *const Self) -> Option<&'a Self::Behind>
    where
        Self: Sized,
    {
        // SAFETY: as the caller promises.
        unsafe { pointer.cast::<Self::Behind>().as_ref() }
    }

    /// Reads through a handle that must not be NULL.
    ///
    /// # Safety
    /// As for [`Handle::get`].
    unsafe fn need<'a>(pointer: *const Self) -> Result<&'a Self::Behind, Error>
    where
        Self: Sized,
    {
        // SAFETY: as the caller promises.
        unsafe { Self::get(pointer) }.ok_or_else(|| null(Self::NAME))
    }
}

/// The error of a NULL that is not allowed.
pub fn null(parameter: &str) -> Error {
    Error::invalid(parameter, "is NULL")
}

/// A handle with one owner, used by one thread at a time.
pub trait Boxed: Handle + Sized {
    /// Gives a value to C.
    fn into_raw(value: Self::Behind) -> *mut Self {
        Box::into_raw(Box::new(value)).cast()
    }

    /// Changes through a handle; `None` for NULL.
    ///
    /// # Safety
    /// `pointer` is NULL or a handle that nobody else uses meanwhile.
    unsafe fn get_mut<'a>(pointer: *mut Self) -> Option<&'a mut Self::Behind> {
        // SAFETY: as the caller promises.
        unsafe { pointer.cast::<Self::Behind>().as_mut() }
    }

    /// Takes a value back from C and drops it.
    ///
    /// # Safety
    /// `pointer` is NULL or came from [`Boxed::into_raw`] and is not used again.
    unsafe fn free(pointer: *mut Self) {
        boundary::free(|| {
            if !pointer.is_null() {
                // SAFETY: as the caller promises.
                drop(unsafe { Box::from_raw(pointer.cast::<Self::Behind>()) });
            }
        });
    }
}

/// A handle that is counted.
pub trait Shared: Handle + Sized {
    /// Gives a reference to C.
    fn into_raw(value: Arc<Self::Behind>) -> *mut Self {
        Arc::into_raw(value).cast::<Self>().cast_mut()
    }

    /// A reference of our own to what C holds; `None` for NULL.
    ///
    /// # Safety
    /// `pointer` is NULL or a live handle from [`Shared::into_raw`] or [`Shared::lend`].
    unsafe fn share(pointer: *const Self) -> Option<Arc<Self::Behind>> {
        if pointer.is_null() {
            return None;
        }
        let behind = pointer.cast::<Self::Behind>();
        // SAFETY: the pointer came from an `Arc`, whose count is at least one for as long as the handle lives.
        Some(unsafe {
            Arc::increment_strong_count(behind);
            Arc::from_raw(behind)
        })
    }

    /// As [`Shared::share`], for a handle that must not be NULL.
    ///
    /// # Safety
    /// As for [`Shared::share`].
    unsafe fn need_shared(pointer: *const Self) -> Result<Arc<Self::Behind>, Error> {
        // SAFETY: as the caller promises.
        unsafe { Self::share(pointer) }.ok_or_else(|| null(Self::NAME))
    }

    /// A pointer that is valid as long as `value`.
    fn lend(value: &Arc<Self::Behind>) -> *const Self {
        Arc::as_ptr(value).cast()
    }

    /// Another reference for C; NULL for NULL.
    ///
    /// # Safety
    /// As for [`Shared::share`].
    unsafe fn retain(pointer: *const Self) -> *mut Self {
        // SAFETY: as the caller promises.
        unsafe { Self::share(pointer) }.map_or(std::ptr::null_mut(), Self::into_raw)
    }

    /// Drops C's reference.
    ///
    /// # Safety
    /// `pointer` is NULL or a reference of C's own, which it does not use again.
    unsafe fn release(pointer: *mut Self) {
        boundary::free(|| {
            if !pointer.is_null() {
                // SAFETY: as the caller promises.
                drop(unsafe { Arc::from_raw(pointer.cast::<Self::Behind>().cast_const()) });
            }
        });
    }
}
