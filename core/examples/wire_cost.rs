//! What decoding costs as inputs grow: `cargo run --release -p hyperbolic-core --example wire_cost`.
//!
//! Each shape is decoded at three sizes, from bytes that are made as they are read, so that the peak of memory is the
//! decoder's own. Cost that is linear shows the same time a byte in each row of a shape. The peak is that of the
//! process so far: a shape alone is `wire_cost NAME`, by the beginning of its name.

use hyperbolic_core::wire::{Decoder, Expect, Flow, Kind, Limits, Piece};
use std::time::Instant;

/// A body: what comes once, what comes so many times, and what ends it.
struct Body {
    begin: String,
    middle: String,
    times: usize,
    end: &'static str,
}

/// A name, its sizes in words, bodies of these sizes, and the size of the reads.
type Shape = (&'static str, &'static str, [usize; 3], fn(usize) -> Body, usize);

/// Resident memory at its highest, in MiB; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) / 1024
}

const OPEN: &str = r#"data: {"id":"c1","choices":[{"index":0,"delta":{"#;
const CLOSE: &str = "}}]}\n\n";
const END: &str =
    concat!(r#"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#, "\n\ndata: [DONE]\n\n");

fn event(delta: &str) -> String {
    format!("{OPEN}{delta}{CLOSE}")
}

fn one_line(mib: usize, piece: &str) -> Body {
    let times = (mib << 20) / piece.len();
    let end = "\"}}]}\n\ndata: [DONE]\n\n";
    Body { begin: format!("{OPEN}\"content\":\""), middle: piece.to_owned(), times, end }
}

fn long_line(mib: usize) -> Body {
    one_line(mib, "0123456789abcdef")
}

fn long_escapes(mib: usize) -> Body {
    one_line(mib, "\\ud83d\\ude00")
}

fn events(thousands: usize) -> Body {
    Body { begin: String::new(), middle: event("\"content\":\"word \""), times: thousands * 1000, end: END }
}

fn many_lines(mib: usize) -> Body {
    Body {
        begin: "data: {\"x\":[".to_owned(),
        middle: "1,\ndata:".to_owned(),
        times: (mib << 20) / 8,
        end: "1]}\n\ndata: [DONE]\n\n",
    }
}

/// So many MiB of arguments, four bytes in each fragment.
fn tool_arguments(mib: usize) -> Body {
    let call = |id: &str, text: &str| {
        event(&format!(r#""tool_calls":[{{"index":0,{id}"function":{{"arguments":"{text}"}}}}]"#))
    };
    let begin = call(r#""id":"a","#, "");
    Body { begin, middle: call("", "{{{{"), times: (mib << 20) / 4, end: END }
}

fn deep_values(mib: usize) -> Body {
    let nest = format!("{}{}{}", "[".repeat(120), "1,".repeat(5000) + "1", "]".repeat(120));
    let middle = format!("data: {{\"x\":{nest},\"choices\":[{{\"delta\":{{\"y\":{nest}}}}}]}}\n\n");
    let times = (mib << 20) / middle.len();
    Body { begin: String::new(), middle, times, end: END }
}

fn template_thinking(mib: usize) -> Body {
    let middle = event("\"content\":\"a </thin\"");
    let times = (mib << 20) / middle.len();
    Body { begin: "data: {\"model\":\"QwQ-32B\"}\n\n".to_owned(), middle, times, end: END }
}

/// Collects bytes into reads of one size.
struct Reads<'d> {
    decoder: &'d mut Decoder,
    read: Vec<u8>,
    size: usize,
    bytes: usize,
    delivered: usize,
    flow: Flow,
}

impl Reads<'_> {
    fn write(&mut self, mut bytes: &[u8]) {
        self.bytes += bytes.len();
        while !bytes.is_empty() {
            let (part, rest) = bytes.split_at(bytes.len().min(self.size - self.read.len()));
            self.read.extend_from_slice(part);
            bytes = rest;
            if self.read.len() == self.size {
                self.flush();
            }
        }
    }

    fn flush(&mut self) {
        let delivered = &mut self.delivered;
        let sink = &mut |piece: Piece<'_>| {
            *delivered += match piece {
                Piece::Text { text, .. } | Piece::Reasoning { text, .. } => text.len(),
                Piece::ToolCall { call, .. } => call.arguments.len(),
            }
        };
        self.flow = self.decoder.feed(&self.read, sink).expect("within the limits");
        self.read.clear();
    }
}

/// Decodes a body: its bytes, what it delivered, and the seconds that it took.
fn measure(body: &Body, size: usize) -> (usize, usize, f64) {
    let limits = Limits { line: 1 << 30, event: 1 << 30, answer: 1 << 30, ..Limits::default() };
    let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, limits, false);
    decoder.head(200, Some("text/event-stream"));
    let read = Vec::with_capacity(size);
    let mut reads = Reads { decoder: &mut decoder, read, size, bytes: 0, delivered: 0, flow: Flow::More };
    let start = Instant::now();
    reads.write(body.begin.as_bytes());
    for _ in 0..body.times {
        reads.write(body.middle.as_bytes());
    }
    reads.write(body.end.as_bytes());
    reads.flush();
    assert!(reads.flow == Flow::Done, "the stream was read to its end");
    let (bytes, delivered) = (reads.bytes, reads.delivered);
    decoder.finish(&mut |_| {}).expect("complete");
    (bytes, delivered, start.elapsed().as_secs_f64())
}

fn main() {
    let shapes: [Shape; 8] = [
        ("line in 1460-byte reads", "MiB of text", [16, 32, 64], long_line, 1460),
        ("escapes in 1460-byte reads", "MiB of text", [16, 32, 64], long_escapes, 1460),
        ("events in 16-KiB reads", "thousand events", [250, 500, 1000], events, 16 << 10),
        ("events in 1-byte reads", "thousand events", [250, 500, 1000], events, 1),
        ("arguments in 4-byte fragments", "MiB of arguments", [4, 8, 16], tool_arguments, 16 << 10),
        ("lines of one event", "MiB", [16, 32, 64], many_lines, 1460),
        ("unknown values, deep", "MiB", [16, 32, 64], deep_values, 16 << 10),
        ("text held for a closing tag", "MiB", [16, 32, 64], template_thinking, 16 << 10),
    ];
    let wanted = std::env::args().nth(1).unwrap_or_default();
    println!(
        "{:<30} {:>24} {:>9} {:>8} {:>8} {:>9}",
        "shape", "size", "MiB", "seconds", "ns/byte", "peak MiB"
    );
    for (name, unit, sizes, make, read) in shapes.iter().filter(|shape| shape.0.starts_with(&wanted)) {
        for size in sizes {
            let (bytes, delivered, seconds) = measure(&make(*size), *read);
            let (mib, each) = (bytes as f64 / 1048576.0, seconds * 1e9 / bytes as f64);
            let size = format!("{size} {unit}");
            println!("{name:<30} {size:>24} {mib:>9.1} {seconds:>8.3} {each:>8.2} {:>9}", peak());
            std::hint::black_box(delivered);
        }
    }
}
