//! Reads a stream as it comes from a socket and lets a consumer take its events, on one thread: what `benches/instructions` lets
//! callgrind count. `instructions SHAPE EVENTS`, with a shape of those below.

use hyperbolic_core::queue::Waiting;
use hyperbolic_core::wire::{Decoder, Expect, Flow, Kind, Limits, Piece};

/// Bytes of a read.
const READ: usize = 16 << 10;

/// The events of a shape, which come again and again, and how its stream ends.
fn events(shape: &str) -> Vec<String> {
    let event = |delta: &str, rest: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-8f0c7b9de3a14b5f9c1d2e3f40516273\",\"object\":\"chat.completion.chunk\",\
             \"created\":1739527763,\"model\":\"meta-llama/Llama-3.3-70B-Instruct\",\"choices\":[{{\"index\":0,\
             \"delta\":{{{delta}}},\"logprobs\":null,\"finish_reason\":null}}]{rest}}}\n\n"
        )
    };
    let words = [
        " the",
        " sky",
        ",",
        " scatters",
        "\\n\\n",
        " stra\u{df}e",
        " \\\"blue\\\"",
        " \\u2014",
        " a",
        " because",
    ];
    let of_words = |rest: &dyn Fn(usize) -> String| {
        words
            .iter()
            .enumerate()
            .map(|(at, word)| event(&format!("\"content\":\"{word}\""), &rest(at)))
            .collect()
    };
    let call =
        |word: &str| format!("\"tool_calls\":[{{\"index\":0,\"function\":{{\"arguments\":\"{word}\"}}}}]");
    match shape {
        // All but the words is the same in each event, as servers mostly write them.
        "words" => of_words(&|_| ",\"usage\":null".to_owned()),
        // What is used up so far stands in each.
        "usage" => of_words(&|at| format!(",\"usage\":{{\"prompt_tokens\":14,\"completion_tokens\":{at}}}")),
        "reasoning" => {
            words.iter().map(|word| event(&format!("\"reasoning_content\":\"{word}\""), "")).collect()
        }
        "tools" => words.iter().map(|word| event(&call(word), "")).collect(),
        // Nothing but the end of each differs: every one is read in full.
        "full" => words
            .iter()
            .enumerate()
            .map(|(at, word)| event(&call(word), &format!(",\"obfuscation\":\"{at}\"")))
            .collect(),
        other => panic!("no shape {other}"),
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, shape, count] = arguments.as_slice() else { panic!("usage: instructions SHAPE EVENTS") };
    let stream: String =
        events(shape).iter().cycle().take(count.parse().expect("a number")).map(String::as_str).collect();
    let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, Limits::default(), false);
    decoder.head(200, Some("text/event-stream"));
    for read in stream.as_bytes().chunks(READ) {
        // What a consumer takes before the next read.
        let mut waiting = Waiting::default();
        let flow = decoder.feed(read, &mut |piece| match piece {
            Piece::Text { choice, text } => waiting.text(choice, text),
            Piece::Reasoning { choice, text } => waiting.reasoning(choice, text),
            Piece::ToolCall { .. } => {}
        });
        assert_eq!(flow.expect("a good stream"), Flow::More);
        std::hint::black_box(waiting);
    }
    let answer = decoder.into_answer();
    assert_eq!(answer.choices.len(), 1);
    println!("{} bytes of JSON", answer.to_json().len());
}
