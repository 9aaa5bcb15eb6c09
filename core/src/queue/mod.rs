//! Events waiting for their consumer.

mod event;
mod pump;
mod state;
mod sync;
mod turn;
mod wake;

pub use event::{Event, EventKind, Waiting};
pub use pump::{Begun, Pump};
pub use turn::{begin as begin_turns, end as end_turn};
pub use wake::{Hook, Ring, Signal};

use crate::error::{Error, Status};
use crate::registry::Registry;
use state::{Inbox, State};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};
use sync::{Condvar, Mutex, MutexGuard, lock, wait, wait_for};
use wake::Bell;

/// The queue of every request whose end has not been taken.
static QUEUES: Registry<Queue> = Registry::new();

/// Cancels a request by its id; one that never was, or whose end was taken, is left alone.
pub fn cancel(id: u64) {
    if let Some(queue) = QUEUES.find(id) {
        queue.cancel(id);
    }
}

/// Keeps what waits of a request from its consumer, or lets it go; one whose end was taken is left alone.
pub fn hold(id: u64, hold: bool) {
    if let Some(queue) = QUEUES.find(id) {
        queue.hold(id, hold);
    }
}

/// Ends every request there is; those that had ended keep what waits.
pub fn cancel_all(why: &str) {
    for (id, queue) in QUEUES.all() {
        if let Some(producer) = queue.producer(id) {
            producer.cancel(why);
        }
    }
}

/// What fills an inbox.
pub trait Producer: Send + Sync {
    /// Ends it for its consumer: what waits is dropped, and its last event waits in the queue on return.
    fn cancel(&self, why: &str);
    /// Its inbox, which was full, has room again.
    fn resume(&self);
}

/// Events of any number of requests, in order within each.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    /// There is something for the consumer that waits.
    arrived: Arc<Condvar>,
    /// A call of the hook is over.
    rung: Condvar,
}

/// How long to wait for an event.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// Until one comes or the queue closes.
    Forever,
    /// At most this long.
    For(Duration),
}

/// What a wait brought.
#[derive(Debug)]
pub enum Taken {
    /// The next event.
    Event(Event),
    /// A wake, which is consumed.
    Woken,
    /// Nothing; the time is over.
    Nothing,
}

impl Queue {
    /// Opens an inbox, which is full with `bound` bytes. A closed queue takes no more requests.
    pub(crate) fn open(
        self: &Arc<Self>,
        id: u64,
        tag: u64,
        bound: usize,
        producer: Weak<dyn Producer>,
    ) -> Result<(), Error> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(Error::new(Status::Closed, "the queue is closed"));
        }
        state.inboxes.insert(
            id,
            Inbox { tag, bound, producer, waiting: Waiting::default(), held: false, cancelled: false },
        );
        QUEUES.add(id, self);
        Ok(())
    }

    /// Takes back an inbox, also what a close that came between put into it.
    pub(crate) fn withdraw(&self, id: u64) {
        let mut state = lock(&self.state);
        state.clear(id, Waiting::clear);
        state.remove(id);
        drop(self.leave(state));
    }

    /// Ends a request for its consumer. One that had ended keeps its end, but what waits before it is dropped too.
    fn cancel(&self, id: u64) {
        if let Some(producer) = self.producer(id) {
            producer.cancel("the request was cancelled");
        }
        let mut state = lock(&self.state);
        state.let_go(id);
        state.clear(id, Waiting::keep_end);
        drop(self.leave(state));
    }

    /// Keeps what waits of a request, or lets it go.
    fn hold(&self, id: u64, hold: bool) {
        let mut state = lock(&self.state);
        state.hold(id, hold);
        drop(self.leave(state));
    }

    /// To be ended outside the lock, because that delivers its last event here.
    fn producer(&self, id: u64) -> Option<Arc<dyn Producer>> {
        lock(&self.state).inboxes.get(&id).and_then(|inbox| inbox.producer.upgrade())
    }

    /// Delivers events of a request, and says whether it now has so much waiting that no more is read for it. The hook's
    /// call is for after every lock.
    pub(crate) fn deliver(&self, id: u64, events: &mut Waiting) -> (Option<Ring<'_>>, bool) {
        if events.is_empty() {
            return (None, false);
        }
        let mut state = lock(&self.state);
        let is_full = state.append(id, events);
        (self.leave(state), is_full)
    }

    /// Delivers the last events of a request in place of what waits, which its consumer does not want any more.
    pub(crate) fn replace(&self, id: u64, events: &mut Waiting) -> Option<Ring<'_>> {
        let mut state = lock(&self.state);
        state.let_go(id);
        state.clear(id, Waiting::clear);
        state.append(id, events);
        self.leave(state)
    }

    /// Whether a request still has so much waiting.
    pub(crate) fn is_full(&self, id: u64) -> bool {
        lock(&self.state).inboxes.get(&id).is_some_and(Inbox::is_full)
    }

    /// Takes the next event, going round the requests, or a wake, which comes first.
    pub fn next(&self, patience: Patience) -> Result<Taken, Status> {
        let until = match patience {
            Patience::Forever => None,
            // A wait that reaches beyond the clock is one for ever.
            Patience::For(time) => Instant::now().checked_add(time),
        };
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.taking, true) {
            return Err(Status::Busy);
        }
        let found = loop {
            if std::mem::take(&mut state.woken) {
                break Ok((Taken::Woken, None));
            }
            if let Some((event, resumed)) = state.take() {
                break Ok((Taken::Event(event), resumed));
            }
            if state.is_over() {
                break Err(Status::Closed);
            }
            state.called = false;
            state = match until {
                None => wait(&self.arrived, state),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break Ok((Taken::Nothing, None));
                    }
                    wait_for(&self.arrived, state, left)
                }
            };
        };
        state.taking = false;
        // Taking gives nobody a reason to come.
        drop(self.leave(state));
        let (taken, resumed) = found?;
        resume(resumed);
        Ok(taken)
    }

    /// How many events wait, for a consumer that is about to take them without waiting.
    fn waiting(&self) -> Result<usize, Status> {
        let state = lock(&self.state);
        match state.waiting {
            _ if state.taking => Err(Status::Busy),
            0 if state.is_over() => Err(Status::Closed),
            waiting => Ok(waiting),
        }
    }

    /// Takes the next event, if one waits.
    fn take(&self) -> Result<Option<Event>, Status> {
        let mut state = lock(&self.state);
        if state.taking {
            return Err(Status::Busy);
        }
        let Some((event, resumed)) = state.take() else {
            return if state.is_over() { Err(Status::Closed) } else { Ok(None) };
        };
        drop(self.leave(state));
        resume(resumed);
        Ok(Some(event))
    }

    /// Consumes a wake, if there is one.
    fn take_wake(&self) -> bool {
        let mut state = lock(&self.state);
        let woken = std::mem::take(&mut state.woken);
        if woken {
            drop(self.leave(state));
        }
        woken
    }

    /// Gets one next or dispatch to return: the one that waits, or the one that follows. Wakes that were not consumed
    /// are one.
    pub fn wake(&self) {
        let mut state = lock(&self.state);
        state.woken = true;
        drop(self.leave(state));
    }

    /// For a consumer that leaves: calls the hook if something waits that it has not taken.
    fn part(&self) {
        let state = lock(&self.state);
        let is_left = state.waiting > 0 || state.woken;
        drop(self.tell(state, is_left));
    }

    /// Calls the hook if there is a reason to come.
    fn ring(&self) {
        drop(self.tell(lock(&self.state), true));
    }

    /// Replaces the hook, and calls the new one if there is something to take. On return the old one is not running.
    pub fn set_hook(&self, hook: Option<Hook>) {
        let old = std::mem::replace(&mut lock(&self.state).bell, hook.map(Bell::new));
        self.silence(old);
        self.ring();
    }

    /// Waits until a hook that was taken out is not running.
    fn silence(&self, bell: Option<Arc<Bell>>) {
        let Some(bell) = bell else { return };
        let mut state = lock(&self.state);
        while bell.is_ringing() {
            state = wait(&self.rung, state);
        }
    }

    /// The handle that is readable while there is something to take, made by `make` when it is first asked for.
    pub fn signal<E>(&self, make: impl FnOnce() -> Result<Box<dyn Signal>, E>) -> Result<isize, E> {
        let mut state = lock(&self.state);
        if state.signal.is_none() {
            let signal = make()?;
            if state.reason() {
                signal.raise();
            }
            state.signal = Some(signal);
        }
        Ok(state.signal.as_ref().map_or(-1, |signal| signal.handle()))
    }

    /// Ends every request of the queue and refuses more. What waits can still be taken.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        if std::mem::replace(&mut state.closed, true) {
            return;
        }
        let producers: Vec<_> = state.producers().collect();
        state.let_all_go();
        drop(self.leave(state));
        // Outside the lock: ending a request delivers its last event here.
        for producer in producers {
            producer.cancel("the queue was closed");
        }
        // After the last of these events: a queue that is closed gives no second reason to come.
        self.ring();
    }

    /// Closes, drops what waits, and calls nobody any more. First the inboxes go, so that a consumer that waits finds
    /// the queue closed and not the end of a request: it would come back for more, to a queue that is gone.
    pub fn forget(&self) {
        let mut state = lock(&self.state);
        state.closed = true;
        state.ready.clear();
        (state.waiting, state.woken) = (0, false);
        state.signal = None;
        let bell = state.bell.take();
        let inboxes = std::mem::take(&mut state.inboxes);
        drop(self.leave(state));
        self.silence(bell);
        inboxes.keys().for_each(|id| QUEUES.remove(*id));
        for producer in inboxes.values().filter_map(|inbox| inbox.producer.upgrade()) {
            producer.cancel("the queue was freed");
        }
    }

    /// Ends every change.
    fn leave(&self, state: MutexGuard<'_, State>) -> Option<Ring<'_>> {
        self.tell(state, false)
    }

    /// Tells the consumer that waits, and the handle, whether there is a reason to come; answers the call of the hook
    /// that is due if it is new, or `again`.
    fn tell(&self, mut state: MutexGuard<'_, State>, again: bool) -> Option<Ring<'_>> {
        let reason = state.reason();
        let told = std::mem::replace(&mut state.told, reason);
        match &state.signal {
            Some(signal) if reason && !told => signal.raise(),
            Some(signal) if told && !reason => signal.lower(),
            _ => {}
        }
        let bell = state.bell.as_ref().filter(|_| reason && (again || !told));
        let ring = bell.map(|bell| Ring::new(self, bell));
        // Once is enough, however much comes before it runs.
        let is_due = state.taking && reason && !std::mem::replace(&mut state.called, true);
        drop(state);
        if is_due {
            turn::call(&self.arrived);
        } else if reason {
            turn::go_on();
        }
        ring
    }
}

/// Tells a producer that it has room again. Outside of the lock: it may deliver at once.
fn resume(producer: Option<Arc<dyn Producer>>) {
    if let Some(producer) = producer {
        producer.resume();
    }
}

#[cfg(all(test, shuttle))]
mod model;
#[cfg(test)]
mod tests;
