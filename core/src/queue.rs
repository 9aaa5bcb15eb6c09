//! Events waiting for their consumer.

use crate::error::{Error, Status};
use crate::registry::Registry;
use crate::response::Response;
use crate::sync::lock;
use crate::text::Text;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::{Duration, Instant};

/// The queue of every request whose end has not been taken.
static QUEUES: Registry<Queue> = Registry::new();

/// Cancels a request by its id; one that never was, or whose end was taken, is left alone.
pub fn cancel(id: u64) {
    if let Some(queue) = QUEUES.find(id) {
        queue.cancel(id);
    }
}

/// Something that happened to a request.
#[derive(Debug)]
pub struct Event {
    /// The request.
    pub op: u64,
    /// The caller's own number for it.
    pub tag: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen, in the order of rule C1 of `docs/abi.md`.
#[derive(Debug)]
pub enum EventKind {
    /// The request is about to be sent again; nothing had come yet.
    Retry {
        /// Why.
        error: Arc<Error>,
        /// How long it waits first.
        delay: Duration,
        /// The number of the attempt that follows; the first attempt of a request is 1.
        attempt: u32,
    },
    /// The next piece of the answer: whole code points, never empty.
    Text {
        /// Which choice.
        choice: u32,
        /// The piece.
        text: Text,
    },
    /// The next piece of the model's thinking.
    Reasoning {
        /// Which choice.
        choice: u32,
        /// The piece.
        text: Text,
    },
    /// One complete tool call.
    ToolCall {
        /// Which choice.
        choice: u32,
        /// Which call of the choice.
        index: u32,
        /// Its id, never empty.
        id: Text,
        /// The tool.
        name: Text,
        /// JSON, as the model wrote it.
        arguments: Text,
    },
    /// The last event, exactly once.
    Done(Arc<Response>),
}

/// Events of one request, not yet taken. Pieces of one kind and choice merge, so that a slow consumer finds one.
#[derive(Debug, Default)]
pub struct Waiting(VecDeque<EventKind>);

impl Waiting {
    /// Adds a piece of text.
    pub fn text(&mut self, choice: u32, piece: &str) {
        for event in &mut self.0 {
            if let EventKind::Text { choice: of, text } = event
                && *of == choice
            {
                return text.push_str(piece);
            }
        }
        self.push(EventKind::Text { choice, text: piece.into() });
    }

    /// Adds a piece of thinking.
    pub fn reasoning(&mut self, choice: u32, piece: &str) {
        for event in &mut self.0 {
            if let EventKind::Reasoning { choice: of, text } = event
                && *of == choice
            {
                return text.push_str(piece);
            }
        }
        self.push(EventKind::Reasoning { choice, text: piece.into() });
    }

    /// Adds any other event.
    pub fn push(&mut self, event: EventKind) {
        self.0.push_back(event);
    }

    /// Takes over everything from `other`, which is left empty.
    fn append(&mut self, other: &mut Self) {
        if self.0.is_empty() {
            return std::mem::swap(self, other);
        }
        for event in other.0.drain(..) {
            match event {
                EventKind::Text { choice, text } => self.text(choice, text.as_str()),
                EventKind::Reasoning { choice, text } => self.reasoning(choice, text.as_str()),
                other => self.push(other),
            }
        }
    }
}

/// What fills an inbox.
pub trait Producer: Send + Sync {
    /// Ends it for its consumer: what waits is dropped, and its last event waits in the queue on return.
    fn cancel(&self, why: &str);
}

/// What one request has in a queue.
struct Inbox {
    tag: u64,
    /// Ended by a close of the queue; not kept alive by it.
    producer: Weak<dyn Producer>,
    waiting: Waiting,
}

#[derive(Default)]
struct State {
    inboxes: HashMap<u64, Inbox>,
    /// Requests with something waiting, each once; the one that waits longest is first, and goes to the end when
    /// it has more, so that a chatty stream cannot starve the rest.
    ready: VecDeque<u64>,
    closed: bool,
    taking: bool,
}

/// Events of any number of requests, in order within each.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

/// How long to wait for an event.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// Until one comes or the queue closes.
    Forever,
    /// At most this long.
    For(Duration),
}

impl Queue {
    /// Opens an inbox. A closed queue takes no more requests.
    pub(crate) fn open(
        self: &Arc<Self>,
        id: u64,
        tag: u64,
        producer: Weak<dyn Producer>,
    ) -> Result<(), Error> {
        let mut state = lock(&self.state);
        if state.closed {
            return Err(Error::new(Status::Closed, "the queue is closed"));
        }
        state.inboxes.insert(id, Inbox { tag, producer, waiting: Waiting::default() });
        QUEUES.add(id, self);
        Ok(())
    }

    /// Takes back an inbox, also what a close that came between put into it.
    pub(crate) fn withdraw(&self, id: u64) {
        self.discard(id);
        lock(&self.state).remove(id);
        self.arrived.notify_all();
    }

    /// Ends a request for its consumer. One that had ended keeps its end, but what waits before it is dropped too.
    fn cancel(&self, id: u64) {
        let producer = lock(&self.state).inboxes.get(&id).and_then(|inbox| inbox.producer.upgrade());
        // Outside the lock: ending a request delivers its last event here.
        if let Some(producer) = producer {
            producer.cancel("the request was cancelled");
        }
        if let Some(inbox) = lock(&self.state).inboxes.get_mut(&id) {
            inbox.waiting.0.retain(|event| matches!(event, EventKind::Done(_)));
        }
    }

    /// Delivers events of a request.
    pub(crate) fn deliver(&self, id: u64, events: &mut Waiting) {
        if events.0.is_empty() {
            return;
        }
        let mut state = lock(&self.state);
        let State { inboxes, ready, .. } = &mut *state;
        let Some(inbox) = inboxes.get_mut(&id) else { return events.0.clear() };
        if inbox.waiting.0.is_empty() {
            ready.push_back(id);
        }
        inbox.waiting.append(events);
        drop(state);
        self.arrived.notify_one();
    }

    /// Drops what waits of a request: its consumer does not want it any more.
    pub(crate) fn discard(&self, id: u64) {
        let mut state = lock(&self.state);
        let State { inboxes, ready, .. } = &mut *state;
        if let Some(inbox) = inboxes.get_mut(&id) {
            inbox.waiting.0.clear();
            ready.retain(|waiting| *waiting != id);
        }
    }

    /// Takes the next event, going round the requests. `None` when the time is over.
    pub fn next(&self, patience: Patience) -> Result<Option<Event>, Status> {
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
            if let Some(event) = state.take() {
                break Ok(Some(event));
            }
            // Each inbox that is open gets its last event still.
            if state.closed && state.inboxes.is_empty() {
                break Err(Status::Closed);
            }
            state = match until {
                None => self.arrived.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break Ok(None);
                    }
                    self.arrived
                        .wait_timeout(state, left)
                        .unwrap_or_else(std::sync::PoisonError::into_inner)
                        .0
                }
            };
        };
        state.taking = false;
        found
    }

    /// Ends every request of the queue and refuses more. What waits can still be taken.
    pub fn close(&self) {
        let producers: Vec<_> = {
            let mut state = lock(&self.state);
            state.closed = true;
            state.inboxes.values().filter_map(|inbox| inbox.producer.upgrade()).collect()
        };
        // Outside the lock: ending a request delivers its last event here.
        for producer in producers {
            producer.cancel("the queue was closed");
        }
        self.arrived.notify_all();
    }

    /// Closes, and drops what waits. First the inboxes go, so that a consumer that waits finds the queue closed and
    /// not the end of a request: it would come back for more, to a queue that is gone.
    pub fn forget(&self) {
        let inboxes = {
            let mut state = lock(&self.state);
            state.closed = true;
            state.ready.clear();
            std::mem::take(&mut state.inboxes)
        };
        inboxes.keys().for_each(|id| QUEUES.remove(*id));
        self.arrived.notify_all();
        for producer in inboxes.values().filter_map(|inbox| inbox.producer.upgrade()) {
            producer.cancel("the queue was freed");
        }
    }
}

impl State {
    fn take(&mut self) -> Option<Event> {
        let op = self.ready.pop_front()?;
        let inbox = self.inboxes.get_mut(&op)?;
        let (tag, kind) = (inbox.tag, inbox.waiting.0.pop_front()?);
        if matches!(kind, EventKind::Done(_)) {
            self.remove(op);
        } else if !inbox.waiting.0.is_empty() {
            self.ready.push_back(op);
        }
        Some(Event { op, tag, kind })
    }

    fn remove(&mut self, id: u64) {
        self.inboxes.remove(&id);
        QUEUES.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::{Patience, Producer, Queue};
    use crate::error::Status;
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// Looks into its queue while a close ends it.
    struct Curious {
        queue: Arc<Queue>,
        seen: Mutex<Option<Status>>,
    }

    impl Producer for Curious {
        fn cancel(&self, _: &str) {
            *self.seen.lock().unwrap() = self.queue.next(Patience::For(Duration::ZERO)).err();
        }
    }

    #[test]
    fn a_queue_is_closed_only_after_its_last_event() {
        let queue = Arc::new(Queue::default());
        let producer = Arc::new(Curious { queue: Arc::clone(&queue), seen: Mutex::default() });
        let weak = Arc::downgrade(&producer);
        queue.open(crate::op::Op::reserve(), 0, weak).unwrap();
        queue.close();
        assert_eq!(*producer.seen.lock().unwrap(), None);
        queue.forget();
        assert_eq!(queue.next(Patience::Forever).err(), Some(Status::Closed));
    }
}
