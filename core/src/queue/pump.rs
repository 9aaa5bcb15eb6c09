//! A dispatch: what it takes, and when it returns.

use super::{Queue, Taken};
use crate::error::Status;
use std::time::{Duration, Instant};

/// A dispatch under way. Nothing in it needs a drop: a callback may leave without one. Whoever has one calls
/// [`end`](Self::end).
#[derive(Clone, Copy, Debug)]
pub struct Pump {
    /// Events that it may take.
    most: usize,
    taken: usize,
    until: Option<Instant>,
}

/// What a dispatch begins with.
#[derive(Clone, Copy, Debug)]
pub enum Begun {
    /// Something waits.
    Pump(Pump),
    /// A wake, which is consumed.
    Woken,
    /// Nothing to do.
    Nothing,
}

impl Pump {
    /// Looks whether there is anything to do, which is cheap if there is not. It takes no more than what waits now, so
    /// that it ends even if events come faster than they are handled.
    pub fn begin(queue: &Queue, most: usize, budget: Option<Duration>) -> Result<Begun, Status> {
        match queue.waiting()? {
            0 if queue.take_wake() => {
                // What came in between had no reason of its own to call the hook.
                queue.part();
                Ok(Begun::Woken)
            }
            0 => Ok(Begun::Nothing),
            waiting => {
                let until = budget.and_then(|budget| Instant::now().checked_add(budget));
                Ok(Begun::Pump(Self { most: waiting.min(most), taken: 0, until }))
            }
        }
    }

    /// Takes the next event, unless it is time to return; `is_enough` is that the app said so. One is taken in any case.
    pub fn take(&mut self, queue: &Queue, is_enough: bool) -> Result<Taken, Status> {
        if self.taken > 0 {
            if queue.take_wake() {
                return Ok(Taken::Woken);
            }
            let is_over = self.until.is_some_and(|until| until <= Instant::now());
            if is_enough || is_over || self.taken >= self.most {
                return Ok(Taken::Nothing);
            }
        }
        let event = queue.take()?;
        self.taken += usize::from(event.is_some());
        Ok(event.map_or(Taken::Nothing, Taken::Event))
    }

    /// Returns. Who goes by the hook must come back for what is left.
    pub fn end(self, queue: &Queue) {
        queue.part();
    }
}
