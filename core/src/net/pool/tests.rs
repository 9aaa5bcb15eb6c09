use super::{Failure, Lease, Pool, Step};
use crate::account::Account;
use crate::config::Config;
use crate::counters::Counters;
use crate::error::Status;
use crate::log::{Level, Log};
use crate::net::dial::{Counted, Dialer};
use crate::net::{Attempt, Live, Reply};
use crate::sync::lock;
use bytes::Bytes;
use http::Request;
use hyperbolic_simulator::{Options, Script, Simulator};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy_bidirectional, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, timeout};

fn account() -> Arc<Account> {
    let counters = Arc::<Counters>::default();
    let log = Log::new(Level::Off, false, Arc::clone(&counters));
    Arc::new(Account::new(counters, log, None))
}

/// Settings for a simulator, by way of another address.
fn config_of(simulator: &Simulator, url: &str) -> Config {
    let mut config = Config::default();
    config.set_base_url(url).unwrap();
    config.add_ca_pem(simulator.ca_pem().unwrap().as_bytes()).unwrap();
    config
}

/// Nothing here takes as long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A pool without a connection.
fn pool_of(config: &Config) -> Pool {
    let dialer = Dialer::new(config, &config.endpoint().unwrap()).unwrap();
    Pool::new(dialer, None, 1 << 20, account())
}

/// One for a server whose port nobody listens on.
fn pool() -> Pool {
    let mut config = Config::default();
    config.set_base_url("https://127.0.0.1:1").unwrap();
    pool_of(&config)
}

fn request() -> Request<Bytes> {
    Request::get("https://127.0.0.1:1").body(Bytes::new()).unwrap()
}

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let head = [0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream];
    [&head[..], payload].concat()
}

/// The settings of a server that takes so many streams at once.
fn settings(streams: u32) -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[&[0, 3][..], &streams.to_be_bytes()].concat())
}

/// As much of an HTTP/2 server as gives no answer. What it `says` comes after the first request, its settings too: as
/// on any way that takes its time. `pongs` says whether it answers pings, which it counts.
async fn silent_server(mut stream: DuplexStream, mut says: Vec<u8>, pongs: bool, pings: Arc<AtomicU32>) {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            stream.write_all(&std::mem::take(&mut says)).await.unwrap();
        }
        if head[3] == PING && head[4] & ACK == 0 {
            pings.fetch_add(1, Ordering::Relaxed);
            if pongs {
                stream.write_all(&frame(PING, ACK, 0, &payload)).await.unwrap();
            }
        }
    }
}

/// A new connection of HTTP/2 to such a server.
async fn connect(pool: &Pool, says: Vec<u8>, pongs: bool, pings: Arc<AtomicU32>) -> Lease {
    let (near, far) = duplex(1 << 20);
    tokio::spawn(silent_server(far, says, pongs, pings));
    pool.0.open_http2(Counted::new(Box::new(near))).await.unwrap()
}

/// Sends a request that is never answered, for ten minutes at most. Gives how long it lived, and the pings.
async fn wait_in_silence(pongs: bool) -> (Duration, u32) {
    let pings = Arc::<AtomicU32>::default();
    let mut lease = connect(&pool(), settings(9), pongs, Arc::clone(&pings)).await;
    assert!(matches!(lease, Lease::Stream(_)));
    let begun = Instant::now();
    let answer = timeout(Duration::from_secs(600), lease.send(request())).await;
    assert!(!matches!(answer, Ok(Ok(_))), "nobody answered");
    (begun.elapsed(), pings.load(Ordering::Relaxed))
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_pinged_and_a_dead_one_noticed() {
    let (alive, pings) = wait_in_silence(true).await;
    assert_eq!((alive.as_secs(), pings), (600, 19));
    let (alive, pings) = wait_in_silence(false).await;
    assert_eq!((alive.as_secs(), pings), (50, 1));
}

/// Nobody waits for the head of the first answer to know how many streams the server takes.
#[tokio::test(start_paused = true)]
async fn the_limit_on_streams_is_heard_when_the_server_says_it() {
    let pool = pool();
    let mut first = connect(&pool, settings(3), true, Arc::default()).await;
    tokio::spawn(async move { first.send(request()).await.map(drop) });
    let mut taken = Vec::new();
    for _ in 0..2 {
        let next = timeout(PATIENCE, pool.0.connection()).await.expect("the limit is not known");
        let (lease, used) = next.ok().unwrap();
        assert!(used);
        taken.push(lease);
    }
    let step = pool.0.step(&mut lock(&pool.0.state));
    assert!(matches!(step, Step::Dial(_)), "three, and no fourth");
}

/// It is no limit that may still grow: whoever waited for that would wait for an answer's end.
#[tokio::test]
async fn a_server_may_take_one_stream_at_a_time() {
    let pool = pool();
    let mut first = connect(&pool, settings(1), true, Arc::default()).await;
    tokio::spawn(async move { first.send(request()).await.map(drop) });
    let next = timeout(PATIENCE, pool.0.connection()).await.expect("no further connection is made");
    assert_eq!(next.err().unwrap().status, Status::Connect, "nobody listens");
}

/// Sends a request over a connection that has served before, and is answered so.
async fn answered(pool: &Pool, says: Vec<u8>) -> Failure {
    drop(connect(pool, [settings(9), says].concat(), true, Arc::default()).await);
    timeout(PATIENCE, pool.send(request())).await.unwrap().err().unwrap()
}

/// The server has seen the request, so that it may have been billed; and nothing is wrong with any connection.
#[tokio::test]
async fn a_stream_that_ends_is_no_dead_connection() {
    const INTERNAL_ERROR: [u8; 4] = [0, 0, 0, 2];
    // A head whose one field no head may have.
    let (reset, bad_head) =
        (frame(RST_STREAM, 0, 1, &INTERNAL_ERROR), frame(HEADERS, 4, 1, &[0, 1, b'A', 1, b'x']));
    for (says, status) in [(reset, Status::Connect), (bad_head, Status::BadResponse)] {
        let pool = pool();
        let failure = answered(&pool, says).await;
        assert_eq!((failure.error.status, failure.sent, failure.replay), (status, true, false));
        assert_eq!(lock(&pool.0.state).http2.len(), 1, "the connection is still there");
    }
}

/// The server says that it did not look at the request: also when it is a connection's first.
#[tokio::test]
async fn a_request_that_a_server_did_not_look_at_goes_again() {
    const REFUSED_STREAM: [u8; 4] = [0, 0, 0, 7];
    // No error, and no stream was looked at.
    let (refused, go_away) = (frame(RST_STREAM, 0, 1, &REFUSED_STREAM), frame(GOAWAY, 0, 0, &[0; 8]));
    for says in [refused, go_away] {
        let pool = pool();
        let kept = connect(&pool, settings(9), true, Arc::default()).await;
        assert!(answered(&pool, says.clone()).await.replay);
        assert!(lock(&pool.0.state).http2.iter().any(|on| !on.is_idle()), "no other connection is given up");
        drop(kept);
        let mut fresh = connect(&pool, [settings(9), says].concat(), true, Arc::default()).await;
        let error = fresh.send(request()).await.err().unwrap();
        assert!(pool.0.undone(error, false, true).err().unwrap().replay);
    }
}

/// A server that leaves before a request was written to it has not seen it, and has not counted it.
#[tokio::test]
async fn a_request_of_which_nothing_was_written_was_not_sent() {
    let pool = pool();
    let (near, far) = duplex(1 << 20);
    let mut lease = pool.0.open_http1(Counted::new(Box::new(near)));
    drop(far);
    let error = lease.send(request()).await.err().unwrap();
    let failure = pool.0.undone(error, false, true).err().unwrap();
    assert_eq!((failure.error.status, failure.sent, failure.replay), (Status::Connect, false, false));
}

/// A second before the server's patience ends, also where others have more of it.
#[tokio::test(start_paused = true)]
async fn the_least_patient_server_is_left_first() {
    let pool = pool();
    let begun = Instant::now();
    let mut ends = Vec::new();
    for keep in [None, Some(3), Some(30)] {
        let (near, far) = duplex(1 << 20);
        let lease = pool.0.open_http1(Counted::new(Box::new(near)));
        lease.give_back(keep.map(Duration::from_secs)).await;
        ends.push(far);
        // From the first on, somebody waits for what is to be closed.
        while lock(&pool.0.state).reaps_at.is_none() {
            tokio::task::yield_now().await;
        }
    }
    let mut closed = Vec::new();
    for end in [1, 2, 0] {
        assert_eq!(ends[end].read(&mut [0]).await.unwrap(), 0);
        closed.push(begun.elapsed().as_secs());
    }
    assert_eq!(closed, [2, 29, 55]);
}

/// An answer of HTTP/1.1 to a request over this connection, which waits for the next one then.
async fn serve_one(pool: &Pool, mut lease: Lease, far: &mut DuplexStream) {
    let answers = async {
        assert!(far.read(&mut [0; 1024]).await.unwrap() > 0);
        far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await.unwrap();
    };
    let (answer, ()) = tokio::join!(lease.send(request()), answers);
    assert!(answer.is_ok());
    assert_eq!(lease.next().await.unwrap().unwrap(), "ok");
    assert!(lease.next().await.unwrap().is_none());
    lease.give_back(None).await;
    assert_eq!(lock(&pool.0.state).idle.len(), 1);
}

fn taken(pool: &Pool) -> Lease {
    let step = pool.0.step(&mut lock(&pool.0.state));
    match step {
        Step::Take(lease) => lease,
        _ => panic!("no connection waits"),
    }
}

async fn tasks(wanted: usize) {
    let metrics = tokio::runtime::Handle::current().metrics();
    timeout(PATIENCE, async {
        while metrics.num_alive_tasks() != wanted {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("as many tasks");
}

/// Whether it waits or serves, it has one task that watches it, as long as it lives: however it ends.
#[tokio::test]
async fn a_connection_and_its_watcher_end_together() {
    let pool = pool();
    for end in ["it is cancelled", "the server closes it", "the server speaks", "the client closes it"] {
        tasks(0).await;
        let (near, mut far) = duplex(1 << 20);
        let lease = pool.0.open_http1(Counted::new(Box::new(near)));
        serve_one(&pool, lease, &mut far).await;
        serve_one(&pool, taken(&pool), &mut far).await;
        // And the one that closes it in time.
        tasks(2).await;
        while lock(&pool.0.state).reaps_at.is_none() {
            tokio::task::yield_now().await;
        }
        match end {
            "it is cancelled" => drop(timeout(Duration::from_millis(1), taken(&pool).send(request())).await),
            "the server closes it" => far.shutdown().await.unwrap(),
            "the server speaks" => far.write_all(b"HTTP/1.1 408 Late\r\n\r\n").await.unwrap(),
            _ => lock(&pool.0.state).idle.clear(),
        }
        tasks(1).await;
        let mut rest = Vec::new();
        timeout(PATIENCE, far.read_to_end(&mut rest)).await.expect(end).unwrap();
        assert_eq!(rest.is_empty(), end != "it is cancelled");
        // Nobody takes it any more.
        let step = pool.0.step(&mut lock(&pool.0.state));
        assert!(matches!(step, Step::Dial(_)), "{end}");
        lock(&pool.0.state).reaper.upgrade().unwrap().notify_one();
    }
    tasks(0).await;
}

/// What comes behind an answer, or with the end of it, is seen before another request can be given it.
#[tokio::test]
async fn what_a_server_says_behind_its_answer_answers_nothing() {
    for (watched, more) in [(false, "HTTP/1.1 200 OK\r\n\r\n"), (true, "HTTP/1.1 200 OK\r\n\r\n"), (true, "")]
    {
        let pool = pool();
        let (near, mut far) = duplex(1 << 20);
        let mut lease = pool.0.open_http1(Counted::new(Box::new(near)));
        if watched {
            tokio::task::yield_now().await;
        }
        let answers = async {
            assert!(far.read(&mut [0; 1024]).await.unwrap() > 0);
            far.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        };
        let (answer, ()) = tokio::join!(lease.send(request()), answers);
        assert!(answer.is_ok() && lease.next().await.unwrap().is_none());
        far.write_all(more.as_bytes()).await.unwrap();
        far.shutdown().await.unwrap();
        lease.give_back(None).await;
        assert!(lock(&pool.0.state).idle.is_empty());
    }
}

/// Whoever waits for a connection waits on for another that is under way.
#[tokio::test]
async fn one_that_fails_to_connect_leaves_the_others_their_hope() {
    let simulator = Simulator::start(Options { tls: true, ..Options::default() }).unwrap();
    let way = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pool = Arc::new(pool_of(&config_of(&simulator, &format!("https://{}", way.local_addr().unwrap()))));
    // One makes a connection for itself and one that waits; a third makes one of its own.
    lock(&pool.0.state).http2_streams = Some(2);
    let connect = || {
        let pool = Arc::clone(&pool);
        tokio::spawn(async move { pool.0.connection().await.map(|(lease, _)| lease) })
    };
    let first = connect();
    let (fails, _) = timeout(PATIENCE, way.accept()).await.unwrap().unwrap();
    let waits = connect();
    while lock(&pool.0.state).waiting == 0 {
        tokio::task::yield_now().await;
    }
    let third = connect();
    let (mut comes, _) = timeout(PATIENCE, way.accept()).await.unwrap().unwrap();
    drop(fails);
    assert!(timeout(PATIENCE, first).await.unwrap().unwrap().is_err());
    let server = simulator.url().strip_prefix("https://").unwrap().to_owned();
    tokio::spawn(async move {
        let mut server = TcpStream::connect(server).await.unwrap();
        copy_bidirectional(&mut comes, &mut server).await
    });
    for connecting in [third, waits] {
        assert_eq!(timeout(PATIENCE, connecting).await.unwrap().unwrap().err(), None);
    }
}

/// A simulator with HTTP/2, and a client of it.
fn simulated(faults: &str) -> (Simulator, Live) {
    let simulator = Simulator::start(Options { tls: true, ..Options::default() }).unwrap();
    simulator.set_faults(Script::parse(faults).unwrap());
    let live = Live::new(&config_of(&simulator, simulator.url()), &account()).unwrap();
    (simulator, live)
}

/// Sends a request, and waits for the head of its answer.
async fn ask(live: &Live) -> Reply {
    let attempt = Attempt {
        op: 0,
        route: crate::endpoint::Route::ChatCompletions,
        key: crate::key::Key::new("key").ok(),
        body: r#"{"model":"Qwen/QwQ-32B","stream":true,"messages":[{"role":"user","content":"x"}]}"#.into(),
        stream: true,
    };
    timeout(PATIENCE, live.send(attempt)).await.unwrap().map_err(|failure| failure.error).unwrap()
}

/// Reads an answer to its end, and says how many bytes it had.
async fn read(mut reply: Reply) -> usize {
    let mut bytes = 0;
    while let Some(more) = timeout(PATIENCE, reply.next()).await.unwrap().unwrap() {
        bytes += more.len();
    }
    bytes
}

/// More than the windows of a usual client hold together: there the next answer would not begin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_hold_up_no_other() {
    let (simulator, live) = simulated("words=1500,times=40");
    let mut unread = Vec::new();
    for _ in 0..40 {
        unread.push(ask(&live).await);
    }
    for _ in 0..3 {
        read(ask(&live).await).await;
    }
    assert_eq!(simulator.stats().connections, 1);
    // And those are whole all the same.
    for reply in unread {
        let bytes = read(reply).await;
        assert!(bytes > 256 << 10, "{bytes} bytes");
    }
}

/// What a server had sent before it heard of a cancel is no fault of its own. A usual client ends the connection after
/// a thousand such frames, and all that goes on there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_cancels_ends_no_other_answer() {
    let (simulator, live) = simulated("words=300,times=1;words=1500");
    let other = ask(&live).await;
    for _ in 0..500 {
        drop(ask(&live).await);
    }
    assert!(read(other).await > 0);
    assert_eq!(simulator.stats().connections, 1);
}
