//! A client of a few lines, which shows the bytes as they come.

use hyperbolic_simulator::{Options, Simulator, Stats};
use serde_json::{Value, json};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Long enough for any machine: reached only by a server that hangs.
pub const HANG: Duration = Duration::from_secs(60);

/// A server without limits or keys.
pub fn start() -> Simulator {
    Simulator::start(Options::default()).unwrap()
}

/// A request on a connection of its own.
pub struct Exchange {
    /// The connection.
    pub tcp: TcpStream,
}

impl Exchange {
    /// Sends a request; `headers` are whole lines.
    pub fn send(simulator: &Simulator, line: &str, headers: &[&str], body: &str) -> Self {
        Self::send_to(simulator.url().strip_prefix("http://").unwrap(), line, headers, body)
    }

    fn send_to(address: &str, line: &str, headers: &[&str], body: &str) -> Self {
        let mut tcp = TcpStream::connect(address).unwrap();
        tcp.set_read_timeout(Some(HANG)).unwrap();
        let mut head = format!("{line} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer key\r\n");
        for header in headers {
            head += &format!("{header}\r\n");
        }
        head += &format!("connection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        tcp.write_all(head.as_bytes()).unwrap();
        Self { tcp }
    }

    /// Reads until `text` has come.
    pub fn read_until(&mut self, text: &str) -> String {
        let mut seen = String::new();
        while !seen.ends_with(text) {
            let mut byte = [0];
            assert_eq!(self.tcp.read(&mut byte).unwrap(), 1, "the end came before {text:?}: {seen}");
            seen.push(char::from(byte[0]));
        }
        seen
    }

    /// Reads to the end: the bytes, and how they end.
    pub fn read_all(mut self) -> (String, io::Result<()>) {
        let mut bytes = Vec::new();
        let end = self.tcp.read_to_end(&mut bytes).map(|_| ());
        (String::from_utf8(bytes).unwrap(), end)
    }

    /// Reads an answer that ends well: status, head and body.
    pub fn answer(self) -> (u16, String, String) {
        let (text, end) = self.read_all();
        end.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let chunked = head.contains("transfer-encoding: chunked");
        let body = if chunked { chunks(body).concat() } else { body.to_owned() };
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body)
    }
}

/// A request to the control port: status and JSON.
pub fn control(simulator: &Simulator, line: &str, headers: &[&str], body: &str) -> (u16, Value) {
    let address = simulator.control_url().strip_prefix("http://").unwrap();
    let (status, _, body) = Exchange::send_to(address, line, headers, body).answer();
    (status, serde_json::from_str(&body).unwrap())
}

/// The chunks of HTTP's chunked encoding.
pub fn chunks(mut body: &str) -> Vec<String> {
    let mut chunks = Vec::new();
    loop {
        let (size, rest) = body.split_once("\r\n").unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            assert_eq!(rest, "\r\n");
            return chunks;
        }
        chunks.push(rest[..size].to_owned());
        body = rest[size..].strip_prefix("\r\n").unwrap();
    }
}

/// A chat's body with some more fields.
pub fn chat(more: Value) -> String {
    let mut body =
        json!({"model": "deepseek-ai/DeepSeek-R1", "messages": [{"role": "user", "content": "Hello there"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body.to_string()
}

/// Sends a chat under a fault.
pub fn chat_with(simulator: &Simulator, fault: &str, more: Value) -> Exchange {
    let fault = format!("x-simulator-fault: {fault}");
    Exchange::send(simulator, "POST /v1/chat/completions", &[&fault], &chat(more))
}

/// The JSON of a stream's events, without `[DONE]`, which must be the last.
pub fn events(body: &str) -> Vec<Value> {
    let mut events: Vec<&str> =
        body.split_terminator("\n\n").map(|event| event.strip_prefix("data: ").unwrap()).collect();
    assert_eq!(events.pop(), Some("[DONE]"));
    events.into_iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

/// Waits for counters.
pub fn wait(simulator: &Simulator, condition: impl FnMut(&Stats) -> bool + Send + 'static) -> Stats {
    simulator.wait(HANG, condition).unwrap()
}
