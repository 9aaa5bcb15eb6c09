//! When a consumer that waits is woken: at the end of a turn.
//!
//! To wake a thread costs more than all else that is done for an event. A thread that serves many requests has events for
//! one consumer several times before it waits again, so it wakes that consumer once, just before it waits.

use super::sync::Condvar;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A thread that has so much to do that it does not wait wakes consumers this often.
const LONGEST: Duration = Duration::from_micros(100);

/// Those to be woken, since when.
#[derive(Default)]
struct Turn {
    since: Option<Instant>,
    waiting: Vec<Arc<Condvar>>,
}

thread_local! {
    /// `None` on a thread that has no turns.
    static TURN: RefCell<Option<Turn>> = const { RefCell::new(None) };
}

/// From now on the calling thread has turns: whoever runs it calls [`end`] before each wait.
pub fn begin() {
    TURN.set(Some(Turn::default()));
}

/// Wakes who is to be woken: before a wait, and before what takes long.
pub fn end() {
    let _ = TURN.try_with(|turn| {
        if let Some(turn) = &mut *turn.borrow_mut() {
            turn.wake();
        }
    });
}

/// Wakes a consumer, now or at the end of the turn.
pub(super) fn call(consumer: &Arc<Condvar>) {
    let is_later = TURN.try_with(|turn| {
        let mut turn = turn.borrow_mut();
        let Some(turn) = &mut *turn else { return false };
        turn.since.get_or_insert_with(Instant::now);
        turn.waiting.push(Arc::clone(consumer));
        turn.last();
        true
    });
    if !is_later.unwrap_or(false) {
        consumer.notify_one();
    }
}

/// Events came that need no call: one is due already. It may be overdue.
pub(super) fn go_on() {
    let _ = TURN.try_with(|turn| {
        if let Some(turn) = &mut *turn.borrow_mut() {
            turn.last();
        }
    });
}

impl Turn {
    /// It goes on: wakes who has waited long enough.
    fn last(&mut self) {
        if self.since.is_some_and(|since| since.elapsed() > LONGEST) {
            self.wake();
        }
    }

    fn wake(&mut self) {
        self.since = None;
        self.waiting.drain(..).for_each(|consumer| consumer.notify_one());
    }
}

/// A thread that ends has had its last turn.
impl Drop for Turn {
    fn drop(&mut self) {
        self.wake();
    }
}

#[cfg(all(test, not(shuttle)))]
mod tests {
    use super::{begin, end};
    use crate::queue::{Patience, Queue, Taken};
    use std::sync::Arc;
    use std::sync::mpsc::channel;
    use std::thread::{JoinHandle, spawn};

    /// A consumer that waits for a wake.
    fn consumer(queue: &Arc<Queue>) -> JoinHandle<bool> {
        let consumer = Arc::clone(queue);
        let consumer = spawn(move || matches!(consumer.next(Patience::Forever), Ok(Taken::Woken)));
        while !super::super::lock(&queue.state).taking {
            std::thread::yield_now();
        }
        consumer
    }

    #[test]
    fn a_consumer_is_woken_at_the_end_of_the_turn() {
        let queue = Arc::<Queue>::default();
        let waits = consumer(&queue);
        begin();
        queue.wake();
        assert!(super::TURN.with_borrow(|turn| turn.as_ref().is_some_and(|turn| turn.waiting.len() == 1)));
        end();
        assert!(waits.join().unwrap());
    }

    #[test]
    fn a_thread_that_ends_wakes() {
        let queue = Arc::<Queue>::default();
        let waits = consumer(&queue);
        let last = spawn(move || {
            begin();
            queue.wake();
        });
        last.join().unwrap();
        assert!(waits.join().unwrap());
    }

    #[test]
    fn a_turn_that_lasts_wakes_too() {
        let queue = Arc::<Queue>::default();
        let waits = consumer(&queue);
        let (woken, is_woken) = channel();
        let waiter = spawn(move || woken.send(waits.join().unwrap()).unwrap());
        begin();
        // More and more comes, and the turn does not end.
        while is_woken.try_recv().is_err() {
            queue.wake();
        }
        waiter.join().unwrap();
    }
}
