//! The sliding minute of one limit.

use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroU32;
use std::time::Duration;
use tokio::time::Instant;

/// The places that one limit gives in a minute. Every call comes after an [`expire`](Window::expire) to the same `now`.
#[derive(Debug)]
pub struct Window {
    limit: Option<usize>,
    minute: Duration,
    /// Places of requests that the server may not have counted yet, by number, and when each was let in.
    sent: BTreeMap<u64, Instant>,
    /// When the places of counted requests are free again, in order.
    counted: VecDeque<Instant>,
}

impl Window {
    /// A window with all its places free; without a limit it always has one.
    pub fn new(limit: Option<NonZeroU32>, minute: Duration) -> Self {
        let limit = limit.map(|limit| usize::try_from(limit.get()).unwrap_or(usize::MAX));
        Self { limit, minute, sent: BTreeMap::new(), counted: VecDeque::new() }
    }

    /// How many places there are.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(usize::MAX)
    }

    /// Frees what is free by now. A request that the server has not visibly counted within a minute passes for counted
    /// at the end of it: a server that stalls must not keep places for ever.
    pub fn expire(&mut self, now: Instant) {
        while let Some(stalled) = self.sent.first_entry().filter(|place| *place.get() + self.minute <= now) {
            self.counted.push_back(stalled.remove() + self.minute * 2);
        }
        while self.counted.front().is_some_and(|free| *free <= now) {
            self.counted.pop_front();
        }
    }

    fn free(&self) -> usize {
        self.limit() - self.sent.len() - self.counted.len()
    }

    /// Whether one more may go.
    pub fn has_place(&self) -> bool {
        self.free() > 0
    }

    /// When time alone frees a place; `None` if one is free.
    pub fn next_free(&self) -> Option<Instant> {
        if self.has_place() {
            return None;
        }
        self.counted.front().copied().or_else(|| Some(*self.sent.values().next()? + self.minute * 2))
    }

    /// Takes a place, if they are limited. Numbers must rise.
    pub fn take(&mut self, place: u64, now: Instant) {
        if self.limit.is_some() {
            self.sent.insert(place, now);
        }
    }

    /// The server has counted the request of this place.
    pub fn count(&mut self, place: u64, now: Instant) {
        if self.sent.remove(&place).is_some() {
            self.counted.push_back(now + self.minute);
        }
    }

    /// The server never saw the request of this place.
    pub fn give_back(&mut self, place: u64) {
        self.sent.remove(&place);
    }

    /// All places are free.
    pub fn renew(&mut self) {
        self.sent.clear();
        self.counted.clear();
    }

    /// No request with `ahead` others before it starts earlier, if nobody starts before `from` and nobody gives a place
    /// back: each start keeps its place for a minute at least.
    pub fn earliest(&self, ahead: usize, from: Instant, now: Instant) -> Instant {
        let Some(limit) = self.limit else { return from };
        let first = match (ahead % limit).checked_sub(self.free()) {
            None => from,
            // What is not counted yet will be counted now at the earliest.
            Some(nth) => self.counted.get(nth).copied().unwrap_or(now + self.minute).max(from),
        };
        let rounds = u32::try_from(ahead / limit).unwrap_or(u32::MAX);
        first + self.minute.saturating_mul(rounds)
    }
}

#[cfg(test)]
mod tests {
    use super::Window;
    use std::num::NonZeroU32;
    use std::time::Duration;
    use tokio::time::Instant;

    const MINUTE: Duration = Duration::from_secs(60);

    fn window(limit: u32) -> (Window, Instant) {
        (Window::new(NonZeroU32::new(limit), MINUTE), Instant::now())
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[test]
    fn a_place_is_free_a_minute_after_it_was_counted() {
        let (mut window, start) = window(1);
        window.take(1, start);
        assert_eq!(window.next_free(), Some(start + MINUTE * 2));
        window.count(1, start + seconds(5));
        assert_eq!(window.next_free(), Some(start + seconds(65)));
        window.expire(start + seconds(65) - Duration::from_nanos(1));
        assert!(!window.has_place());
        window.expire(start + seconds(65));
        assert!(window.has_place());
    }

    #[test]
    fn a_stalled_request_keeps_its_place_for_two_minutes() {
        let (mut window, start) = window(1);
        window.take(1, start);
        window.expire(start + seconds(70));
        assert_eq!(window.next_free(), Some(start + MINUTE * 2));
        window.count(1, start + seconds(70));
        assert_eq!(window.next_free(), Some(start + MINUTE * 2));
        window.expire(start + MINUTE * 2);
        assert!(window.has_place());
    }

    #[test]
    fn what_was_never_sent_takes_no_place() {
        let (mut window, start) = window(1);
        window.take(1, start);
        window.give_back(1);
        assert!(window.has_place());
        window.count(1, start);
        assert!(window.has_place());
    }

    #[test]
    fn the_earliest_start_repeats_every_minute() {
        let (mut window, start) = window(3);
        let earliest = |window: &Window, ahead, now| (window.earliest(ahead, now, now) - start).as_secs();
        assert_eq!([0, 2, 3, 5, 6].map(|ahead| earliest(&window, ahead, start)), [0, 0, 60, 60, 120]);
        window.take(1, start);
        window.take(2, start);
        window.count(2, start + seconds(10));
        let now = start + seconds(20);
        // One place is free, one is at 70, one is not counted yet.
        assert_eq!([0, 1, 2, 3, 4, 5].map(|ahead| earliest(&window, ahead, now)), [20, 70, 80, 80, 130, 140]);
        let from = start + seconds(75);
        let after = [0, 1, 2, 3].map(|ahead| (window.earliest(ahead, from, now) - start).as_secs());
        assert_eq!(after, [75, 75, 80, 135]);
    }
}
