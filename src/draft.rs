//! An object that the app fills: it remembers its first bad value, so that C may check once, at the end.

use crate::boundary;
use crate::handle::{Boxed, Handle, null};
use crate::status::{HB_OK, hb_status, number};
use hyperbolic_core::error::Error;

/// A value under construction.
#[derive(Clone, Default)]
pub struct Draft<T> {
    pub value: T,
    /// The first bad value, with its field. It stays bad whatever is set later.
    bad: Option<Error>,
}

impl<T> Draft<T> {
    /// A value, or what was wrong with what it was to be made from.
    pub fn made(value: Result<T, Error>) -> Self
    where
        T: Default,
    {
        let mut draft = Self { value: T::default(), bad: None };
        match value {
            Ok(value) => draft.value = value,
            Err(bad) => draft.bad = Some(bad),
        }
        draft
    }

    /// Changes the value, and remembers what was wrong.
    pub fn change(&mut self, change: impl FnOnce(&mut T) -> Result<(), Error>) -> hb_status {
        match change(&mut self.value) {
            Ok(()) => HB_OK,
            Err(bad) => {
                let status = number(bad.status);
                self.bad.get_or_insert(bad);
                status
            }
        }
    }

    /// The value, if every part of it is good.
    pub fn whole(&self) -> Result<&T, Error> {
        self.bad.clone().map_or(Ok(&self.value), Err)
    }
}

/// Runs a setter.
///
/// # Safety
/// `draft` is NULL or a handle that nobody else uses meanwhile.
pub unsafe fn set<H, T>(draft: *mut H, change: impl FnOnce(&mut T) -> Result<(), Error>) -> hb_status
where
    H: Boxed + Handle<Behind = Draft<T>>,
    T: 'static,
{
    boundary::status(|| {
        // SAFETY: as the caller promises.
        match unsafe { H::get_mut(draft) } {
            Some(draft) => draft.change(change),
            None => number(null(H::NAME).status),
        }
    })
}
