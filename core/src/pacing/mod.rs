//! When an attempt may be sent: so many a minute, so many at a time, and not while the server asks for a pause.
//!
//! The servers' own limits come without a Retry-After, so that the client has to count for itself. What counts is when
//! the server counts a request, and that lies somewhere between its sending and the head of its answer. So a place in
//! the minute is taken before a request is sent, and is free again a minute after it has certainly been counted. In any
//! minute of the server's it then sees no more than its limit, however long requests are on their way: of two that
//! had the same place, the second is sent a minute or more after the first was counted. (But for a request that is
//! dropped, or not answered for a minute, and is still on its way: it passes for counted.)

use crate::sync::lock;
use std::fmt;
use std::future::poll_fn;
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};
use turns::{Fate, Place, Step, Turns};

mod turns;
mod window;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod tests;

/// What a server, or its owner, allows; `None` is no limit.
#[derive(Clone, Debug, Default)]
pub struct Rates {
    /// Requests a minute, of whatever model.
    pub per_minute: Option<NonZeroU32>,
    /// Requests a minute of a model, by its exact id, beside the general limit. The first entry of a model counts.
    pub models: Vec<(String, NonZeroU32)>,
    /// Requests at a time.
    pub concurrent: Option<NonZeroU32>,
}

/// Says when an attempt may be sent. One for each client, shared by all that it does.
///
/// First come, first served; only who waits for the limit of his model lets those of other models pass. There is no task
/// in the background: while somebody waits, one of those who wait keeps the timer. (So a [`Turn`] has to be awaited or
/// dropped, as a task does by itself; put aside, it may hold up others.)
#[derive(Debug)]
pub struct Pacer {
    turns: Mutex<Turns>,
    tickets: AtomicU64,
}

/// A place in line. A request keeps it over all its attempts, so that a retry does not go to the end.
#[derive(Clone, Debug)]
pub struct Ticket {
    pacer: Arc<Pacer>,
    number: u64,
    line: usize,
}

/// An attempt's turn, in line or come. Dropped before it was taken, it is the next one's.
#[derive(Debug)]
pub struct Turn(Ticket);

/// Leave to send one request and read its answer. Dropped, the next may go.
#[derive(Debug)]
pub struct Permit {
    pacer: Arc<Pacer>,
    place: Place,
    fate: Fate,
}

/// A request cannot start in time. It says what holds the request up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooLate {
    /// It starts no earlier than this from now.
    pub wait: Duration,
    /// What holds it up.
    pub why: Why,
}

/// What holds a request up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// The general limit, in requests a minute.
    Rate(usize),
    /// The limit of a model, in requests a minute.
    ModelRate(usize, String),
    /// The server asked for it.
    Pause,
}

impl Pacer {
    /// A pacer that nobody has used; `minute` is 60 seconds everywhere but in tests.
    pub fn new(rates: Rates, minute: Duration) -> Arc<Self> {
        Arc::new(Self { turns: Mutex::new(Turns::new(rates, minute)), tickets: AtomicU64::new(0) })
    }

    /// The last place in line, for a new request to this model.
    pub fn ticket(self: &Arc<Self>, model: &str) -> Ticket {
        let number = self.tickets.fetch_add(1, Ordering::Relaxed);
        Ticket { pacer: Arc::clone(self), number, line: lock(&self.turns).line_of(model) }
    }

    /// The requests from now on have another key: the minute starts afresh, and what the server asked of the old key
    /// is void.
    pub fn renew(&self) {
        self.change(|turns, _| turns.renew());
    }

    /// What every change comes down to: the lock is short, whoever may go is let in, and is woken when the lock is free.
    fn change<T>(&self, change: impl FnOnce(&mut Turns, Instant) -> T) -> T {
        let mut turns = lock(&self.turns);
        let now = Instant::now();
        turns.expire(now);
        let result = change(&mut turns, now);
        turns.settle(now);
        let wake = turns.take_wakers();
        drop(turns);
        wake.into_iter().for_each(|waker| waker.wake());
        result
    }
}

impl Ticket {
    /// Lines up for an attempt: at once, so that who calls first is served first, whenever he comes to wait.
    ///
    /// It fails if the attempt cannot start before `until`, by the places that are taken, the pause and those ahead in
    /// line. That is certain as long as nobody gives a place back: by a [`never_sent`](Permit::never_sent), by leaving
    /// the line, or by another key. A limit on requests at a time says nothing about when. `until` itself ends no wait:
    /// that is the caller's own timer.
    pub fn line_up(&self, until: Option<Instant>) -> Result<Turn, TooLate> {
        self.pacer.change(|turns, now| turns.enter(self.line, self.number, until, now))?;
        Ok(Turn(self.clone()))
    }

    /// The same place in the line of another model. Only one of them may be in line.
    pub fn of_model(&self, model: &str) -> Self {
        Self { line: lock(&self.pacer.turns).line_of(model), ..self.clone() }
    }

    /// Lines up and waits.
    #[cfg(test)]
    async fn enter(&self, until: Option<Instant>) -> Result<Permit, TooLate> {
        self.line_up(until)?.comes().await
    }

    /// Leaves the line, in which the turn is another's then; one that was taken is not touched.
    pub fn leave(&self) {
        self.pacer.change(|turns, now| turns.cancel(self.line, self.number, now));
    }
}

impl Turn {
    /// Waits until the attempt may be sent. When a pause comes, it fails as [`line_up`](Ticket::line_up) does. Who left
    /// meanwhile waits for ever.
    pub async fn comes(self) -> Result<Permit, TooLate> {
        let mut timer = pin!(sleep_until(Instant::now()));
        let place = poll_fn(|context| self.poll(context, timer.as_mut())).await?;
        Ok(Permit { pacer: Arc::clone(&self.0.pacer), place, fate: Fate::Sent })
    }

    fn poll(&self, context: &mut Context<'_>, mut timer: Pin<&mut Sleep>) -> Poll<Result<Place, TooLate>> {
        let Ticket { pacer, number, line } = &self.0;
        loop {
            match pacer.change(|turns, now| turns.step(*line, *number, context.waker(), now)) {
                Step::Leave(verdict) => return Poll::Ready(verdict),
                Step::Wait(None) => return Poll::Pending,
                Step::Wait(Some(alarm)) => {
                    timer.as_mut().reset(alarm);
                    ready!(timer.as_mut().poll(context));
                }
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.leave();
    }
}

impl Permit {
    /// The head of an answer came: the server has counted the request by now.
    pub fn counted(&mut self) {
        if self.fate == Fate::Sent {
            self.fate = Fate::Counted;
            self.pacer.change(|turns, now| turns.count(self.place, now));
        }
    }

    /// The server answered that nobody may start before `until`, as with a 429. A pause only ever grows until it has
    /// passed. If the pacer was renewed meanwhile, the answer was to another key, and nothing happens.
    pub fn pause(&self, until: Instant) {
        self.pacer.change(|turns, now| turns.pause(self.place, until, now));
    }

    /// There was no connection: its drop gives the place in the minute back, unless it took more than a minute to find out.
    pub fn never_sent(&mut self) {
        if self.fate == Fate::Sent {
            self.fate = Fate::NeverSent;
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.pacer.change(|turns, now| turns.leave(self.place, self.fate, now));
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rate(limit) => write!(f, "the limit of {limit} requests a minute"),
            Self::ModelRate(limit, model) => write!(f, "the limit of {limit} requests a minute for {model}"),
            Self::Pause => f.write_str("a pause that the server asked for"),
        }
    }
}

impl fmt::Display for TooLate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} holds the request up for at least {} ms", self.why, self.wait.as_millis())
    }
}

impl std::error::Error for TooLate {}
