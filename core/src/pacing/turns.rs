//! Who waits, who runs, and whose turn it is.

use super::window::Window;
use super::{Rates, TooLate, Why};
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::task::Waker;
use std::time::Duration;
use tokio::time::Instant;

/// What a pacer guards. Time is told to it; whom to wake it tells.
#[derive(Debug)]
pub struct Turns {
    minute: Duration,
    general: Window,
    /// First the models without a limit of their own, then each that has one. So those who wait for their model's limit
    /// stand in nobody's way, and nobody has to look past them.
    lines: Vec<Line>,
    concurrent: Option<NonZeroU32>,
    running: u32,
    pause: Option<Instant>,
    /// The pause for which everybody in line was looked at.
    looked: Option<Instant>,
    /// How many places were taken so far.
    places: u64,
    /// How many of them under an earlier key.
    before_renewal: u64,
    /// What became of those who have left a line and do not know it yet.
    decided: HashMap<u64, Result<Place, TooLate>>,
    /// The one in line whose timer is set to `alarm`, for everybody.
    keeper: Option<(usize, u64)>,
    alarm: Option<Instant>,
    wake: Vec<Waker>,
}

/// Those who wait under the same limits, by ticket.
#[derive(Debug)]
struct Line {
    model: String,
    window: Window,
    waiting: BTreeMap<u64, Waiter>,
}

#[derive(Debug)]
struct Waiter {
    until: Option<Instant>,
    waker: Option<Waker>,
}

/// Where a request was let in.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    number: u64,
    line: usize,
}

/// What is known of a request when its permit changes or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It may be anywhere.
    Sent,
    /// The server has counted it.
    Counted,
    /// The server never saw it.
    NeverSent,
}

/// What somebody in line does next.
#[derive(Debug)]
pub enum Step {
    /// Leaves.
    Leave(Result<Place, TooLate>),
    /// Waits to be woken, or, if he keeps the time, until then.
    Wait(Option<Instant>),
}

impl Turns {
    /// Nobody waits, nobody runs.
    pub fn new(rates: Rates, minute: Duration) -> Self {
        let line =
            |model, limit| Line { model, window: Window::new(limit, minute), waiting: BTreeMap::new() };
        let mut lines = vec![line(String::new(), None)];
        lines.extend(rates.models.into_iter().map(|(model, limit)| line(model, Some(limit))));
        Self {
            minute,
            general: Window::new(rates.per_minute, minute),
            lines,
            concurrent: rates.concurrent,
            running: 0,
            pause: None,
            looked: None,
            places: 0,
            before_renewal: 0,
            decided: HashMap::new(),
            keeper: None,
            alarm: None,
            wake: Vec::new(),
        }
    }

    /// Takes note of the time; comes before everything else.
    pub fn expire(&mut self, now: Instant) {
        self.general.expire(now);
        self.lines.iter_mut().for_each(|line| line.window.expire(now));
        self.pause = self.pause.filter(|pause| now < *pause);
    }

    /// The line in which requests to a model wait.
    pub fn line_of(&self, model: &str) -> usize {
        let own = self.lines.iter().skip(1).position(|line| line.model == model);
        own.map_or(0, |index| index + 1)
    }

    /// Lets a request in, or into its line; it hears by a [`step`](Self::step).
    pub fn enter(
        &mut self,
        line: usize,
        ticket: u64,
        until: Option<Instant>,
        now: Instant,
    ) -> Result<(), TooLate> {
        let nobody_waits = self.lines.iter().all(|line| line.waiting.is_empty());
        if nobody_waits && self.may_start() && self.lines[line].window.has_place() {
            let place = self.take(line, now);
            self.decided.insert(ticket, Ok(place));
            return Ok(());
        }
        let rest = if line == 0 { 0 } else { self.ahead(0, ticket) };
        if let Some(late) = self.too_late(line, self.ahead(line, ticket), rest, until, now) {
            return Err(late);
        }
        self.lines[line].waiting.insert(ticket, Waiter { until, waker: None });
        Ok(())
    }

    /// How many in a line come before a ticket.
    fn ahead(&self, line: usize, ticket: u64) -> usize {
        let waiting = &self.lines[line].waiting;
        match waiting.last_key_value() {
            Some((last, _)) if ticket < *last => waiting.range(..ticket).count(),
            _ => waiting.len(),
        }
    }

    /// Whether a request that has `here` others before it in its own line, and `rest` in the line of the models without
    /// a limit, is known to start too late. Those in other lines may be overtaken, and do not count.
    fn too_late(
        &self,
        line: usize,
        here: usize,
        rest: usize,
        until: Option<Instant>,
        now: Instant,
    ) -> Option<TooLate> {
        let until = until?;
        let Line { model, window, .. } = &self.lines[line];
        let from = self.pause.unwrap_or(now);
        let (general, own) =
            (self.general.earliest(here + rest, from, now), window.earliest(here, from, now));
        let start = general.max(own);
        if start <= now || start < until {
            return None;
        }
        // A limit that adds nothing to a pause is not the reason.
        let why = if start == from {
            Why::Pause
        } else if start == own {
            Why::ModelRate(window.limit(), model.clone())
        } else {
            Why::Rate(self.general.limit())
        };
        Some(TooLate { wait: start - now, why })
    }

    fn may_start(&self) -> bool {
        self.pause.is_none() && self.has_permit() && self.general.has_place()
    }

    fn has_permit(&self) -> bool {
        self.concurrent.is_none_or(|most| self.running < most.get())
    }

    fn take(&mut self, line: usize, now: Instant) -> Place {
        self.running += 1;
        self.places += 1;
        self.general.take(self.places, now);
        self.lines[line].window.take(self.places, now);
        Place { number: self.places, line }
    }

    /// What somebody in line does next; `waker` is kept for when that changes.
    pub fn step(&mut self, line: usize, ticket: u64, waker: &Waker, now: Instant) -> Step {
        // The timer may have fired, so that it may be his own turn.
        self.settle(now);
        if let Some(verdict) = self.decided.remove(&ticket) {
            return Step::Leave(verdict);
        }
        if let Some(waiter) = self.lines[line].waiting.get_mut(&ticket) {
            waiter.waker = Some(waker.clone());
        }
        Step::Wait(self.alarm.filter(|_| self.keeper == Some((line, ticket))))
    }

    /// Takes somebody out who does not want to wait any more, or never took what he got.
    pub fn cancel(&mut self, line: usize, ticket: u64, now: Instant) {
        self.lines[line].waiting.remove(&ticket);
        if let Some(Ok(place)) = self.decided.remove(&ticket) {
            self.leave(place, Fate::NeverSent, now);
        }
    }

    /// The server has counted a request.
    pub fn count(&mut self, place: Place, now: Instant) {
        self.general.count(place.number, now);
        self.lines[place.line].window.count(place.number, now);
    }

    /// A request runs no more.
    pub fn leave(&mut self, place: Place, fate: Fate, now: Instant) {
        self.running -= 1;
        match fate {
            Fate::Sent => self.count(place, now),
            Fate::Counted => {}
            Fate::NeverSent => {
                self.general.give_back(place.number);
                self.lines[place.line].window.give_back(place.number);
            }
        }
    }

    /// Nobody starts before `until`: so the server answered the request of this place.
    pub fn pause(&mut self, place: Place, until: Instant, now: Instant) {
        let of_another_key = place.number <= self.before_renewal;
        if of_another_key || until <= now || self.pause.is_some_and(|pause| until <= pause) {
            return;
        }
        self.pause = Some(until);
        // A burst of 429s lengthens the pause by a little each time, and each time everybody would be looked at.
        if self.looked.is_none_or(|looked| looked + self.minute / 100 <= until) {
            self.looked = Some(until);
            self.refuse_the_late(now);
        }
    }

    /// Ends the wait of everybody who is known to start too late.
    fn refuse_the_late(&mut self, now: Instant) {
        let with_line = |(index, line): (usize, &Line)| {
            line.waiting.iter().map(|(ticket, waiter)| (*ticket, index, waiter.until)).collect::<Vec<_>>()
        };
        let mut everybody: Vec<_> = self.lines.iter().enumerate().flat_map(with_line).collect();
        everybody.sort_unstable_by_key(|(ticket, ..)| *ticket);
        let mut ahead = vec![0; self.lines.len()];
        for (ticket, line, until) in everybody {
            let rest = if line == 0 { 0 } else { ahead[0] };
            match self.too_late(line, ahead[line], rest, until, now) {
                None => ahead[line] += 1,
                Some(late) => self.decide(line, ticket, Err(late)),
            }
        }
    }

    fn decide(&mut self, line: usize, ticket: u64, verdict: Result<Place, TooLate>) {
        if let Some(waiter) = self.lines[line].waiting.remove(&ticket) {
            self.decided.insert(ticket, verdict);
            self.wake.extend(waiter.waker);
        }
    }

    /// Another key: its minute is unused and it was never told to wait.
    pub fn renew(&mut self) {
        self.general.renew();
        self.lines.iter_mut().for_each(|line| line.window.renew());
        (self.pause, self.looked, self.before_renewal) = (None, None, self.places);
    }

    /// Lets in everybody who may start, and sees to it that somebody keeps the time for the others.
    pub fn settle(&mut self, now: Instant) {
        while let Some((ticket, line)) = self.next_turn() {
            let place = self.take(line, now);
            self.decide(line, ticket, Ok(place));
        }
        self.keep_time(now);
    }

    /// Who is next: the lowest ticket of those whose model's limit has a place.
    fn next_turn(&self) -> Option<(u64, usize)> {
        if !self.may_start() {
            return None;
        }
        let open = self.lines.iter().enumerate().filter(|(_, line)| line.window.has_place());
        open.filter_map(|(index, line)| Some((*line.waiting.first_key_value()?.0, index))).min()
    }

    /// One timer is enough: whoever keeps it lets all the others in. It moves on when its keeper leaves.
    fn keep_time(&mut self, now: Instant) {
        let Some(next) = self.next_start() else {
            self.alarm = None;
            return;
        };
        let keeper = self.keeper.filter(|(line, ticket)| self.lines[*line].waiting.contains_key(ticket));
        if keeper.is_some() && self.alarm.is_some_and(|alarm| now < alarm && alarm <= next) {
            return;
        }
        let first = |(index, line): (usize, &Line)| Some((index, *line.waiting.first_key_value()?.0));
        self.keeper = keeper.or_else(|| self.lines.iter().enumerate().find_map(first));
        self.alarm = Some(next);
        if let Some((line, ticket)) = self.keeper
            && let Some(waiter) = self.lines[line].waiting.get_mut(&ticket)
        {
            self.wake.extend(waiter.waker.take());
        }
    }

    /// When time alone lets somebody in; `None` if nobody waits for that.
    fn next_start(&self) -> Option<Instant> {
        if !self.has_permit() {
            return None;
        }
        let waited_for = self.lines.iter().filter(|line| !line.waiting.is_empty());
        let own = waited_for.map(|line| line.window.next_free()).min()?;
        own.max(self.general.next_free()).max(self.pause)
    }

    /// Whom to wake, once the lock is free.
    pub fn take_wakers(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.wake)
    }

    /// Whether nothing is left of anybody.
    #[cfg(test)]
    pub fn is_idle(&self) -> bool {
        let nobody = self.lines.iter().all(|line| line.waiting.is_empty());
        nobody && self.running == 0 && self.decided.is_empty() && self.wake.is_empty()
    }
}
