//! The queue under a scheduler that runs its threads in many orders, at random but so that it can be repeated.
//!
//! Built and run by the stage `model-check`: `RUSTFLAGS="--cfg shuttle" cargo test -p hyperbolic-core queue::model`.
//! A deadlock (a consumer that nobody wakes) and a panic fail it, and print the order that led there.

use super::sync::{Condvar, Mutex, lock, wait};
use super::{Begun, Event, EventKind, Patience, Producer, Pump, Queue, Taken, Waiting};
use crate::error::Status;
use crate::op::Op;
use crate::response::Response;
use crate::wire::{Answer, Kind, Limits};
use shuttle::thread;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Orders tried of each scene, unless `HB_TEST_ORDERS` says otherwise.
const ORDERS: usize = 2000;

fn check(scene: impl Fn() + Send + Sync + 'static) {
    let orders = std::env::var("HB_TEST_ORDERS").map_or(ORDERS, |orders| orders.parse().unwrap());
    shuttle::check_random(scene, orders);
}

/// A request as the queue sees it: pieces, then one end, however it comes.
struct Source {
    queue: Arc<Queue>,
    id: u64,
    live: Mutex<bool>,
}

impl Source {
    fn new(queue: &Arc<Queue>) -> Option<Arc<Self>> {
        let source = Arc::new(Self { queue: Arc::clone(queue), id: Op::reserve(), live: Mutex::new(true) });
        let producer: Arc<dyn Producer> = source.clone();
        let weak: Weak<dyn Producer> = Arc::downgrade(&producer);
        queue.open(source.id, 0, 100, weak).is_ok().then_some(source)
    }

    fn deliver(&self, event: EventKind) {
        let ring = {
            let live = lock(&self.live);
            let mut events = Waiting::default();
            events.push(event);
            live.then(|| self.queue.deliver(self.id, &mut events).0).flatten()
        };
        drop(ring);
    }

    fn say(&self) {
        self.deliver(EventKind::Text { choice: 0, text: "word".into() });
    }

    fn end(&self, is_cancelled: bool) {
        let ring = {
            let mut live = lock(&self.live);
            if !std::mem::replace(&mut *live, false) {
                return;
            }
            let answer = Answer::new(Kind::Raw, &Limits::default());
            let mut events = Waiting::default();
            events.push(EventKind::Done(Arc::new(Response::new(answer, None, Duration::ZERO))));
            if is_cancelled {
                self.queue.replace(self.id, &mut events)
            } else {
                self.queue.deliver(self.id, &mut events).0
            }
        };
        drop(ring);
    }

    /// What its task does.
    fn run(&self) {
        self.say();
        self.say();
        self.end(false);
    }
}

impl Producer for Source {
    fn cancel(&self, _: &str) {
        self.end(true);
    }

    fn resume(&self) {}
}

/// Ends that were taken.
#[derive(Default)]
struct Ends(AtomicUsize);

impl Ends {
    fn see(&self, event: &Event) {
        if matches!(event.kind, EventKind::Done(_)) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

/// Takes as hb_queue_next does, until `ends` were seen or the queue is closed.
fn consume(queue: &Queue, ends: &Ends, wanted: usize) {
    while ends.count() < wanted {
        match queue.next(Patience::Forever) {
            Ok(Taken::Event(event)) => ends.see(&event),
            Ok(Taken::Woken | Taken::Nothing) => {}
            Err(status) => return assert_eq!(status, Status::Closed),
        }
    }
}

/// Takes as hb_queue_dispatch does, two events at most.
fn dispatch(queue: &Queue, ends: &Ends) -> Result<(), Status> {
    if let Begun::Pump(mut pump) = Pump::begin(queue, 2, None)? {
        while let Taken::Event(event) = pump.take(queue, false)? {
            ends.see(&event);
        }
        pump.end(queue);
    }
    Ok(())
}

#[test]
fn every_start_ends_once_for_a_consumer_that_waits() {
    check(|| {
        let (queue, ends) = (Arc::new(Queue::default()), Arc::new(Ends::default()));
        let sources: Vec<_> = (0..3).filter_map(|_| Source::new(&queue)).collect();
        let running: Vec<_> =
            sources.iter().cloned().map(|source| thread::spawn(move || source.run())).collect();
        let (cancelled, woken) = (sources[0].id, Arc::clone(&queue));
        let canceller = thread::spawn(move || super::cancel(cancelled));
        let waker = thread::spawn(move || woken.wake());
        consume(&queue, &ends, sources.len());
        running.into_iter().for_each(|source| source.join().unwrap());
        canceller.join().unwrap();
        waker.join().unwrap();
        assert_eq!((ends.count(), queue.waiting()), (sources.len(), Ok(0)));
    });
}

#[test]
fn a_hook_alone_is_enough_to_miss_nothing() {
    check(|| {
        let (queue, ends) = (Arc::new(Queue::default()), Ends::default());
        let bell = Arc::new((Mutex::new(false), Condvar::new()));
        let rung = Arc::clone(&bell);
        queue.set_hook(Some(Box::new(move || {
            *lock(&rung.0) = true;
            rung.1.notify_one();
        })));
        let sources: Vec<_> = (0..2).filter_map(|_| Source::new(&queue)).collect();
        let running: Vec<_> =
            sources.iter().cloned().map(|source| thread::spawn(move || source.run())).collect();
        let woken = Arc::clone(&queue);
        let waker = thread::spawn(move || woken.wake());
        while ends.count() < sources.len() {
            let mut has_rung = lock(&bell.0);
            while !std::mem::take(&mut *has_rung) {
                has_rung = wait(&bell.1, has_rung);
            }
            drop(has_rung);
            dispatch(&queue, &ends).unwrap();
        }
        running.into_iter().for_each(|source| source.join().unwrap());
        waker.join().unwrap();
    });
}

#[test]
fn what_is_held_and_let_go_comes_to_its_end() {
    check(|| {
        let (queue, ends) = (Arc::new(Queue::default()), Arc::new(Ends::default()));
        let sources: Vec<_> = (0..2).filter_map(|_| Source::new(&queue)).collect();
        let running: Vec<_> =
            sources.iter().cloned().map(|source| thread::spawn(move || source.run())).collect();
        let held = sources[0].id;
        let holder = thread::spawn(move || {
            super::hold(held, true);
            super::hold(held, false);
            super::hold(held, true);
            super::cancel(held);
        });
        let late = thread::spawn(move || super::hold(held, true));
        consume(&queue, &ends, sources.len());
        running.into_iter().for_each(|source| source.join().unwrap());
        holder.join().unwrap();
        late.join().unwrap();
        assert_eq!((ends.count(), queue.waiting()), (sources.len(), Ok(0)));
    });
}

#[test]
fn a_close_ends_every_start_and_then_the_consumer() {
    check(|| {
        let (queue, ends) = (Arc::new(Queue::default()), Arc::new(Ends::default()));
        let (starting, closing) = (Arc::clone(&queue), Arc::clone(&queue));
        let starter = thread::spawn(move || {
            let source = Source::new(&starting);
            source.iter().for_each(|source| source.run());
            usize::from(source.is_some())
        });
        let closer = thread::spawn(move || closing.close());
        consume(&queue, &ends, usize::MAX);
        let started = starter.join().unwrap();
        closer.join().unwrap();
        assert_eq!(ends.count(), started);
    });
}

#[test]
fn after_a_free_nothing_is_called_and_nobody_waits() {
    check(|| {
        let (queue, ends) = (Arc::new(Queue::default()), Arc::new(Ends::default()));
        let is_freed = Arc::<AtomicBool>::default();
        let freed = Arc::clone(&is_freed);
        queue.set_hook(Some(Box::new(move || {
            assert!(!freed.load(Ordering::SeqCst), "called after the free")
        })));
        let source = Source::new(&queue).unwrap();
        let (id, running, waiting) = (source.id, Arc::clone(&source), Arc::clone(&queue));
        let runner = thread::spawn(move || running.run());
        let seen = Arc::clone(&ends);
        let consumer = thread::spawn(move || consume(&waiting, &seen, 1));
        let canceller = thread::spawn(move || super::cancel(id));
        queue.forget();
        is_freed.store(true, Ordering::SeqCst);
        queue.wake();
        runner.join().unwrap();
        consumer.join().unwrap();
        canceller.join().unwrap();
        assert!(ends.count() <= 1);
        assert!(!*lock(&source.live));
    });
}
