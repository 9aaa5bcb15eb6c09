//! The rules, one by one, on a clock that stands still.

use super::{Pacer, Permit, Rates, Ticket, TooLate, Why};
use crate::sync::lock;
use std::future::{Future, poll_fn};
use std::num::NonZeroU32;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::{Instant, advance, sleep, timeout};

/// As it is in earnest.
pub const MINUTE: Duration = Duration::from_secs(60);
/// The model that has a limit of its own.
pub const BIG: &str = "meta-llama/Meta-Llama-3.1-405B-Instruct";

/// A pacer with these limits; 0 is none.
pub fn pacer(per_minute: u32, big: u32, concurrent: u32) -> Arc<Pacer> {
    let rates = Rates {
        per_minute: NonZeroU32::new(per_minute),
        models: NonZeroU32::new(big).map(|limit| (BIG.to_owned(), limit)).into_iter().collect(),
        concurrent: NonZeroU32::new(concurrent),
    };
    Pacer::new(rates, MINUTE)
}

/// Short for a duration.
pub fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// What several requests did, and how many seconds after `start`.
#[derive(Clone)]
struct Log {
    start: Instant,
    entries: Arc<Mutex<Vec<(u64, u64)>>>,
}

impl Log {
    fn new() -> Self {
        Self { start: Instant::now(), entries: Arc::default() }
    }

    fn add(&self, who: u64) {
        lock(&self.entries).push((who, self.start.elapsed().as_secs()));
    }

    /// Since the last look.
    fn take(&self) -> Vec<(u64, u64)> {
        std::mem::take(&mut lock(&self.entries))
    }
}

/// A request in line: once in, the server counts it at once, and it keeps its permit for `runs`.
fn request(
    pacer: &Arc<Pacer>,
    log: &Log,
    who: u64,
    model: &'static str,
    runs: Duration,
) -> JoinHandle<Result<(), TooLate>> {
    let (log, ticket) = (log.clone(), pacer.ticket(model));
    tokio::spawn(async move {
        let mut permit = ticket.enter(None).await?;
        permit.counted();
        log.add(who);
        sleep(runs).await;
        Ok(())
    })
}

/// Lets everything happen that can happen by now.
async fn settle() {
    for _ in 0..100 {
        yield_now().await;
    }
}

async fn entered(ticket: &Ticket) -> Permit {
    ticket.enter(None).await.unwrap()
}

/// Whether somebody is let in without waiting.
async fn starts(ticket: &Ticket) -> Option<Permit> {
    poll_once(pin!(ticket.enter(None))).await.map(Result::unwrap)
}

/// What a future gives without waiting.
pub async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test(start_paused = true)]
async fn without_limits_nobody_waits() {
    let pacer = pacer(0, 0, 0);
    let mut permits = Vec::new();
    for _ in 0..1000 {
        permits.push(starts(&pacer.ticket("m")).await.unwrap());
    }
    drop(permits);
    assert!(lock(&pacer.turns).is_idle());
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let (pacer, log) = (pacer(2, 0, 0), Log::new());
    let requests: Vec<_> = (0..5).map(|who| request(&pacer, &log, who, "m", seconds(1))).collect();
    for request in requests {
        request.await.unwrap().unwrap();
    }
    assert_eq!(log.take(), [(0, 0), (1, 0), (2, 60), (3, 60), (4, 120)]);
    assert!(lock(&pacer.turns).is_idle());
}

#[tokio::test(start_paused = true)]
async fn the_line_is_that_of_the_calls() {
    let pacer = pacer(1, 0, 0);
    let (first, second, late) = (pacer.ticket("m"), pacer.ticket("m"), pacer.ticket("m"));
    let (first, in_line) = (first.line_up(None).unwrap(), second.line_up(None).unwrap());
    // Whoever waits first is not served first.
    let mut waiting = pin!(in_line.comes());
    assert!(poll_once(waiting.as_mut()).await.is_none());
    first.comes().await.unwrap().counted();
    let until = Some(Instant::now() + MINUTE * 3 / 2);
    assert_eq!(late.line_up(until).unwrap_err().wait, MINUTE * 2);
    // Its task comes later; its place in line is the next one's at once.
    second.leave();
    let mut next = pin!(late.line_up(until).unwrap().comes());
    assert!(poll_once(next.as_mut()).await.is_none());
    advance(MINUTE).await;
    assert!(poll_once(waiting.as_mut()).await.is_none());
    assert!(poll_once(next.as_mut()).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_what_is_free_before_those_who_wait_for_it() {
    let pacer = pacer(1, 0, 0);
    entered(&pacer.ticket("m")).await.counted();
    let ticket = pacer.ticket("m");
    let mut waiting = pin!(ticket.enter(None));
    assert!(poll_once(waiting.as_mut()).await.is_none());
    // The place is free, and the one who waits does not know it yet.
    advance(MINUTE).await;
    assert!(starts(&pacer.ticket("m")).await.is_none());
    assert!(poll_once(waiting.as_mut()).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_retry_keeps_its_place() {
    let (pacer, log) = (pacer(0, 0, 1), Log::new());
    let ticket = pacer.ticket("m");
    let first = entered(&ticket).await;
    for who in 0..2 {
        request(&pacer, &log, who, "m", seconds(1));
    }
    settle().await;
    // The next is let in, and the one after it has to let the retry pass.
    drop(first);
    let retry = entered(&ticket).await;
    assert_eq!(log.take(), [(0, 0)]);
    drop(retry);
    settle().await;
    assert_eq!(log.take(), [(1, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_models_limit_holds_up_only_those_who_use_it() {
    let (pacer, log) = (pacer(4, 1, 0), Log::new());
    for (who, model) in [BIG, BIG, BIG, "m", "m", "m", "m"].into_iter().enumerate() {
        request(&pacer, &log, who as u64, model, seconds(1));
    }
    settle().await;
    assert_eq!(log.take(), [(0, 0), (3, 0), (4, 0), (5, 0)]);
    sleep(seconds(61)).await;
    // Back in the order of the line, as far as the limits allow.
    assert_eq!(log.take(), [(1, 60), (6, 60)]);
    sleep(MINUTE).await;
    assert_eq!(log.take(), [(2, 120)]);
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_for_the_exact_model() {
    let (pacer, log) = (pacer(0, 1, 0), Log::new());
    for (who, model) in [BIG, "meta-llama/meta-llama-3.1-405b-instruct", "", BIG].into_iter().enumerate() {
        request(&pacer, &log, who as u64, model, seconds(1));
    }
    sleep(seconds(61)).await;
    assert_eq!(log.take(), [(0, 0), (1, 0), (2, 0), (3, 60)]);
}

#[tokio::test(start_paused = true)]
async fn so_many_at_a_time() {
    let (pacer, log) = (pacer(0, 0, 2), Log::new());
    for (who, runs) in [5, 3, 9, 9].into_iter().enumerate() {
        request(&pacer, &log, who as u64, "m", seconds(runs));
    }
    sleep(seconds(10)).await;
    assert_eq!(log.take(), [(0, 0), (1, 0), (2, 3), (3, 5)]);
}

#[tokio::test(start_paused = true)]
async fn a_place_comes_back_as_the_server_counts() {
    let pacer = pacer(1, 0, 0);
    let start = Instant::now();
    let ticket = pacer.ticket("m");
    // Answered after 5 seconds, dropped after 7.
    let mut permit = entered(&ticket).await;
    advance(seconds(5)).await;
    permit.counted();
    advance(seconds(2)).await;
    drop(permit);
    let permit = entered(&ticket).await;
    assert_eq!(start.elapsed().as_secs(), 65);
    // Dropped after 5 without an answer.
    advance(seconds(5)).await;
    drop(permit);
    let permit = entered(&ticket).await;
    assert_eq!(start.elapsed().as_secs(), 130);
    // Stalled: it runs, but has a place no more.
    let _next = entered(&ticket).await;
    assert_eq!(start.elapsed().as_secs(), 250);
    drop(permit);
}

#[tokio::test(start_paused = true)]
async fn a_count_brings_the_timer_forward() {
    let (pacer, log) = (pacer(1, 0, 0), Log::new());
    let mut permit = entered(&pacer.ticket("m")).await;
    request(&pacer, &log, 1, "m", seconds(1));
    // The timer is set to two minutes from the start, because the first may stall.
    sleep(seconds(1)).await;
    permit.counted();
    sleep(seconds(61)).await;
    assert_eq!(log.take(), [(1, 61)]);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_lets_the_next_in_at_once() {
    let pacer = pacer(1, 0, 0);
    let mut permit = entered(&pacer.ticket("m")).await;
    let (log, who) = (Log::new(), 1);
    request(&pacer, &log, who, "m", seconds(1));
    settle().await;
    permit.never_sent();
    drop(permit);
    settle().await;
    assert_eq!(log.take(), [(who, 0)]);
    // What the server has counted cannot be taken back.
    let mut permit = pacer.ticket("m").enter(None).await.unwrap();
    permit.counted();
    permit.never_sent();
    drop(permit);
    assert!(starts(&pacer.ticket("m")).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_everybody_and_only_grows() {
    let (pacer, log) = (pacer(0, 5, 0), Log::new());
    let permit = entered(&pacer.ticket("m")).await;
    permit.pause(log.start + seconds(10));
    request(&pacer, &log, 0, "m", seconds(1));
    request(&pacer, &log, 1, BIG, seconds(1));
    settle().await;
    permit.pause(log.start + seconds(20));
    permit.pause(log.start + seconds(15));
    permit.pause(log.start);
    sleep(seconds(21)).await;
    assert_eq!(log.take(), [(0, 20), (1, 20)]);
    // It has passed, and so a shorter one counts again.
    permit.pause(log.start + seconds(25));
    request(&pacer, &log, 2, "m", seconds(1));
    sleep(seconds(5)).await;
    assert_eq!(log.take(), [(2, 25)]);
}

#[tokio::test(start_paused = true)]
async fn the_timer_is_set_for_whoever_comes_first() {
    let (pacer, log) = (pacer(0, 1, 0), Log::new());
    let mut permit = pacer.ticket(BIG).enter(None).await.unwrap();
    permit.counted();
    permit.pause(log.start + seconds(20));
    request(&pacer, &log, 0, BIG, seconds(1));
    request(&pacer, &log, 1, "m", seconds(1));
    sleep(seconds(61)).await;
    assert_eq!(log.take(), [(1, 20), (0, 60)]);
}

#[tokio::test(start_paused = true)]
async fn another_key_starts_afresh() {
    let (pacer, log) = (pacer(2, 1, 0), Log::new());
    let old = pacer.ticket(BIG).enter(None).await.unwrap();
    old.pause(log.start + seconds(100));
    for (who, model) in [BIG, "m", "m"].into_iter().enumerate() {
        request(&pacer, &log, who as u64, model, seconds(1));
    }
    settle().await;
    assert_eq!(log.take(), []);
    pacer.renew();
    settle().await;
    assert_eq!(log.take(), [(0, 0), (1, 0)]);
    // What comes of requests under the old key is nothing to the new one.
    old.pause(log.start + seconds(100));
    advance(seconds(30)).await;
    drop(old);
    sleep(seconds(31)).await;
    assert_eq!(log.take(), [(2, 60)]);
}

#[tokio::test(start_paused = true)]
async fn whoever_leaves_the_line_lets_the_others_go_on() {
    let (pacer, log) = (pacer(1, 0, 0), Log::new());
    let requests: Vec<_> = (0..4).map(|who| request(&pacer, &log, who, "m", seconds(1))).collect();
    settle().await;
    // The first of those who wait keeps the timer.
    requests[1].abort();
    requests[2].abort();
    sleep(seconds(62)).await;
    assert_eq!(log.take(), [(0, 0), (3, 60)]);
    assert!(lock(&pacer.turns).is_idle());
}

#[tokio::test(start_paused = true)]
async fn whoever_is_let_in_and_leaves_gives_his_place_back() {
    for (pacer, waits) in [(pacer(1, 0, 0), MINUTE), (pacer(1, 0, 1), MINUTE), (pacer(0, 0, 1), seconds(1))] {
        let mut permit = entered(&pacer.ticket("m")).await;
        permit.counted();
        let (second, third) = (pacer.ticket("m"), pacer.ticket("m"));
        let mut third = pin!(third.enter(None));
        {
            let mut second = pin!(second.enter(None));
            assert!(poll_once(second.as_mut()).await.is_none());
            assert!(poll_once(third.as_mut()).await.is_none());
            drop(permit);
            advance(waits).await;
            // Lets the second in, who does not come to know it.
            pacer.change(|_, _| ());
            assert!(!lock(&pacer.turns).is_idle());
        }
        let permit = poll_once(third.as_mut()).await.expect("the third is next").unwrap();
        drop(permit);
        assert!(lock(&pacer.turns).is_idle());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_cannot_start_in_time_hears_it_at_once() {
    let pacer = pacer(2, 1, 0);
    let start = Instant::now();
    let enter = async |model, until| {
        let entered = timeout(seconds(0), pacer.ticket(model).enter(Some(start + until))).await;
        entered.ok().map(|entered| entered.map(|mut permit| permit.counted()))
    };
    assert_eq!(enter(BIG, seconds(0)).await, Some(Ok(())), "nothing holds it up");
    advance(seconds(10)).await;
    let late = TooLate { wait: seconds(50), why: Why::ModelRate(1, BIG.to_owned()) };
    assert_eq!(enter(BIG, seconds(60)).await, Some(Err(late.clone())));
    assert_eq!(enter(BIG, seconds(61)).await, None, "it may wait");
    assert_eq!(enter("m", seconds(11)).await, Some(Ok(())));
    let general = TooLate { wait: seconds(50), why: Why::Rate(2) };
    assert_eq!(enter("m", seconds(11)).await, Some(Err(general.clone())));
    let permit = pacer.ticket("m").enter(None).await.unwrap();
    permit.pause(start + seconds(100));
    let pause = TooLate { wait: seconds(40), why: Why::Pause };
    assert_eq!(enter("m", seconds(99)).await, Some(Err(pause.clone())));
    let says = [late, general, pause].map(|late| late.to_string());
    assert_eq!(
        says,
        [
            "the limit of 1 requests a minute for meta-llama/Meta-Llama-3.1-405B-Instruct holds the request up for \
             at least 50000 ms",
            "the limit of 2 requests a minute holds the request up for at least 50000 ms",
            "a pause that the server asked for holds the request up for at least 40000 ms",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn those_ahead_in_line_count() {
    let (pacer, log) = (pacer(2, 1, 0), Log::new());
    for who in 0..5 {
        request(&pacer, &log, who, "m", seconds(1));
    }
    settle().await;
    // The three in line start at 60, 60 and 120, the next at 120, and the one after it at 180.
    let until = |after| Some(log.start + seconds(after));
    let wait = async |after, model| {
        let ticket = pacer.ticket(model);
        poll_once(pin!(ticket.enter(until(after)))).await.map(|late| late.unwrap_err().wait)
    };
    assert_eq!(wait(120, "m").await, Some(seconds(120)));
    assert_eq!(wait(121, "m").await, None);
    // Those who use a limited model stand behind those who use any, but not behind each other's model.
    assert_eq!(wait(120, BIG).await, Some(seconds(120)));
    request(&pacer, &log, 5, BIG, seconds(1));
    settle().await;
    assert_eq!(wait(120, "m").await, Some(seconds(120)));
    assert_eq!(wait(121, "m").await, None);
    assert_eq!(wait(180, BIG).await, Some(seconds(180)));
}

#[tokio::test(start_paused = true)]
async fn a_pause_ends_the_wait_of_those_who_would_be_late() {
    let pacer = pacer(2, 5, 0);
    let start = Instant::now();
    let (mut first, mut second) = (entered(&pacer.ticket("m")).await, entered(&pacer.ticket("m")).await);
    first.counted();
    second.counted();
    // Without a pause they start at 60, 60, 120 and 120.
    let requests =
        [("m", None), ("m", Some(75)), ("m", Some(130)), (BIG, Some(130))].map(|(model, until)| {
            let ticket = pacer.ticket(model);
            let until = until.map(|until| start + seconds(until));
            tokio::spawn(async move {
                let result = ticket.enter(until).await;
                (
                    start.elapsed().as_secs(),
                    result.map(|mut permit| permit.counted()).map_err(|late| late.why),
                )
            })
        });
    advance(seconds(1)).await;
    settle().await;
    first.pause(start + seconds(80));
    let mut ends = Vec::new();
    for request in requests {
        ends.push(request.await.unwrap());
    }
    // The second leaves, so that the third is in time, but the fourth would start at 140.
    assert_eq!(ends, [(80, Ok(())), (1, Err(Why::Pause)), (80, Ok(())), (1, Err(Why::Rate(2)))]);
    drop((first, second));
    assert!(lock(&pacer.turns).is_idle());
}
