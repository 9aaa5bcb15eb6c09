//! HTTP/2 over TLS.

use crate::client::{chat, wait};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2;
use hyper::{Request, Uri};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyperbolic_simulator::{Options, Simulator};
use serde_json::json;
use std::io;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

type Sender = http2::SendRequest<Full<Bytes>>;

/// A connection without a word of TLS.
pub async fn tcp(simulator: &Simulator) -> TcpStream {
    TcpStream::connect(simulator.url().strip_prefix("https://").unwrap()).await.unwrap()
}

/// A handshake that trusts the server's authority.
pub async fn handshake(
    simulator: &Simulator,
    alpn: &str,
    tcp: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(simulator.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.into()];
    let name = ServerName::try_from("127.0.0.1").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

/// A connection that speaks HTTP/2.
pub async fn connect(simulator: &Simulator) -> Sender {
    let tls = handshake(simulator, "h2", tcp(simulator).await).await.unwrap();
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(tls)).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// A streamed chat under a fault.
pub fn request(simulator: &Simulator, fault: &str) -> Request<Full<Bytes>> {
    let url: Uri = format!("{}/v1/chat/completions", simulator.url()).parse().unwrap();
    let request = Request::post(url).header("authorization", "Bearer k").header("x-simulator-fault", fault);
    request.body(Full::new(chat(json!({"stream": true})).into())).unwrap()
}

/// A server with TLS.
pub fn start() -> Simulator {
    Simulator::start(Options { tls: true, ..Options::default() }).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reset_stream_is_a_close_and_the_others_go_on() {
    let simulator = start();
    let mut sender = connect(&simulator).await;
    let mut left = sender.send_request(request(&simulator, "stall-after=2")).await.unwrap();
    left.body_mut().frame().await.unwrap().unwrap();
    let stalled = tokio::spawn(sender.send_request(request(&simulator, "stall")));
    let both = wait(&simulator, |stats| stats.in_flight == 2);
    assert_eq!((both.requests, both.closes), (2, 0));
    drop(left);
    wait(&simulator, |stats| stats.closes == 1);
    stalled.abort();
    wait(&simulator, |stats| stats.closes == 2);
    let answer = sender.send_request(request(&simulator, "")).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.ends_with(b"data: [DONE]\n\n"));
    let stats = simulator.stats();
    assert_eq!((stats.connections, stats.open, stats.closes, stats.streams_finished), (1, 1, 2, 1));
    assert_eq!(simulator.last().version, "HTTP/2.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_reset_connection_ends_its_streams_and_counts_no_close() {
    let simulator = start();
    let mut sender = connect(&simulator).await;
    let mut other = sender.send_request(request(&simulator, "stall-after=1")).await.unwrap();
    let mut reset = sender.send_request(request(&simulator, "reset-after=2")).await.unwrap();
    while let Some(frame) = reset.body_mut().frame().await {
        if frame.is_err() {
            break;
        }
    }
    other.body_mut().frame().await.unwrap().unwrap();
    assert!(other.body_mut().frame().await.unwrap().is_err());
    assert_eq!(wait(&simulator, |stats| stats.in_flight == 0 && stats.open == 0).closes, 0);
}
