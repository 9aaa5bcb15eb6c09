//! What the server does when it is told to fail, and what it counts.

use crate::client::{Exchange, chat, chat_with, chunks, events, start, wait};
use hyperbolic_simulator::{Script, Upload};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

fn streamed() -> Value {
    json!({"stream": true})
}

#[test]
fn breaks_come_where_they_are_told() {
    let simulator = start();
    let (whole, _) = chat_with(&simulator, "", streamed()).read_all();
    let whole = chunks(whole.split_once("\r\n\r\n").unwrap().1);

    let (cut, end) = chat_with(&simulator, "cut-after=3", streamed()).read_all();
    end.unwrap();
    assert_eq!(chunks(cut.split_once("\r\n\r\n").unwrap().1).len(), 3);

    let (closed, end) = chat_with(&simulator, "close-after=3", streamed()).read_all();
    end.unwrap();
    assert!(!closed.ends_with("0\r\n\r\n") && closed.matches("data: ").count() == 3, "{closed}");

    let (reset, end) = chat_with(&simulator, "reset-after=3", streamed()).read_all();
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert!(reset.ends_with("}}\n\n\r\n") && reset.matches("data: ").count() == 3, "{reset}");

    let at = whole[0].len() + 7;
    let (cut, end) = chat_with(&simulator, &format!("cut-after={at}b"), streamed()).read_all();
    end.unwrap();
    let cut = chunks(cut.split_once("\r\n\r\n").unwrap().1);
    assert_eq!((cut.len(), cut[1].as_str()), (2, &whole[1][..7]));

    let stats = simulator.stats();
    assert_eq!((stats.streams_started, stats.streams_finished, stats.finished, stats.closes), (5, 1, 1, 0));
}

#[test]
fn heads_may_never_come() {
    let simulator = start();
    let (_, end) = chat_with(&simulator, "reset-head", json!({})).read_all();
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    // More than fits into the sockets' buffers: the client is still writing when the reset comes.
    let address = simulator.url().strip_prefix("http://").unwrap();
    let mut tcp = TcpStream::connect(address).unwrap();
    let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\
        x-simulator-fault: reset-upload\r\n\r\n";
    tcp.write_all(head.as_bytes()).unwrap();
    let error = tcp.write_all(&vec![b' '; 100_000_000]).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{error}");
    assert_eq!(wait(&simulator, |stats| stats.open == 0).closes, 0);
}

#[test]
fn clients_that_leave_are_counted() {
    let simulator = start();
    let mut exchange = chat_with(&simulator, "stall-after=2", streamed());
    exchange.read_until("This");
    assert_eq!(simulator.stats().in_flight, 1);
    drop(exchange);
    wait(&simulator, |stats| stats.closes == 1 && stats.open == 0);

    let stalled = chat_with(&simulator, "stall", json!({}));
    wait(&simulator, |stats| stats.requests == 2);
    drop(stalled);
    wait(&simulator, |stats| stats.closes == 2);

    let mut slow = chat_with(&simulator, "event-delay=3600000", streamed());
    slow.read_until("assistant");
    drop(slow);
    wait(&simulator, |stats| stats.closes == 3);

    let delayed = chat_with(&simulator, "delay=3600000", streamed());
    wait(&simulator, |stats| stats.requests == 4);
    drop(delayed);
    wait(&simulator, |stats| stats.closes == 4);

    let address = simulator.url().strip_prefix("http://").unwrap();
    let mut uploading = TcpStream::connect(address).unwrap();
    uploading.write_all(b"POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n{").unwrap();
    wait(&simulator, |stats| stats.requests == 5);
    drop(uploading);
    let stats = wait(&simulator, |stats| stats.closes == 5 && stats.in_flight == 0);
    assert_eq!((stats.finished, stats.most_in_flight, stats.connections), (0, 1, 5));
}

#[test]
fn everything_and_then_silence() {
    let simulator = start();
    let mut exchange = chat_with(&simulator, "stall-after=end", streamed());
    exchange.read_until("[DONE]");
    drop(exchange);
    assert_eq!(wait(&simulator, |stats| stats.closes == 1).streams_finished, 0);
}

#[test]
fn answers_are_replaced() {
    let simulator = start();
    let fault = "status=429,header=retry-after:7,header=x-should-retry:false";
    let (status, head, body) = chat_with(&simulator, fault, json!({})).answer();
    assert_eq!((status, simulator.stats().sent_429), (429, 1));
    assert!(head.contains("retry-after: 7\r\n") && head.contains("x-should-retry: false"), "{head}");
    assert!(body.contains("\"code\":42901"), "{body}");
    let (status, head, body) =
        chat_with(&simulator, "status=502,content-type=text/html,body=%3Cp%3EBad%2C no", json!({})).answer();
    assert_eq!((status, body.as_str()), (502, "<p>Bad, no"));
    assert!(head.contains("content-type: text/html"), "{head}");
    let (status, head, body) = chat_with(&simulator, "status=307,header=location:/x", json!({})).answer();
    assert_eq!((status, body.as_str(), head.contains("location: /x")), (307, "", true));
    let (_, _, body) = chat_with(&simulator, "openai-errors", json!({"model": "no/such"})).answer();
    let error: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(error["error"]["code"], "model_not_found");
    assert_eq!(error["error"]["param"], "model");
    let (status, _, body) = chat_with(&simulator, "oops", json!({})).answer();
    assert_eq!((status, body.contains("oops")), (400, true));
}

#[test]
fn uploaded_bodies_are_served_byte_for_byte() {
    let simulator = start();
    let text = "data: é\n\ndata: two\n\nrest";
    let upload = Upload { content_type: "text/event-stream".parse().unwrap(), bytes: text.into() };
    simulator.put_body("case", upload);
    let pieces = |fault: &str| {
        let (all, end) = chat_with(&simulator, fault, json!({})).read_all();
        end.unwrap();
        all.split_once("\r\n\r\n").unwrap().1.to_owned()
    };
    assert_eq!(chunks(&pieces("raw=case")), ["data: é\n\n", "data: two\n\n", "rest"]);
    assert_eq!(
        chunks(&pieces("raw=case,split=5,split=12,split=23")),
        ["data:", " é\n\n", "da", "ta: two\n\n", "re", "st"]
    );
    assert_eq!(pieces("raw=case,bytewise,content-type=text/plain"), text);
    assert_eq!(pieces("raw=case,cut-after=1"), "A\r\ndata: é\n\n\r\n0\r\n\r\n");
    // `é` is two bytes, each a chunk: only the bytes put together are text.
    let all = chat_with(&simulator, "raw=case,bytewise,cut-after=8b", json!({}));
    let mut bytes = Vec::new();
    (&all.tcp).read_to_end(&mut bytes).unwrap();
    assert!(bytes.ends_with(b"1\r\n \r\n1\r\n\xc3\r\n1\r\n\xa9\r\n0\r\n\r\n"), "{}", bytes.escape_ascii());
}

#[test]
fn streams_have_other_habits_on_demand() {
    let simulator = start();
    let options = json!({"stream": true, "stream_options": {"include_usage": true}, "max_tokens": 1});
    let read = |fault: &str, more: &Value| events(&chat_with(&simulator, fault, more.clone()).answer().2);
    assert!(read("no-usage", &options).iter().all(|event| event.get("usage").is_none()));
    let last = read("final-usage", &options).pop().unwrap();
    assert_eq!((&last["choices"], &last["usage"]["completion_tokens"]), (&json!([]), &json!(1)));
    assert_ne!(read("final-usage", &streamed()).pop().unwrap()["choices"], json!([]));
    let fault = "refuse-stream-options=422,openai-errors";
    let (status, _, body) = chat_with(&simulator, fault, options).answer();
    assert_eq!((status, body.contains("stream_options")), (422, true));
    assert_eq!(chat_with(&simulator, fault, streamed()).answer().0, 200);

    let both = read("think=reasoning,think=reasoning_content", &streamed());
    assert_eq!(both[1]["choices"][0]["delta"], json!({"reasoning": "This", "reasoning_content": "This"}));
    let (_, _, body) = chat_with(&simulator, "think", json!({})).answer();
    assert!(body.contains("\"<think>\\nThis stands where"), "{body}");
    let (_, _, body) = chat_with(&simulator, "words=3000", json!({})).answer();
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(answer["choices"][0]["message"]["content"].as_str().unwrap().split(' ').count(), 3000);
}

#[test]
fn the_server_has_a_script_of_its_own() {
    let simulator = start();
    simulator.set_faults(Script::parse("status=500,times=1;status=503,times=1").unwrap());
    let status = || Exchange::send(&simulator, "POST /v1/chat/completions", &[], &chat(json!({}))).answer().0;
    assert_eq!(chat_with(&simulator, "status=404", json!({})).answer().0, 404);
    assert_eq!([status(), status(), status()], [500, 503, 200]);
}

#[test]
fn connections_are_reused_and_counted_once() {
    let simulator = start();
    let address = simulator.url().strip_prefix("http://").unwrap();
    let mut exchange = Exchange { tcp: TcpStream::connect(address).unwrap() };
    for _ in 0..3 {
        let body = chat(streamed());
        let head = "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer k";
        write!(exchange.tcp, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        exchange.read_until("[DONE]\n\n\r\n0\r\n\r\n");
    }
    let stats = simulator.stats();
    assert_eq!((stats.connections, stats.open, stats.streams_finished, stats.in_flight), (1, 1, 3, 0));
}
