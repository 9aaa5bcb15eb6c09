//! Memory that goes in circles: what was given back is what the next of its kind is made of.

use std::sync::Mutex;

/// How many of a kind are kept at most.
const MOST: usize = 16;

/// Things that were given back. Nobody waits for them: who finds them in another's hands does without.
pub struct Spares<T>(Mutex<Vec<T>>);

impl<T> Spares<T> {
    /// None so far.
    pub const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Takes the one that was given back last: its memory is the warmest.
    pub fn take(&self) -> Option<T> {
        self.0.try_lock().ok()?.pop()
    }

    /// Gives one back. Whatever is too much is dropped, after the lock.
    pub fn give(&self, spare: T) {
        let Ok(mut spares) = self.0.try_lock() else { return };
        if spares.len() < MOST {
            spares.push(spare);
        }
    }
}

impl<T> Default for Spares<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Spares};

    #[test]
    fn some_are_kept_and_nobody_waits() {
        let spares = Spares::new();
        (0..MOST + 5).for_each(|spare| spares.give(spare));
        let held = spares.0.lock().unwrap();
        assert_eq!(spares.take(), None);
        spares.give(0);
        drop(held);
        assert_eq!(std::iter::from_fn(|| spares.take()).count(), MOST);
    }
}
