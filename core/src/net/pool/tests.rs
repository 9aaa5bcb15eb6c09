use super::{Lease, Pool};
use crate::account::Account;
use crate::config::Config;
use crate::counters::Counters;
use crate::endpoint::Endpoint;
use crate::log::{Level, Log};
use crate::net::dial::{Counted, Dialer};
use crate::net::{Attempt, Live};
use bytes::Bytes;
use http::Request;
use hyperbolic_simulator::{Options, Script, Simulator};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, timeout};

fn account() -> Arc<Account> {
    let counters = Arc::<Counters>::default();
    let log = Log::new(Level::Off, false, Arc::clone(&counters));
    Arc::new(Account::new(counters, log, None))
}

/// As much of an HTTP/2 server as never answers a request; `pongs` says whether it answers pings.
async fn silent_server(mut stream: DuplexStream, pongs: bool, pings: Arc<AtomicU32>) {
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const ACK: u8 = 1;
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).await.unwrap();
    stream.write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]).await.unwrap();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == PING && head[4] & ACK == 0 {
            pings.fetch_add(1, Ordering::Relaxed);
            if pongs {
                stream.write_all(&[0, 0, 8, PING, ACK, 0, 0, 0, 0]).await.unwrap();
                stream.write_all(&payload).await.unwrap();
            }
        }
    }
}

/// Sends a request that is never answered, for ten minutes at most. Gives how long it lived, and the pings.
async fn wait_in_silence(pongs: bool) -> (Duration, u32) {
    let endpoint = Endpoint::new("https://a.b").unwrap();
    let dialer = Dialer::new(&Config::default(), &endpoint).unwrap();
    let pool = Pool::new(dialer, None, 1 << 20, account());
    let (near, far) = duplex(1 << 20);
    let pings = Arc::<AtomicU32>::default();
    tokio::spawn(silent_server(far, pongs, Arc::clone(&pings)));
    let mut lease = pool.0.open_http2(Counted::new(Box::new(near))).await.unwrap();
    assert!(matches!(lease, Lease::Stream(_)));
    let mut request = Request::new(Bytes::new().into());
    super::super::shape(&mut request, &endpoint.uri(), true, false);
    let begun = Instant::now();
    let answer = timeout(Duration::from_secs(600), lease.try_send(request)).await;
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

/// More than the windows of a usual client hold together: there the next answer would not begin.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_nobody_reads_hold_up_no_other() {
    let simulator = Simulator::start(Options { tls: true, ..Options::default() }).unwrap();
    simulator.set_faults(Script::parse("words=1500,times=40").unwrap());
    let mut config = Config::default();
    config.set_base_url(simulator.url()).unwrap();
    config.add_ca_pem(simulator.ca_pem().unwrap().as_bytes()).unwrap();
    let live = Live::new(&config, &account()).unwrap();
    let attempt = || Attempt {
        op: 0,
        route: crate::endpoint::Route::ChatCompletions,
        key: crate::key::Key::new("key").ok(),
        body: r#"{"model":"Qwen/QwQ-32B","stream":true,"messages":[{"role":"user","content":"x"}]}"#.into(),
        stream: true,
    };
    let patience = Duration::from_secs(60);
    let mut unread = Vec::new();
    for _ in 0..40 {
        let reply = timeout(patience, live.send(attempt())).await.unwrap();
        unread.push(reply.map_err(|failure| failure.error).unwrap());
    }
    for _ in 0..3 {
        let reply = timeout(patience, live.send(attempt())).await.unwrap();
        let mut reply = reply.map_err(|failure| failure.error).unwrap();
        while timeout(patience, reply.next()).await.unwrap().unwrap().is_some() {}
    }
    assert_eq!(simulator.stats().connections, 1);
    // And those are whole all the same.
    for mut reply in unread {
        let mut bytes = 0;
        while let Some(more) = timeout(patience, reply.next()).await.unwrap().unwrap() {
            bytes += more.len();
        }
        assert!(bytes > 256 << 10, "{bytes} bytes");
    }
}
