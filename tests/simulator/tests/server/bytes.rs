//! What the bytes of an answer go through on their way out.

use crate::client::{Exchange, chat, chat_with, start, wait};
use crate::tls;
use flate2::read::GzDecoder;
use flate2::write;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn streamed() -> Value {
    json!({"stream": true})
}

/// Head and body as they come, to a good end.
fn read(mut exchange: Exchange) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    exchange.tcp.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
    let body = bytes.split_off(end + 4);
    (String::from_utf8(bytes).unwrap(), body)
}

/// The chunks of HTTP's chunked encoding, up to the last, or to where they are cut.
fn chunks(mut body: &[u8]) -> Vec<Vec<u8>> {
    let mut chunks = Vec::new();
    while let Some(end) = body.windows(2).position(|end| end == b"\r\n") {
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            break;
        }
        chunks.push(body[end + 2..][..size].to_vec());
        body = &body[end + 2 + size + 2..];
    }
    chunks
}

#[test]
fn gzip_is_flushed_event_by_event() {
    let simulator = start();
    let (head, body) = read(chat_with(&simulator, "gzip", streamed()));
    assert!(head.contains("content-encoding: gzip\r\n"), "{head}");
    let chunks = chunks(&body);
    let mut decoder = write::GzDecoder::new(Vec::new());
    for (number, chunk) in chunks.iter().enumerate() {
        decoder.write_all(chunk).unwrap();
        decoder.flush().unwrap();
        let text = String::from_utf8(decoder.get_ref().clone()).unwrap();
        assert_eq!((text.matches("data: ").count(), text.ends_with("\n\n")), (number + 1, true));
    }
    assert!(decoder.finish().unwrap().ends_with(b"data: [DONE]\n\n"));
}

#[test]
fn gzip_breaks_off_too() {
    let simulator = start();
    let (_, body) = read(chat_with(&simulator, "gzip,close-after=3", streamed()));
    let half = chunks(&body).concat();
    let mut text = String::new();
    let error = GzDecoder::new(&half[..]).read_to_string(&mut text).unwrap_err();
    assert_eq!((error.kind(), text.matches("data: ").count()), (ErrorKind::UnexpectedEof, 3));
    let (_, body) = read(chat_with(&simulator, "gzip,cut-after=37b,split=11", streamed()));
    assert_eq!(chunks(&body).iter().map(Vec::len).collect::<Vec<_>>(), [11, 26]);
}

#[test]
fn gzip_of_a_whole_body_has_its_length() {
    let simulator = start();
    let (head, body) = read(chat_with(&simulator, "gzip", json!({})));
    assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
    let answer: Value = serde_json::from_reader(GzDecoder::new(&body[..])).unwrap();
    assert_eq!(answer["object"], "chat.completion");
    let (head, body) = read(chat_with(&simulator, "gzip,status=307", json!({})));
    assert!(body.is_empty() && !head.contains("content-encoding"), "{head}");
    assert_eq!(simulator.stats().finished, 2);
}

#[test]
fn bytes_may_come_slowly() {
    let simulator = start();
    let mut slow = chat_with(&simulator, "bytewise,byte-delay=3600000", streamed());
    slow.read_until("\r\n\r\n1\r\nd\r\n");
    let (_, body) = read(chat_with(&simulator, "bytewise,byte-delay=1,cut-after=20b", streamed()));
    assert_eq!(chunks(&body).len(), 20);
    slow.tcp.set_nonblocking(true).unwrap();
    assert_eq!(slow.tcp.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    drop(slow);
    assert_eq!(wait(&simulator, |stats| stats.closes == 1).broken_off, 1);
}

/// Whether a status line and part of the headers have come.
fn is_part_of_a_head(text: &str) -> bool {
    text.starts_with("HTTP/1.1 200 OK\r\ncontent-type: ") && !text.contains("\r\n\r\n")
}

#[test]
fn heads_end_in_their_middle() {
    let simulator = start();
    for more in [streamed(), json!({})] {
        let (head, end) = chat_with(&simulator, "reset-in-head", more).read_all();
        assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert!(is_part_of_a_head(&head), "{head}");
    }
    let mut stalled = chat_with(&simulator, "stall-head", json!({}));
    let mut head = stalled.read_until("\r\ncontent-type: ");
    assert_eq!(chat_with(&simulator, "", json!({})).answer().0, 200);
    stalled.tcp.set_nonblocking(true).unwrap();
    assert_eq!(stalled.tcp.read_to_string(&mut head).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert!(is_part_of_a_head(&head), "{head}");
    let stats = simulator.stats();
    assert_eq!((stats.in_flight, stats.finished, stats.broken_off), (1, 1, 2));
    drop(stalled);
    assert_eq!(wait(&simulator, |stats| stats.open == 0).closes, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn heads_end_in_their_middle_under_tls() {
    let simulator = tls::start();
    let mut socket = tls::handshake(&simulator, "http/1.1", tls::tcp(&simulator).await).await.unwrap();
    let body = chat(json!({}));
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k\r\n\
        x-simulator-fault: reset-in-head\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    assert_eq!(socket.read_to_end(&mut head).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(is_part_of_a_head(std::str::from_utf8(&head).unwrap()));

    // HTTP/2 has no head that could be cut so.
    let mut sender = tls::connect(&simulator).await;
    let answer = sender.send_request(tls::request(&simulator, "stall-head")).await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(answer.into_body().collect().await.unwrap().to_bytes().starts_with(b"{"));
}
