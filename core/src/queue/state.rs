//! What a queue holds, under its lock.

use super::event::{Event, EventKind, Waiting};
use super::wake::{Bell, Signal};
use super::{Producer, QUEUES};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

/// What one request has in a queue.
pub struct Inbox {
    pub tag: u64,
    /// Bytes of what waits from which on it is full.
    pub bound: usize,
    /// Ended by a close of the queue; not kept alive by it.
    pub producer: Weak<dyn Producer>,
    pub waiting: Waiting,
    /// What waits stays until its consumer lets it go.
    pub held: bool,
    /// Its consumer has ended it: it is not held again, so that its end comes.
    pub cancelled: bool,
}

impl Inbox {
    pub fn is_full(&self) -> bool {
        self.waiting.bytes() >= self.bound
    }
}

#[derive(Default)]
pub struct State {
    pub inboxes: HashMap<u64, Inbox>,
    /// Requests with something to take, each once; the one that waits longest is first, and goes to the end when
    /// it has more, so that a chatty stream cannot starve the rest.
    pub ready: VecDeque<u64>,
    /// Events in all inboxes that are not held.
    pub waiting: usize,
    pub closed: bool,
    pub taking: bool,
    /// The consumer that waits was told, and has not come yet.
    pub called: bool,
    /// Somebody wants the consumer back.
    pub woken: bool,
    /// Whether there was a reason to come when the state was last left.
    pub told: bool,
    pub signal: Option<Box<dyn Signal>>,
    pub bell: Option<Arc<Bell>>,
}

impl State {
    /// Whether a consumer has a reason to come.
    pub fn reason(&self) -> bool {
        self.waiting > 0 || self.woken || self.closed
    }

    /// Whether nothing can come any more: each inbox that is open gets its last event still.
    pub fn is_over(&self) -> bool {
        self.closed && self.inboxes.is_empty()
    }

    pub fn producers(&self) -> impl Iterator<Item = Arc<dyn Producer>> {
        self.inboxes.values().filter_map(|inbox| inbox.producer.upgrade())
    }

    /// Takes an event, and the producer to be told of the room that it leaves.
    pub fn take(&mut self) -> Option<(Event, Option<Arc<dyn Producer>>)> {
        let op = self.ready.pop_front()?;
        let inbox = self.inboxes.get_mut(&op)?;
        let was_full = inbox.is_full();
        let (tag, kind) = (inbox.tag, inbox.waiting.pop()?);
        self.waiting -= 1;
        let resumed = (was_full && !inbox.is_full()).then(|| inbox.producer.upgrade()).flatten();
        if let EventKind::Done(_response) = &kind {
            #[cfg(feature = "test-hooks")]
            if crate::hooks::wrongs(&crate::hooks::DOUBLE, op) {
                inbox.waiting.push(EventKind::Done(Arc::clone(_response)));
                self.waiting += 1;
                self.ready.push_back(op);
                return Some((Event { op, tag, kind }, resumed));
            }
            self.remove(op);
            #[cfg(feature = "test-hooks")]
            if crate::hooks::wrongs(&crate::hooks::LOSE, op) {
                return self.take();
            }
        } else if !inbox.waiting.is_empty() {
            self.ready.push_back(op);
        }
        Some((Event { op, tag, kind }, resumed))
    }

    /// Adds to what waits of a request, and says whether it is full; what nobody waits for any more is dropped.
    pub fn append(&mut self, id: u64, events: &mut Waiting) -> bool {
        let Self { inboxes, ready, waiting, .. } = self;
        let Some(inbox) = inboxes.get_mut(&id) else {
            events.clear();
            return false;
        };
        let before = inbox.waiting.len();
        inbox.waiting.append(events);
        let after = inbox.waiting.len();
        if !inbox.held {
            if before == 0 && after > 0 {
                ready.push_back(id);
            }
            *waiting += after - before;
        }
        inbox.is_full()
    }

    /// Drops of what waits of a request what `clear` drops.
    pub fn clear(&mut self, id: u64, clear: fn(&mut Waiting)) {
        let Self { inboxes, ready, waiting, .. } = self;
        let Some(inbox) = inboxes.get_mut(&id) else { return };
        let before = inbox.waiting.len();
        clear(&mut inbox.waiting);
        if inbox.held {
            return;
        }
        *waiting -= before - inbox.waiting.len();
        if before > 0 && inbox.waiting.is_empty() {
            ready.retain(|ready| *ready != id);
        }
    }

    /// Keeps what waits of a request from its consumer, or lets it go. A closed queue holds nothing, so that all its
    /// requests come to their ends.
    pub fn hold(&mut self, id: u64, hold: bool) {
        let Self { inboxes, ready, waiting, closed, .. } = self;
        let Some(inbox) = inboxes.get_mut(&id) else { return };
        let (events, hold) = (inbox.waiting.len(), hold && !*closed && !inbox.cancelled);
        if std::mem::replace(&mut inbox.held, hold) == hold || events == 0 {
            return;
        }
        if hold {
            *waiting -= events;
            ready.retain(|ready| *ready != id);
        } else {
            *waiting += events;
            ready.push_back(id);
        }
    }

    /// Lets go of a request for good.
    pub fn let_go(&mut self, id: u64) {
        self.hold(id, false);
        if let Some(inbox) = self.inboxes.get_mut(&id) {
            inbox.cancelled = true;
        }
    }

    /// Holds nothing any more.
    pub fn let_all_go(&mut self) {
        let held = self.inboxes.iter().filter(|(_, inbox)| inbox.held).map(|(id, _)| *id);
        for id in held.collect::<Vec<_>>() {
            self.hold(id, false);
        }
    }

    pub fn remove(&mut self, id: u64) {
        self.inboxes.remove(&id);
        QUEUES.remove(id);
    }
}
