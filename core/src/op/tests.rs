use super::{Head, Op, Start};
use crate::account::Account;
use crate::counters::{Count, Counters};
use crate::error::{Error, Status};
use crate::key::Key;
use crate::log::{Level, Log};
use crate::pacing::{Pacer, Rates};
use crate::queue::{Event, EventKind, Patience, Producer, Queue, Taken, cancel};
use crate::registry::Registry;
use crate::request::Delivery;
use crate::wire::{Decoder, Expect, Kind, Limits};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

fn decoder() -> Decoder {
    Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, Limits::default(), false)
}

fn try_begin(queue: &Arc<Queue>, requests: &Arc<Registry<Op>>) -> Result<Arc<Op>, Error> {
    try_begin_as(Op::reserve(), queue, requests)
}

fn try_begin_as(id: u64, queue: &Arc<Queue>, requests: &Arc<Registry<Op>>) -> Result<Arc<Op>, Error> {
    try_begin_with(Delivery::default(), id, queue, requests)
}

fn try_begin_with(
    delivery: Delivery,
    id: u64,
    queue: &Arc<Queue>,
    requests: &Arc<Registry<Op>>,
) -> Result<Arc<Op>, Error> {
    let counters = Arc::<Counters>::default();
    let account = Account::new(Arc::clone(&counters), Log::new(Level::Off, false, counters), None);
    let ticket = Pacer::new(Rates::default(), Duration::from_secs(60)).ticket("m");
    let (bound, decoder) = (100_000, decoder());
    let start = Start { id, tag: 7, delivery, queue, bound, model: "Qwen/QwQ-32B", ticket, decoder };
    Op::begin(start, &Arc::new(account), requests)
}

fn begin(queue: &Arc<Queue>, requests: &Arc<Registry<Op>>) -> Arc<Op> {
    begin_with(Delivery::default(), queue, requests)
}

fn begin_with(delivery: Delivery, queue: &Arc<Queue>, requests: &Arc<Registry<Op>>) -> Arc<Op> {
    let op = try_begin_with(delivery, Op::reserve(), queue, requests).unwrap();
    op.attempt(Key::new("sk-secret").ok()).unwrap();
    op.head(Head { status: 200, ..Head::default() }, Some("text/event-stream")).unwrap();
    op
}

fn say(op: &Op, text: &str) {
    let event = format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    op.feed(event.as_bytes()).unwrap().unwrap();
}

fn take(queue: &Queue) -> Option<Event> {
    match queue.next(Patience::For(Duration::ZERO)).unwrap() {
        Taken::Event(event) => Some(event),
        Taken::Woken | Taken::Nothing => None,
    }
}

fn text(event: Option<Event>) -> String {
    match event.unwrap().kind {
        EventKind::Text { text, .. } => text.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn done(event: Option<Event>) -> Arc<crate::response::Response> {
    match event.unwrap().kind {
        EventKind::Done(response) => response,
        other => panic!("{other:?}"),
    }
}

#[test]
fn requests_take_turns_and_their_pieces_merge() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let (first, second) = (begin(&queue, &requests), begin(&queue, &requests));
    say(&first, "a");
    say(&first, "b");
    say(&second, "c");
    assert_eq!(text(take(&queue)), "ab");
    say(&first, "d");
    assert_eq!(text(take(&queue)), "c");
    assert_eq!(text(take(&queue)), "d");
    assert!(take(&queue).is_none());
}

#[test]
fn a_cancel_leaves_only_the_end() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin(&queue, &requests);
    say(&op, "a");
    say(&op, "b");
    cancel(op.id);
    // What comes after the end, of whatever kind, changes nothing.
    assert!(op.feed(b"data: x\n\n").is_err());
    op.end(Ok(()));
    op.cancel("again");
    let response = done(take(&queue));
    assert_eq!(response.error.as_ref().unwrap().status, Status::Cancelled);
    assert_eq!(response.answer.choices[0].text.as_str(), "ab");
    assert!(take(&queue).is_none());
}

#[test]
fn a_cancel_after_the_end_leaves_only_the_end() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin(&queue, &requests);
    say(&op, "a");
    op.end(Ok(()));
    cancel(op.id);
    let response = done(take(&queue));
    assert!(response.error.is_none());
    assert_eq!(response.answer.choices[0].text.as_str(), "a");
    assert!(take(&queue).is_none());
    cancel(op.id);
}

#[test]
fn a_request_that_was_taken_back_leaves_nothing() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let (first, second) = (begin(&queue, &requests), begin(&queue, &requests));
    // What happens when client and queue are closed while a request is entered.
    queue.close();
    queue.withdraw(first.id);
    assert!(done(take(&queue)).error.is_some());
    cancel(second.id);
    assert_eq!(queue.next(Patience::Forever).err(), Some(Status::Closed));
}

#[test]
fn a_consumer_that_waits_finds_a_freed_queue_closed() {
    for _ in 0..100 {
        let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
        let op = begin(&queue, &requests);
        std::thread::scope(|scope| {
            let consumer = scope.spawn(|| queue.next(Patience::Forever).map(drop));
            queue.forget();
            assert_eq!(consumer.join().unwrap(), Err(Status::Closed));
        });
        assert!(op.progress().is_err());
    }
}

#[test]
fn any_other_end_keeps_what_waits() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin(&queue, &requests);
    say(&op, "a");
    op.end(Err(Error::new(Status::Deadline, "sk-secret came too late")));
    assert_eq!(text(take(&queue)), "a");
    let error = done(take(&queue)).error.clone().unwrap();
    assert_eq!((error.message.as_str(), error.attempts), ("[key] came too late", 1));
}

#[test]
fn a_close_ends_what_runs_and_refuses_what_comes() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let (_first, _second) = (begin(&queue, &requests), begin(&queue, &requests));
    for (_, op) in requests.close() {
        op.cancel("closed");
    }
    let begun = try_begin(&queue, &requests);
    assert_eq!(begun.err().map(|error| error.status), Some(Status::Closed));
    for _ in 0..2 {
        assert_eq!(done(take(&queue)).error.as_ref().unwrap().status, Status::Cancelled);
    }
    assert!(take(&queue).is_none());

    let others = Arc::default();
    let _third = begin(&queue, &others);
    queue.close();
    queue.close();
    let begun = try_begin(&queue, &others);
    assert_eq!(begun.err().map(|error| error.status), Some(Status::Closed));
    done(take(&queue));
    assert_eq!(queue.next(Patience::Forever).err(), Some(Status::Closed));
}

#[test]
fn a_retry_starts_over() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin(&queue, &requests);
    op.retry(Error::new(Status::Server, "busy"), Duration::from_millis(5), "m", decoder()).unwrap();
    assert!(matches!(take(&queue).unwrap().kind, EventKind::Retry { attempt: 2, .. }));
    assert_eq!(op.attempt(Key::new("sk-secret").ok()).unwrap(), 2);
    op.end(Ok(()));
    assert_eq!(done(take(&queue)).attempts, 2);
}

#[test]
fn what_is_refused_has_no_end() {
    const TIMES: usize = 20_000;
    let (queue, requests) = (Arc::new(Queue::default()), Arc::<Registry<Op>>::default());
    requests.close();
    let (now, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (accepted, ended) = thread::scope(|scope| {
        // Ends each request, and takes its end, as early as it can.
        let other = scope.spawn(|| {
            let mut ended = 0;
            while !over.load(Ordering::SeqCst) {
                cancel(now.load(Ordering::SeqCst));
                ended += usize::from(take(&queue).is_some());
            }
            ended
        });
        let mut accepted = 0;
        for _ in 0..TIMES {
            let id = Op::reserve();
            now.store(id, Ordering::SeqCst);
            accepted += usize::from(try_begin_as(id, &queue, &requests).is_ok());
        }
        over.store(true, Ordering::SeqCst);
        (accepted, other.join().unwrap())
    });
    let rest = std::iter::from_fn(|| take(&queue)).count();
    assert_eq!(ended + rest, accepted);
}

#[test]
fn the_hook_is_called_with_no_lock_held() {
    type Change = fn(&Arc<Op>, &Queue, &Registry<Op>);
    let changes: [Change; 6] = [
        |op, _, _| cancel(op.id),
        |_, queue, _| queue.close(),
        |op, _, _| op.end(Ok(())),
        |op, _, _| say(op, "a"),
        |_, _, requests| requests.close().iter().for_each(|(_, op)| op.cancel("closed")),
        |op, _, _| op.retry(Error::new(Status::Server, "busy"), Duration::ZERO, "m", decoder()).unwrap(),
    ];
    for change in changes {
        let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
        let op = begin(&queue, &requests);
        let calls = Arc::<AtomicU64>::default();
        let (held, count) = (Arc::clone(&op), Arc::clone(&calls));
        queue.set_hook(Some(Box::new(move || {
            assert!(held.live.try_lock().is_ok(), "a call of the library's would wait for the hook");
            count.fetch_add(1, Ordering::SeqCst);
        })));
        change(&op, &queue, &requests);
        assert!(calls.load(Ordering::SeqCst) > 0);
        queue.set_hook(None);
    }
}

#[test]
fn what_failed_attempts_used_is_part_of_the_cost() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin(&queue, &requests);
    let fail = |used: &str, next: &str| {
        op.feed(format!("data: {{\"error\":\"busy\"{used}}}\n\n").as_bytes()).unwrap().unwrap_err();
        op.retry(Error::new(Status::Server, "busy"), Duration::ZERO, next, decoder()).unwrap();
        op.head(Head { status: 200, ..Head::default() }, Some("text/event-stream")).unwrap();
    };
    let cost = || op.with_live(|live| live.earlier.nanousd()).unwrap();
    // 400,000 pico-USD a token, and 4,000,000 of the other model.
    fail("", "Qwen/QwQ-32B");
    assert_eq!(cost(), None);
    fail(",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":0}", "meta-llama/Meta-Llama-3.1-405B");
    assert_eq!(cost(), Some(4_000));
    fail(",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":0}", "Qwen/QwQ-32B");
    assert_eq!(cost(), Some(44_000));
    let used = "data: {\"choices\":[{\"index\":0,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":5}}\n\n";
    op.feed(used.as_bytes()).unwrap().unwrap();
    op.end(Ok(()));
    let models = std::iter::from_fn(|| match take(&queue)?.kind {
        EventKind::Retry { model, .. } => Some(model.as_str().to_owned()),
        EventKind::Done(response) => {
            assert_eq!((response.cost, response.answer.usage.prompt_tokens), (Some(48_000), Some(5)));
            Some(response.requested_model.as_str().to_owned())
        }
        other => panic!("{other:?}"),
    });
    let qwen = "Qwen/QwQ-32B";
    assert_eq!(models.collect::<Vec<_>>(), [qwen, "meta-llama/Meta-Llama-3.1-405B", qwen, qwen]);
    let count = |which| op.account.counters.get(which);
    assert_eq!((count(Count::PromptTokens), count(Count::SpentNanousd)), (25, 48_000));
}

#[test]
fn a_cost_that_is_not_known_makes_the_sum_unknown() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin(&queue, &requests);
    op.feed(b"data: {\"error\":\"busy\",\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":0}}\n\n")
        .unwrap()
        .unwrap_err();
    op.retry(Error::new(Status::Server, "busy"), Duration::ZERO, "unheard-of", decoder()).unwrap();
    op.head(Head { status: 200, ..Head::default() }, Some("text/event-stream")).unwrap();
    say(&op, "a");
    op.end(Ok(()));
    let response = std::iter::from_fn(|| take(&queue)).last();
    assert_eq!(done(response).cost, None);
    let count = |which| op.account.counters.get(which);
    assert_eq!((count(Count::Unpriced), count(Count::SpentNanousd)), (1, 4_000));
}

/// However soon the end comes, no response has more attempts than its client.
#[test]
fn an_attempt_is_counted_when_it_begins() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin(&queue, &requests);
    cancel(op.id);
    let response = done(take(&queue));
    assert_eq!((response.attempts, op.account.counters.get(Count::Attempts)), (1, 1));
    assert_eq!(op.account.usage.snapshot()[0].attempts, 1);
    assert!(op.attempt(None).is_err());
    assert_eq!(op.account.counters.get(Count::Attempts), 1);
}

const SENTENCES: Delivery = Delivery { omit_reasoning: false, sentences: true, omit_pieces: false };

/// Everything that waits, in a few characters each.
fn told(queue: &Queue) -> Vec<String> {
    let tell = |event: Event| match event.kind {
        EventKind::Text { choice, text } => format!("{choice} {text}"),
        EventKind::Reasoning { choice, text } => format!("{choice} thinks {text}"),
        EventKind::ToolCall { choice, name, .. } => format!("{choice} calls {name}"),
        EventKind::Retry { model, .. } => format!("again {model}"),
        EventKind::Done(response) => format!("done {}", response.answer.choices[0].text),
    };
    std::iter::from_fn(|| take(queue)).map(tell).collect()
}

fn chunk(op: &Op, choices: &str) {
    op.feed(format!("data: {{\"choices\":[{choices}]}}\n\n").as_bytes()).unwrap().unwrap();
}

#[test]
fn text_comes_in_sentences() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let op = begin_with(SENTENCES, &queue, &requests);
    say(&op, "One. Tw");
    assert_eq!(told(&queue), ["0 One. "]);
    let progress = op.progress().unwrap();
    say(&op, "o");
    assert!(told(&queue).is_empty());
    // What came counts, not what was delivered.
    assert!(progress.has_piece && op.progress().unwrap().events > progress.events);
    chunk(&op, r#"{"index":1,"delta":{"content":"Other"}}"#);
    chunk(&op, r#"{"index":0,"delta":{"reasoning_content":"hm"}}"#);
    assert_eq!(told(&queue), ["0 Two", "0 thinks hm"]);
    say(&op, " and");
    chunk(
        &op,
        r#"{"index":0,"delta":{"tool_calls":[{"index":0,"id":"i","function":{"name":"f","arguments":"{}"}}]}}"#,
    );
    chunk(&op, r#"{"index":0,"delta":{"content":" so"}}"#);
    chunk(&op, r#"{"index":0,"delta":{},"finish_reason":"stop"}"#);
    assert_eq!(told(&queue).concat(), "0  and so0 calls f");
    chunk(&op, r#"{"index":1,"delta":{"content":" one"},"finish_reason":"stop"}"#);
    assert_eq!(told(&queue), ["1 Other one"]);
    op.end(Ok(()));
    assert_eq!(told(&queue), ["done One. Two and so"]);
}

#[test]
fn a_half_sentence_is_delivered_before_an_error_and_not_after_a_cancel() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let ended = |end: &dyn Fn(&Op)| {
        let op = begin_with(SENTENCES, &queue, &requests);
        say(&op, "One. Tw");
        end(&op);
        told(&queue)
    };
    let all = ["0 One. Tw", "done One. Tw"];
    assert_eq!(ended(&|op| op.end(Err(Error::new(Status::Truncated, "cut")))), all);
    assert_eq!(ended(&|op| op.end(Err(Error::new(Status::Deadline, "late")))), all);
    assert_eq!(ended(&|op| cancel(op.id)), all[1..]);
    // By a close of the client.
    assert_eq!(ended(&|op| op.cancel("closed")), all[1..]);
}

/// Half a tag, half a character, and text of a model whose thinking may end only now.
#[test]
fn what_the_reader_held_back_is_delivered_before_an_error_too() {
    let (queue, requests) = (Arc::new(Queue::default()), Arc::default());
    let thinker = r#"{"model":"Qwen/QwQ-32B","choices":[{"index":0,"delta":{"content":"Two. Thr"}}]}"#;
    for (event, piece, text) in [
        (r#"{"choices":[{"index":0,"delta":{"content":" <thi"}}]}"#, " <thi", " <thi"),
        (r#"{"choices":[{"index":0,"delta":{"content":"a\ud83d"}}]}"#, "a\u{fffd}", "a\u{fffd}"),
        // What was cut before the thinking ended is thinking.
        (thinker, "thinks Two. Thr", ""),
    ] {
        for delivery in [SENTENCES, Delivery::default()] {
            let ended = |end: &dyn Fn(&Op)| {
                let op = begin_with(delivery, &queue, &requests);
                op.feed(format!("data: {event}\n\n").as_bytes()).unwrap().unwrap();
                end(&op);
                told(&queue)
            };
            let done = format!("done {text}");
            let all = [format!("0 {piece}"), done.clone()];
            assert_eq!(ended(&|op| op.end(Err(Error::new(Status::Deadline, "late")))), all);
            assert_eq!(ended(&|op| cancel(op.id)), [done]);
        }
    }
}
