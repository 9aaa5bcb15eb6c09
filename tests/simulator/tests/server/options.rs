//! How a server is started.

use crate::client::{HANG, chat, chat_with, control, start, wait};
use crate::tls;
use http_body_util::BodyExt;
use hyperbolic_simulator::{Certificate, Options, Simulator, TlsVersion};
use serde_json::json;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use tokio_rustls::rustls::ProtocolVersion;

fn with_idle(milliseconds: u64, tls: bool) -> Simulator {
    let idle = Some(Duration::from_millis(milliseconds));
    Simulator::start(Options { idle, tls, ..Options::default() }).unwrap()
}

#[test]
fn idle_connections_are_closed() {
    let simulator = with_idle(20, false);
    let connect = || {
        let tcp = TcpStream::connect(simulator.url().strip_prefix("http://").unwrap()).unwrap();
        tcp.set_read_timeout(Some(HANG)).unwrap();
        tcp
    };
    assert_eq!(connect().read(&mut [0]).unwrap(), 0);
    // Longer between its events than a connection may be idle, and whole all the same.
    let mut tcp = connect();
    let body = chat(json!({"stream": true}));
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n\
        x-simulator-fault: words=1,event-delay=40";
    write!(tcp, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = String::new();
    tcp.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n") && !answer.contains("keep-alive"), "{answer}");
    assert_eq!(wait(&simulator, |stats| stats.open == 0).finished, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn idle_connections_of_http2_are_closed() {
    let simulator = with_idle(20, true);
    let mut sender = tls::connect(&simulator).await;
    let request = tls::request(&simulator, "words=1,event-delay=40");
    let answer = sender.send_request(request).await.unwrap().into_body().collect().await.unwrap();
    assert!(answer.to_bytes().ends_with(b"data: [DONE]\n\n"));
    assert_eq!(wait(&simulator, |stats| stats.open == 0).finished, 1);
    while !sender.is_closed() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn long_idle_times_are_told() {
    let simulator = with_idle(2500, false);
    let (_, head, _) = chat_with(&simulator, "", json!({})).answer();
    assert!(head.contains("keep-alive: timeout=2\r\n"), "{head}");
    let (_, head, _) = chat_with(&start(), "", json!({})).answer();
    assert!(!head.contains("keep-alive"), "{head}");
    let simulator = with_idle(2500, true);
    let mut sender = tls::connect(&simulator).await;
    let answer = sender.send_request(tls::request(&simulator, "")).await.unwrap();
    assert!(!answer.headers().contains_key("keep-alive"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn streams_are_limited_per_connection() {
    let options = Options { tls: true, max_streams: Some(1), ..Options::default() };
    let simulator = Simulator::start(options).unwrap();
    for streams in [1, 3] {
        let mut sender = tls::connect(&simulator).await;
        // With its answer comes the server's limit.
        sender.send_request(tls::request(&simulator, "")).await.unwrap().into_body().collect().await.unwrap();
        let mut open = Vec::new();
        for _ in 0..streams {
            open.push(sender.send_request(tls::request(&simulator, "stall-after=1")).await.unwrap());
        }
        let further = sender.send_request(tls::request(&simulator, ""));
        let further = tokio::spawn(further);
        // Another connection has room; what it asks comes after what the first one may not send.
        let mut other = tls::connect(&simulator).await;
        other.send_request(tls::request(&simulator, "")).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!(wait(&simulator, move |stats| stats.in_flight == streams).requests, streams + 2);
        assert!(!further.is_finished());
        open.pop();
        assert_eq!(further.await.unwrap().unwrap().status(), 200);
        drop((open, sender, other));
        wait(&simulator, |stats| stats.open == 0);
        simulator.reset();
        assert_eq!(control(&simulator, "PUT /simulator/max-streams", &[], "3").0, 200);
    }
    assert_eq!(control(&simulator, "PUT /simulator/max-streams", &[], "many").0, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn tls_is_of_the_version_asked_for() {
    for (version, protocol) in
        [(TlsVersion::Tls12, ProtocolVersion::TLSv1_2), (TlsVersion::Tls13, ProtocolVersion::TLSv1_3)]
    {
        let options = Options { tls: true, tls_version: Some(version), ..Options::default() };
        let simulator = Simulator::start(options).unwrap();
        let socket = tls::handshake(&simulator, "h2", tls::tcp(&simulator).await).await.unwrap();
        assert_eq!(socket.get_ref().1.protocol_version(), Some(protocol));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn certificates_are_wrong_as_asked() {
    for (certificate, named) in [
        (Certificate::Expired, "Expired"),
        (Certificate::WrongHost, "NotValidForName"),
        (Certificate::SelfSigned, "UnknownIssuer"),
    ] {
        let options = Options { tls: true, certificate, ..Options::default() };
        let simulator = Simulator::start(options).unwrap();
        let error = tls::handshake(&simulator, "h2", tls::tcp(&simulator).await).await.unwrap_err();
        assert!(format!("{error:?}").contains(named), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_thousand_streams_are_open_at_once() {
    let options = Options { tls: true, max_streams: Some(500), ..Options::default() };
    let simulator = Simulator::start(options).unwrap();
    let mut senders = Vec::new();
    for _ in 0..2 {
        let mut sender = tls::connect(&simulator).await;
        let first = sender.send_request(tls::request(&simulator, "status=500")).await.unwrap();
        first.into_body().collect().await.unwrap();
        senders.push(sender);
    }
    let mut streams = Vec::new();
    for sender in &mut senders {
        for _ in 0..500 {
            let request = tls::request(&simulator, "words=1,stall-after=3");
            streams.push(tokio::spawn(sender.send_request(request)));
        }
    }
    let stats = wait(&simulator, |stats| stats.in_flight == 1000);
    assert_eq!((stats.connections, stats.most_in_flight), (2, 1000));
    for stream in streams {
        let mut answer = stream.await.unwrap().unwrap();
        answer.body_mut().frame().await.unwrap().unwrap();
    }
    // Dropped streams were reset one by one, and leave room for others.
    assert_eq!(wait(&simulator, |stats| stats.in_flight == 0).closes, 1000);
    for sender in &mut senders {
        let answer = sender.send_request(tls::request(&simulator, "words=1")).await.unwrap();
        assert!(answer.into_body().collect().await.unwrap().to_bytes().ends_with(b"data: [DONE]\n\n"));
    }
    assert_eq!(simulator.stats().streams_finished, 2);
}
