use super::{Begun, Event, EventKind, Patience, Producer, Pump, Queue, Signal, Taken, Waiting};
use crate::error::Status;
use crate::op::Op;
use crate::response::Response;
use crate::wire::{Answer, Kind, Limits};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

const BOUND: usize = 1000;

fn end() -> EventKind {
    EventKind::Done(Arc::new(Response::new(Answer::new(Kind::Raw, &Limits::default()), None, Duration::ZERO)))
}

/// A producer of one request.
struct Source {
    queue: Arc<Queue>,
    id: u64,
    has_ended: AtomicBool,
    resumed: AtomicUsize,
}

impl Source {
    fn new(queue: &Arc<Queue>) -> Arc<Self> {
        let (id, queue) = (Op::reserve(), Arc::clone(queue));
        let source =
            Arc::new(Self { queue, id, has_ended: AtomicBool::new(false), resumed: AtomicUsize::new(0) });
        let producer: Arc<dyn Producer> = source.clone();
        source.queue.open(id, 7, BOUND, Arc::downgrade(&producer)).unwrap();
        source
    }

    fn say(&self, choice: u32, text: &str) {
        let mut events = Waiting::default();
        events.text(choice, text);
        drop(self.queue.deliver(self.id, &mut events).0);
    }

    fn end(&self) {
        if !self.has_ended.swap(true, Ordering::SeqCst) {
            let mut events = Waiting::default();
            events.push(end());
            drop(self.queue.deliver(self.id, &mut events).0);
        }
    }
}

impl Producer for Source {
    fn cancel(&self, _: &str) {
        if !self.has_ended.swap(true, Ordering::SeqCst) {
            let mut events = Waiting::default();
            events.push(end());
            drop(self.queue.replace(self.id, &mut events));
        }
    }

    fn resume(&self) {
        self.resumed.fetch_add(1, Ordering::SeqCst);
    }
}

/// A handle that remembers what it shows.
#[derive(Clone, Default)]
struct Lamp(Arc<AtomicBool>);

impl Signal for Lamp {
    fn raise(&self) {
        assert!(!self.0.swap(true, Ordering::SeqCst), "raised twice");
    }

    fn lower(&self) {
        assert!(self.0.swap(false, Ordering::SeqCst), "lowered twice");
    }

    fn handle(&self) -> isize {
        5
    }
}

fn lit(queue: &Queue) -> Arc<AtomicBool> {
    let lamp = Lamp::default();
    let lit = Arc::clone(&lamp.0);
    assert_eq!(queue.signal(|| Ok::<_, ()>(Box::new(lamp))), Ok(5));
    lit
}

fn rung(queue: &Queue) -> Arc<AtomicUsize> {
    let calls = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&calls);
    queue.set_hook(Some(Box::new(move || {
        count.fetch_add(1, Ordering::SeqCst);
    })));
    calls
}

fn next(queue: &Queue) -> Taken {
    queue.next(Patience::For(Duration::ZERO)).unwrap()
}

fn is_text(taken: &Taken, wanted: &str) -> bool {
    matches!(taken, Taken::Event(Event { kind: EventKind::Text { text, .. }, .. }) if text.as_str() == wanted)
}

fn is_end(taken: &Taken) -> bool {
    matches!(taken, Taken::Event(Event { kind: EventKind::Done(_), .. }))
}

/// Looks into its queue while a close ends it.
struct Curious {
    queue: Arc<Queue>,
    seen: Mutex<Option<Status>>,
}

impl Producer for Curious {
    fn cancel(&self, _: &str) {
        *self.seen.lock().unwrap() = self.queue.next(Patience::For(Duration::ZERO)).err();
    }

    fn resume(&self) {}
}

#[test]
fn a_queue_is_closed_only_after_its_last_event() {
    let queue = Arc::new(Queue::default());
    let producer = Arc::new(Curious { queue: Arc::clone(&queue), seen: Mutex::default() });
    let weak: Weak<Curious> = Arc::downgrade(&producer);
    queue.open(Op::reserve(), 0, BOUND, weak).unwrap();
    queue.close();
    assert_eq!(*producer.seen.lock().unwrap(), None);
    queue.forget();
    assert_eq!(queue.next(Patience::Forever).err(), Some(Status::Closed));
}

#[test]
fn the_handle_shows_whether_there_is_something_to_take() {
    let queue = Arc::new(Queue::default());
    let lit = lit(&queue);
    let is_lit = || lit.load(Ordering::SeqCst);
    let (first, second) = (Source::new(&queue), Source::new(&queue));
    assert!(!is_lit());
    first.say(0, "a");
    second.say(0, "b");
    assert!(is_lit());
    assert!(is_text(&next(&queue), "a") && is_lit());
    assert!(is_text(&next(&queue), "b") && !is_lit());
    queue.wake();
    assert!(is_lit());
    assert!(matches!(next(&queue), Taken::Woken) && !is_lit());
    // A cancel swaps what waits for the end; a close stays a reason to come.
    first.say(0, "a");
    super::cancel(first.id);
    assert!(is_lit() && is_end(&next(&queue)) && !is_lit());
    queue.close();
    assert!(is_end(&next(&queue)) && is_lit());
}

#[test]
fn the_hook_is_called_when_there_is_a_new_reason_to_come() {
    let queue = Arc::new(Queue::default());
    let source = Source::new(&queue);
    let calls = rung(&queue);
    let called = || calls.swap(0, Ordering::SeqCst);
    assert_eq!(called(), 0);
    source.say(0, "a");
    source.say(1, "b");
    assert_eq!(called(), 1);
    drop(next(&queue));
    assert_eq!(called(), 0);
    // A dispatch that returns too early.
    let Ok(Begun::Pump(pump)) = Pump::begin(&queue, 1, None) else { panic!("nothing waits") };
    pump.end(&queue);
    assert_eq!(called(), 1);
    let others = rung(&queue);
    assert_eq!((called(), others.swap(0, Ordering::SeqCst)), (0, 1));
    drop(next(&queue));
    queue.wake();
    queue.wake();
    assert_eq!(others.swap(0, Ordering::SeqCst), 1);
    queue.close();
    assert!(others.swap(0, Ordering::SeqCst) >= 1);
    queue.wake();
    queue.forget();
    assert_eq!(queue.next(Patience::Forever).err(), Some(Status::Closed));
    queue.wake();
    assert_eq!((called(), others.load(Ordering::SeqCst)), (0, 0));
}

#[test]
fn a_wake_is_taken_once_and_before_events() {
    let queue = Arc::new(Queue::default());
    let source = Source::new(&queue);
    source.say(0, "a");
    queue.wake();
    assert!(matches!(next(&queue), Taken::Woken));
    assert!(is_text(&next(&queue), "a"));
    assert!(matches!(next(&queue), Taken::Nothing));
    queue.wake();
    assert!(queue.take_wake() && !queue.take_wake());
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| queue.next(Patience::Forever));
        queue.wake();
        assert!(matches!(waiting.join().unwrap(), Ok(Taken::Woken)));
    });
}

#[test]
fn a_full_inbox_is_said_to_have_room_again_once() {
    let queue = Arc::new(Queue::default());
    let (full, other) = (Source::new(&queue), Source::new(&queue));
    while !queue.is_full(full.id) {
        full.say(0, "0123456789");
        full.say(1, "0123456789");
    }
    other.say(0, "a");
    assert!(!queue.is_full(other.id));
    let told = || full.resumed.load(Ordering::SeqCst);
    drop(next(&queue));
    assert_eq!((told(), queue.is_full(full.id)), (1, false));
    drop((next(&queue), next(&queue)));
    assert_eq!((told(), queue.waiting()), (1, Ok(0)));
    assert_eq!(queue.waiting(), Ok(0));
}

#[test]
fn what_waits_is_counted_through_everything_that_takes_it_away() {
    let queue = Arc::new(Queue::default());
    let (first, second) = (Source::new(&queue), Source::new(&queue));
    for choice in [0, 1, 0] {
        first.say(choice, "a");
        second.say(choice, "b");
    }
    assert_eq!(queue.waiting(), Ok(4));
    super::cancel(first.id);
    assert_eq!(queue.waiting(), Ok(3));
    second.end();
    super::cancel(second.id);
    assert_eq!(queue.waiting(), Ok(2));
    queue.withdraw(second.id);
    assert_eq!(queue.waiting(), Ok(1));
    assert!(queue.take().unwrap().is_some());
    queue.close();
    assert_eq!(queue.waiting(), Err(Status::Closed));
}

#[test]
fn what_is_held_is_no_reason_to_come() {
    let queue = Arc::new(Queue::default());
    let (lit, calls) = (lit(&queue), rung(&queue));
    let is_lit = || lit.load(Ordering::SeqCst);
    let called = || calls.swap(0, Ordering::SeqCst);
    let (held, other) = (Source::new(&queue), Source::new(&queue));
    held.say(0, "a");
    assert!((called(), is_lit()) == (1, true));
    super::hold(held.id, true);
    super::hold(held.id, true);
    assert!((queue.waiting(), is_lit()) == (Ok(0), false));
    held.say(1, "b");
    held.end();
    assert!((called(), is_lit()) == (0, false) && matches!(next(&queue), Taken::Nothing));
    other.say(0, "c");
    assert!(is_text(&next(&queue), "c") && matches!(next(&queue), Taken::Nothing));
    assert_eq!(called(), 1);
    super::hold(held.id, false);
    super::hold(held.id, false);
    assert!((called(), queue.waiting(), is_lit()) == (1, Ok(3), true));
    assert!(is_text(&next(&queue), "a") && is_text(&next(&queue), "b") && is_end(&next(&queue)));
    assert!(!is_lit());
    super::hold(held.id, true);
}

#[test]
fn a_cancel_and_a_close_let_go() {
    let queue = Arc::new(Queue::default());
    let sources: Vec<_> = (0..4).map(|_| Source::new(&queue)).collect();
    for source in &sources {
        super::hold(source.id, true);
        source.say(0, "a");
    }
    super::cancel(sources[0].id);
    assert!(is_end(&next(&queue)) && matches!(next(&queue), Taken::Nothing));
    sources[1].end();
    super::cancel(sources[1].id);
    assert!(is_end(&next(&queue)) && matches!(next(&queue), Taken::Nothing));
    // One that has ended keeps what waits, one that has not is ended.
    sources[2].end();
    queue.close();
    super::hold(sources[2].id, true);
    let mut ends = 0;
    for _ in 0..3 {
        ends += usize::from(is_end(&next(&queue)));
    }
    assert_eq!(ends, 2);
    assert_eq!(queue.next(Patience::Forever).err(), Some(Status::Closed));
}

/// A reader that falls behind just when somebody else cancels.
#[test]
fn what_was_cancelled_is_not_held_again() {
    let queue = Arc::new(Queue::default());
    for has_ended in [false, true] {
        let source = Source::new(&queue);
        source.say(0, "a");
        if has_ended {
            source.end();
        }
        super::cancel(source.id);
        super::hold(source.id, true);
        assert!(is_end(&next(&queue)));
    }
}

#[test]
fn a_held_inbox_is_full_as_any_other() {
    let queue = Arc::new(Queue::default());
    let source = Source::new(&queue);
    super::hold(source.id, true);
    while !queue.is_full(source.id) {
        source.say(0, "0123456789");
    }
    super::hold(source.id, false);
    assert_eq!(source.resumed.load(Ordering::SeqCst), 0);
    drop(next(&queue));
    assert_eq!(source.resumed.load(Ordering::SeqCst), 1);
}
