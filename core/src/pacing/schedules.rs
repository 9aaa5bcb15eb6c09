//! Many requests at random times: what a server sees of them, what they are told, and what they cost.

use super::tests::{BIG, MINUTE, pacer, poll_once, seconds};
use super::{Pacer, Permit, Rates};
use crate::sync::lock;
use fastrand::Rng;
use std::num::NonZeroU32;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

fn up_to(random: &mut Rng, longest: Duration) -> Duration {
    longest.mul_f64(random.f64())
}

/// What a server sees: when it counted requests, and of which model.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Vec<(Instant, &'static str)>>>);

impl Server {
    fn count(&self, model: &'static str) {
        lock(&self.0).push((Instant::now(), model));
    }

    fn times(&self, of: impl Fn(&str) -> bool) -> Vec<Instant> {
        lock(&self.0).iter().filter(|(_, model)| of(model)).map(|(time, _)| *time).collect()
    }
}

/// The most that any minute holds.
fn fullest(times: &[Instant]) -> usize {
    let from = |first: usize| times[first..].iter().take_while(|time| **time < times[first] + MINUTE).count();
    (0..times.len()).map(from).max().unwrap_or(0)
}

/// One request, which takes up to `latency` each way and may fail in any way.
async fn live(pacer: Arc<Pacer>, server: Server, mut random: Rng, latency: Duration) {
    let model = if random.u8(..10) == 0 { BIG } else { "m" };
    let ticket = pacer.ticket(model);
    let patience = if random.u8(..10) == 0 { up_to(&mut random, MINUTE) } else { MINUTE * 60 };
    let Ok(permit) = timeout(patience, ticket.enter(None)).await else { return };
    let mut permit = permit.unwrap();
    sleep(up_to(&mut random, latency)).await;
    if random.u8(..10) == 0 {
        return permit.never_sent();
    }
    server.count(model);
    sleep(up_to(&mut random, latency)).await;
    // Some are dropped before an answer came.
    if random.u8(..10) > 0 {
        permit.counted();
        sleep(up_to(&mut random, seconds(20))).await;
    }
}

#[tokio::test(start_paused = true)]
async fn no_server_sees_more_than_its_limits() {
    for seed in 0..20 {
        let mut random = Rng::with_seed(seed);
        let latency = [seconds(0), seconds(1), seconds(10), seconds(30)][random.usize(..4)];
        let (pacer, server) = (pacer(60, 5, [0, 0, 20][random.usize(..3)]), Server::default());
        let mut requests = JoinSet::new();
        for _ in 0..600 {
            if random.bool() {
                sleep(up_to(&mut random, seconds(1))).await;
            }
            requests.spawn(live(Arc::clone(&pacer), server.clone(), random.fork(), latency));
        }
        while let Some(end) = requests.join_next().await {
            end.unwrap();
        }
        let (all, big) = (server.times(|_| true), server.times(|model| model == BIG));
        assert!(all.len() > 400 && big.len() > 10, "seed {seed}: {} {}", all.len(), big.len());
        assert!(fullest(&all) <= 60 && fullest(&big) <= 5, "seed {seed}");
        assert!(lock(&pacer.turns).is_idle(), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_used_up() {
    const MINUTES: u32 = 10;
    let (pacer, server) = (pacer(60, 0, 0), Server::default());
    let mut requests = JoinSet::new();
    for seed in 0..60 * u64::from(MINUTES) {
        let (pacer, server, mut random) = (Arc::clone(&pacer), server.clone(), Rng::with_seed(seed));
        requests.spawn(async move {
            let mut permit = pacer.ticket("m").enter(None).await.unwrap();
            sleep(up_to(&mut random, Duration::from_millis(50))).await;
            server.count("m");
            sleep(up_to(&mut random, Duration::from_millis(50))).await;
            permit.counted();
        });
    }
    requests.join_all().await;
    let times = server.times(|_| true);
    assert_eq!(fullest(&times), 60);
    for minute in 0..MINUTES {
        let from = times[0] + MINUTE * minute;
        let seen = times.iter().filter(|time| (from..from + MINUTE).contains(time)).count();
        assert!(seen >= 57, "{seen} in minute {minute}");
    }
}

/// Enters, and says what a request in a hurry would have been told before: how long it waits at least.
async fn enter(pacer: &Arc<Pacer>, model: &str) -> (Duration, Permit) {
    let ticket = pacer.ticket(model);
    let hurry = poll_once(pin!(ticket.enter(Some(Instant::now())))).await;
    let told = match hurry {
        Some(Ok(permit)) => return (Duration::ZERO, permit),
        Some(Err(late)) => late.wait,
        None => Duration::ZERO,
    };
    (told, ticket.enter(None).await.unwrap())
}

#[tokio::test(start_paused = true)]
async fn nobody_starts_before_he_was_told() {
    let waits = Arc::new(AtomicU32::new(0));
    for seed in 0..50 {
        let mut random = Rng::with_seed(seed);
        let limit = random.u32(1..8);
        let pacer = pacer(limit * random.u32(..2), random.u32(..4), random.u32(..3));
        let mut requests = JoinSet::new();
        for _ in 0..60 {
            sleep(up_to(&mut random, seconds(10))).await;
            let (pacer, waits, mut random) = (Arc::clone(&pacer), Arc::clone(&waits), random.fork());
            requests.spawn(async move {
                let model = if random.bool() { BIG } else { "m" };
                let now = Instant::now();
                let (told, mut permit) = enter(&pacer, model).await;
                assert!(told <= now.elapsed(), "seed {seed}: {told:?} {:?}", now.elapsed());
                waits.fetch_add(u32::from(!told.is_zero()), Ordering::Relaxed);
                sleep(up_to(&mut random, seconds(5))).await;
                match random.u8(..10) {
                    0 => permit.pause(Instant::now() + up_to(&mut random, seconds(30))),
                    1 => return,
                    // Stalls.
                    2 => sleep(MINUTE * 3).await,
                    _ => permit.counted(),
                }
                sleep(up_to(&mut random, seconds(10))).await;
            });
        }
        while let Some(end) = requests.join_next().await {
            end.unwrap();
        }
    }
    assert!(waits.load(Ordering::Relaxed) > 500);
}

#[tokio::test(start_paused = true)]
async fn without_surprises_everybody_starts_when_he_was_told() {
    let pacer = pacer(7, 0, 0);
    let mut random = Rng::with_seed(1);
    let mut requests = JoinSet::new();
    for _ in 0..200 {
        sleep(Duration::from_millis(random.u64(..5000))).await;
        let pacer = Arc::clone(&pacer);
        requests.spawn(async move {
            let now = Instant::now();
            let (told, mut permit) = enter(&pacer, "m").await;
            let told = told.as_millis();
            permit.counted();
            assert!((told..=told + 1).contains(&now.elapsed().as_millis()), "{told} {:?}", now.elapsed());
        });
    }
    while let Some(end) = requests.join_next().await {
        end.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_line_is_looked_at_once_for_each() {
    const REQUESTS: u64 = 10_000;
    let (pacer, polls) = (pacer(100, 1000, 0), Arc::new(AtomicU64::new(0)));
    let mut requests = JoinSet::new();
    for request in 0..REQUESTS {
        let (pacer, polls) = (Arc::clone(&pacer), Arc::clone(&polls));
        requests.spawn(async move {
            let ticket = pacer.ticket(if request % 2 == 0 { BIG } else { "m" });
            let mut enter = pin!(ticket.enter(None));
            let permit = std::future::poll_fn(|context| {
                polls.fetch_add(1, Ordering::Relaxed);
                enter.as_mut().poll(context)
            });
            permit.await.unwrap().counted();
        });
    }
    requests.join_all().await;
    // Each when it comes and when it is let in, and some to keep the time.
    let polls = polls.load(Ordering::Relaxed);
    assert!((REQUESTS..REQUESTS * 5 / 2).contains(&polls), "{polls}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_is_forgotten_among_threads() {
    const AT_A_TIME: u32 = 3;
    let rates = Rates {
        per_minute: NonZeroU32::new(50),
        models: vec![(BIG.to_owned(), NonZeroU32::MIN)],
        concurrent: NonZeroU32::new(AT_A_TIME),
    };
    let pacer = Pacer::new(rates, Duration::from_millis(5));
    let running = Arc::new(AtomicU32::new(0));
    let mut requests = JoinSet::new();
    for seed in 0..5000 {
        let (pacer, running, mut random) = (Arc::clone(&pacer), Arc::clone(&running), Rng::with_seed(seed));
        requests.spawn(async move {
            let model = if random.u8(..50) == 0 { BIG } else { "m" };
            let ticket = pacer.ticket(model);
            let enter = ticket.enter(None);
            let patience =
                Duration::from_millis(if random.u8(..2) == 0 { random.u64(..200) } else { 60_000 });
            let Ok(permit) = timeout(patience, enter).await else { return };
            let mut permit = permit.unwrap();
            assert!(running.fetch_add(1, Ordering::SeqCst) < AT_A_TIME);
            tokio::task::yield_now().await;
            running.fetch_sub(1, Ordering::SeqCst);
            match random.u8(..4) {
                0 => permit.never_sent(),
                1 => permit.counted(),
                2 => permit.pause(Instant::now() + Duration::from_millis(1)),
                _ => {}
            }
        });
    }
    let ends = timeout(seconds(120), requests.join_all()).await;
    assert!(ends.is_ok(), "somebody waits for ever");
    assert!(lock(&pacer.turns).is_idle());
}
