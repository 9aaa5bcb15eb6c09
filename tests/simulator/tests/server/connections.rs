//! Faults of connections.

use crate::client::{Exchange, chat_with, control, start, wait};
use crate::tls;
use http_body_util::BodyExt;
use hyperbolic_simulator::{ConnectionScript, End, Simulator};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

fn connect(simulator: &Simulator) -> TcpStream {
    TcpStream::connect(simulator.url().strip_prefix("http://").unwrap()).unwrap()
}

/// Whether nothing has come, and the connection is open.
fn is_silent(mut tcp: &TcpStream) -> bool {
    tcp.set_nonblocking(true).unwrap();
    let silent = tcp.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock);
    tcp.set_nonblocking(false).unwrap();
    silent
}

fn streaming(simulator: &Simulator) -> Exchange {
    let mut exchange = chat_with(simulator, "stall-after=2", json!({"stream": true}));
    exchange.read_until("This");
    exchange
}

#[test]
fn connections_fail_in_their_order() {
    let simulator = start();
    let script = "times=1;reset,times=2;close,times=1;stall,times=1";
    assert_eq!(control(&simulator, "PUT /simulator/connections", &[], script).0, 200);
    assert_eq!(chat_with(&simulator, "", json!({})).answer().0, 200);
    for _ in 0..2 {
        let error = connect(&simulator).read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    }
    assert_eq!(connect(&simulator).read(&mut [0]).unwrap(), 0);
    let mut stalled = connect(&simulator);
    stalled.write_all(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert_eq!(chat_with(&simulator, "", json!({})).answer().0, 200);
    assert!(is_silent(&stalled));
    let stats = wait(&simulator, |stats| stats.open == 1);
    assert_eq!((stats.connections, stats.connections_faulted, stats.requests), (6, 4, 2));
    drop(stalled);
    assert_eq!(wait(&simulator, |stats| stats.open == 0).closes, 0);
}

#[test]
fn scripts_are_checked_and_forgotten() {
    let simulator = start();
    for bad in ["status=500", "reset=1", "tls-reset", "stall;tls-stall"] {
        assert_eq!(control(&simulator, "PUT /simulator/connections", &[], bad).0, 400, "{bad}");
    }
    simulator.set_connection_faults(ConnectionScript::parse("reset").unwrap());
    assert!(connect(&simulator).read(&mut [0]).is_err());
    assert_eq!(control(&simulator, "POST /simulator/reset", &[], "").0, 200);
    assert_eq!(chat_with(&simulator, "", json!({})).answer().0, 200);
}

#[test]
fn open_connections_are_reset_or_closed() {
    let simulator = start();
    simulator.set_connection_faults(ConnectionScript::parse("times=2;stall,times=1").unwrap());
    let (idle, exchange, mut stalled) = (connect(&simulator), streaming(&simulator), connect(&simulator));
    wait(&simulator, |stats| stats.connections == 3);
    let answer = control(&simulator, "POST /simulator/disconnect?how=reset", &[], "");
    assert_eq!(answer, (200, json!({"connections": 3})));
    assert_eq!(simulator.stats().open, 0);
    assert_eq!(exchange.read_all().1.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!((&idle).read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(stalled.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);

    let (mut idle, exchange) = (connect(&simulator), streaming(&simulator));
    // Part of a request is there, and unread or not: the end is the same.
    idle.write_all(b"GET /v1/mod").unwrap();
    wait(&simulator, |stats| stats.open == 2);
    assert_eq!(simulator.disconnect(End::Close), 2);
    exchange.read_all().1.unwrap();
    assert_eq!(idle.read(&mut [0]).unwrap(), 0);
    let stats = simulator.stats();
    assert_eq!((stats.open, stats.in_flight, stats.closes, stats.broken_off), (0, 0, 0, 2));
    assert_eq!(control(&simulator, "POST /simulator/disconnect?how=gently", &[], "").0, 400);
}

#[test]
fn open_connections_fall_silent_for_good() {
    let simulator = start();
    let mut slow = chat_with(&simulator, "event-delay=1", json!({"stream": true}));
    slow.read_until("This");
    let mut idle = connect(&simulator);
    wait(&simulator, |stats| stats.open == 2);
    assert_eq!(simulator.disconnect(End::Silent), 2);
    idle.write_all(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert_eq!(chat_with(&simulator, "event-delay=1", json!({"stream": true})).answer().0, 200);
    // The new one was as slow, and began later.
    slow.tcp.set_nonblocking(true).unwrap();
    let mut rest = Vec::new();
    assert_eq!(slow.tcp.read_to_end(&mut rest).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(is_silent(&idle));
    let stats = wait(&simulator, |stats| stats.open == 2);
    assert_eq!((stats.requests, stats.finished, stats.in_flight, stats.closes), (2, 1, 1, 0));
    drop(slow);
    let stats = wait(&simulator, |stats| stats.open == 1);
    assert_eq!((stats.closes, stats.in_flight, stats.broken_off), (1, 0, 0));
    assert_eq!(simulator.disconnect(End::Reset), 1);
    assert_eq!(idle.read(&mut [0]).unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn handshakes_fail_after_the_first_message() {
    let simulator = tls::start();
    simulator.set_connection_faults(ConnectionScript::parse("tls-reset,times=1;tls-stall,times=1").unwrap());
    let tcp = tls::tcp(&simulator).await;
    wait(&simulator, |stats| stats.connections_faulted == 1);
    let tcp = tcp.into_std().unwrap();
    assert!(is_silent(&tcp));
    tcp.set_nonblocking(true).unwrap();
    let tcp = tokio::net::TcpStream::from_std(tcp).unwrap();
    let error = tls::handshake(&simulator, "h2", tcp).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);

    let simulator = Arc::new(simulator);
    let tcp = tls::tcp(&simulator).await;
    wait(&simulator, |stats| stats.connections_faulted == 2);
    let server = simulator.clone();
    let stalled = tokio::spawn(async move { tls::handshake(&server, "h2", tcp).await.map(|_| ()) });
    let mut other = tls::connect(&simulator).await;
    other.send_request(tls::request(&simulator, "")).await.unwrap().into_body().collect().await.unwrap();
    assert!(!stalled.is_finished());
    stalled.abort();
    drop(other);
    assert_eq!(wait(&simulator, |stats| stats.open == 0).connections, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn streams_of_a_silent_connection_get_nothing_more() {
    let simulator = tls::start();
    let mut sender = tls::connect(&simulator).await;
    let mut streams = Vec::new();
    for fault in ["stall-after=2", "event-delay=1"] {
        let mut stream = sender.send_request(tls::request(&simulator, fault)).await.unwrap();
        stream.body_mut().frame().await.unwrap().unwrap();
        streams.push(stream);
    }
    assert_eq!(simulator.disconnect(End::Silent), 1);
    let mut other = tls::connect(&simulator).await;
    let answer = other.send_request(tls::request(&simulator, "event-delay=1")).await.unwrap();
    assert!(answer.into_body().collect().await.unwrap().to_bytes().ends_with(b"data: [DONE]\n\n"));
    let stats = simulator.stats();
    assert_eq!((stats.in_flight, stats.streams_finished, stats.closes), (2, 1, 0));
    drop((streams, sender));
    let stats = wait(&simulator, |stats| stats.open == 1);
    assert_eq!((stats.in_flight, stats.closes, stats.broken_off), (0, 2, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn requests_in_every_state_end_with_their_connection() {
    let simulator = tls::start();
    for how in [End::Reset, End::Close] {
        let mut sender = tls::connect(&simulator).await;
        let mut answers = Vec::new();
        for fault in
            ["stall", "delay=3600000", "stall-after=2", "event-delay=3600000", "bytewise,byte-delay=3600000"]
        {
            answers.push(tokio::spawn(sender.send_request(tls::request(&simulator, fault))));
        }
        wait(&simulator, |stats| stats.in_flight == 5 && stats.streams_started == 3);
        assert_eq!(simulator.disconnect(how), 1);
        let stats = simulator.stats();
        assert_eq!((stats.open, stats.in_flight, stats.closes, stats.broken_off), (0, 0, 0, 5));
        for answer in answers {
            if let Ok(answer) = answer.await.unwrap() {
                assert!(answer.into_body().collect().await.is_err());
            }
        }
        simulator.reset();
    }
}
