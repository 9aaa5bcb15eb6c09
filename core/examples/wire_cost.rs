//! What decoding costs as inputs grow: `cargo run --release -p hyperbolic-core --example wire_cost`.
//!
//! Each shape is decoded at three sizes; cost that is linear shows the same time a byte in each row of a shape.

use hyperbolic_core::wire::{Decoder, Expect, Kind, Limits, Piece};
use std::time::Instant;

type Shape = (&'static str, fn(usize) -> Vec<u8>, usize);

/// Resident memory at its highest, in MiB; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok()).unwrap_or(0) / 1024
}

fn event(delta: &str) -> String {
    format!("data: {{\"id\":\"c1\",\"choices\":[{{\"index\":0,\"delta\":{{{delta}}}}}]}}\n\n")
}

fn long_line(mib: usize) -> Vec<u8> {
    event(&format!("\"content\":\"{}\"", "x".repeat(mib << 20))).into_bytes()
}

fn long_escapes(mib: usize) -> Vec<u8> {
    event(&format!("\"content\":\"{}\"", "\\ud83d\\ude00".repeat((mib << 20) / 12))).into_bytes()
}

fn many_events(mib: usize) -> Vec<u8> {
    let one = event("\"content\":\"word \"");
    one.repeat((mib << 20) / one.len()).into_bytes()
}

fn many_lines(mib: usize) -> Vec<u8> {
    let mut out = b"data: {\"x\":[".to_vec();
    out.extend(b"1,\ndata:".repeat((mib << 20) / 8));
    out.extend(b"1]}\n\n");
    out
}

fn tool_arguments(mib: usize) -> Vec<u8> {
    let name = event(
        "\"tool_calls\":[{\"index\":0,\"id\":\"a\",\"function\":{\"name\":\"f\",\"arguments\":\"{\"}}]",
    );
    let fragment =
        event("\"tool_calls\":[{\"index\":0,\"function\":{\"name\":\"f\",\"arguments\":\"{{{{\"}}]");
    (name + &fragment.repeat((mib << 20) / fragment.len())).into_bytes()
}

fn deep_values(mib: usize) -> Vec<u8> {
    let nest = format!("{}{}{}", "[".repeat(120), "1,".repeat(5000) + "1", "]".repeat(120));
    let one = format!("data: {{\"x\":{nest},\"choices\":[{{\"delta\":{{\"y\":{nest}}}}}]}}\n\n");
    one.repeat((mib << 20) / one.len() + 1).into_bytes()
}

fn template_thinking(mib: usize) -> Vec<u8> {
    let head = "data: {\"model\":\"QwQ-32B\"}\n\n".to_owned();
    let one = event("\"content\":\"a </thin\"");
    (head + &one.repeat((mib << 20) / one.len())).into_bytes()
}

fn main() {
    let shapes: [Shape; 8] = [
        ("one line in 1460-byte reads", long_line, 1460),
        ("one line of escapes in 1460-byte reads", long_escapes, 1460),
        ("small events in 16-KiB reads", many_events, 16 << 10),
        ("small events in 1-byte reads", many_events, 1),
        ("one event of many lines", many_lines, 1460),
        ("tool arguments in 4-byte fragments", tool_arguments, 16 << 10),
        ("unknown values, deep", deep_values, 16 << 10),
        ("text held for a closing tag", template_thinking, 16 << 10),
    ];
    println!("{:<42} {:>7} {:>9} {:>9} {:>10}", "shape", "MiB", "seconds", "ns/byte", "peak MiB");
    for (name, make, read) in shapes {
        for mib in [16, 32, 64] {
            let bytes = make(mib);
            let limits = Limits { line: 1 << 30, event: 1 << 30, answer: 1 << 30, ..Limits::default() };
            let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, limits, false);
            decoder.head(200, Some("text/event-stream"));
            let mut delivered = 0;
            let start = Instant::now();
            for part in bytes.chunks(read) {
                let sink = &mut |piece: Piece<'_>| {
                    if let Piece::Text { text, .. } = piece {
                        delivered += text.len();
                    }
                };
                if let Err(error) = decoder.feed(part, sink) {
                    println!("{name}: {error}");
                    break;
                }
            }
            let seconds = start.elapsed().as_secs_f64();
            let each = seconds * 1e9 / bytes.len() as f64;
            println!("{name:<42} {mib:>7} {seconds:>9.3} {each:>9.2} {:>10}", peak());
        }
    }
}
