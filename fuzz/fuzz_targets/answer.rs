//! Any bytes as the body of an answer, whole and in small reads: the same outcome, pieces that add up, valid JSON.
#![no_main]

use hyperbolic_core::wire::{Decoder, Expect, Kind, Limits, Piece};
use std::collections::BTreeMap;

fn decode(bytes: &[u8], content_type: &str, kind: Kind, size: usize) -> String {
    let limits = Limits { line: 2000, event: 3000, answer: 9000, error_body: 500, ..Limits::default() };
    let mut decoder = Decoder::new(Expect { kind, choices: 1 }, limits, false);
    decoder.head(200, Some(content_type));
    let (mut texts, mut calls) = (BTreeMap::<_, String>::new(), Vec::new());
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Text { choice, text } | Piece::Reasoning { choice, text } => {
            assert!(!text.is_empty());
            texts.entry((choice, matches!(piece, Piece::Text { .. }))).or_default().push_str(text);
        }
        Piece::ToolCall { choice, index, call } => calls.push((choice, index, call.arguments.clone())),
    };
    let mut verdict = Ok(());
    for read in bytes.chunks(size) {
        verdict = verdict.and_then(|()| decoder.feed(read, &mut sink).map(drop));
    }
    let verdict = verdict.and_then(|()| decoder.finish(&mut sink));
    let answer = decoder.into_answer();
    for ((choice, is_text), delivered) in &texts {
        let choice = &answer.choices[*choice as usize];
        let whole = if *is_text { &choice.text } else { &choice.reasoning };
        assert!(whole.as_str().starts_with(delivered.as_str()));
        assert!(verdict.is_err() || whole.as_str() == delivered);
    }
    for (choice, index, arguments) in &calls {
        assert_eq!(&answer.choices[*choice as usize].tool_calls[*index as usize].arguments, arguments);
    }
    let json = answer.to_json();
    serde_json::from_str::<&serde_json::value::RawValue>(&json).expect("valid JSON");
    format!("{verdict:?} {texts:?} {calls:?} {json}")
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let size = 1 + data.len() % 7;
    for (content_type, kind) in [
        ("text/event-stream", Kind::Chat),
        ("application/json", Kind::Chat),
        ("text/event-stream", Kind::Completion),
    ] {
        let whole = decode(data, content_type, kind, usize::MAX);
        assert_eq!(whole, decode(data, content_type, kind, size));
    }
});
