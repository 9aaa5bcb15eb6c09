//! Any text, cut into any deltas: the same answer as the unstreamed call.
//!
//! The input is a list of pieces: a byte that says where it goes, a byte for its length, its text.
#![no_main]

use hyperbolic_core::wire::{Answer, Decoder, Expect, Kind, Limits};
use serde_json::{Value, json};

fn answer(body: &[u8], content_type: &str, size: usize) -> Answer {
    let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 2 }, Limits::default(), false);
    decoder.head(200, Some(content_type));
    for read in body.chunks(size) {
        decoder.feed(read, &mut |_| {}).expect("well formed");
    }
    decoder.finish(&mut |_| {}).expect("complete");
    decoder.into_answer()
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    const NAMES: [&str; 3] = ["reasoning_content", "content", "refusal"];
    let mut texts: [[Option<String>; 3]; 2] = Default::default();
    let mut stream = String::new();
    // More pieces are more of the same, only slower.
    let mut rest = &data[..data.len().min(512)];
    while let [place, length, after @ ..] = rest {
        let (piece, after) = after.split_at(usize::from(*length % 16).min(after.len()));
        rest = after;
        let (choice, name) = (usize::from(place % 2), usize::from(place / 2 % 3));
        // Reasoning comes before the text everywhere, and is never empty.
        let piece = String::from_utf8_lossy(piece);
        if name == 0 && (piece.is_empty() || texts[choice][1].is_some()) {
            continue;
        }
        texts[choice][name].get_or_insert_default().push_str(&piece);
        let delta = json!({"choices": [{"index": choice, "delta": {NAMES[name]: piece}}]});
        let end = ["\n", "\r\n", "\r"][usize::from(place % 3)];
        stream += &format!("data: {delta}{end}{end}");
    }
    let mut choices = Vec::new();
    for (index, texts) in texts.iter().enumerate() {
        let mut message = json!({"role": "assistant", "content": null});
        for (name, text) in NAMES.iter().zip(texts) {
            if let Some(text) = text {
                message[*name] = text.as_str().into();
            }
        }
        let mut last = json!({"index": index, "finish_reason": "stop"});
        // Some servers close with the whole message, after deltas.
        if data.len() % 2 == 1 && texts.iter().any(Option::is_some) {
            last["message"] = message.clone();
        }
        stream += &format!("data: {}\n\n", json!({"choices": [last]}));
        choices.push(json!({"index": index, "message": message, "finish_reason": "stop"}));
    }
    let whole = json!({"object": "chat.completion", "choices": choices});
    let unstreamed = answer(whole.to_string().as_bytes(), "application/json", usize::MAX);
    let streamed = answer(stream.as_bytes(), "text/event-stream", 1 + data.len() % 50);
    for (a, b) in streamed.choices.iter().zip(&unstreamed.choices) {
        assert_eq!((&a.text, &a.reasoning), (&b.text, &b.reasoning));
    }
    assert_eq!(serde_json::from_str::<Value>(&streamed.to_json()).expect("valid JSON"), whole);
});
