//! The wire cases, damaged at random: nothing panics, the reads change nothing, and what comes out is well formed.

use fastrand::Rng;
use hyperbolic_core::wire::{Answer, Decoder, Expect, Kind, Limits, Piece};
use std::path::PathBuf;

fn cases() -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/wire");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_none());
    paths.sort();
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// Replaces, removes, doubles or inserts a few bytes, or joins the halves of two cases.
fn damaged(random: &mut Rng, cases: &[Vec<u8>]) -> Vec<u8> {
    const WORDS: &[&[u8]] = &[
        b"\n",
        b"\r",
        b"\n\n",
        b"data: ",
        b"event: error\n",
        b"[DONE]",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\"",
        b"\\",
        b",",
        b"null",
        b"NaN",
        b"-1",
        b"\\ud83d",
        b"\\ude00",
        b"\xff",
        b"\xe2\x82",
        b"\xed\xa0\xbd",
        b"<think>",
        b"</think>",
        b"\xef\xbb\xbf",
        b"\"error\":",
        b"\"choices\":[{\"delta\":{\"content\":\"x\"}}],",
        b"\0",
        b": ",
        b" ",
    ];
    let mut bytes = cases[random.usize(..cases.len())].clone();
    if random.usize(..4) == 0 {
        let other = &cases[random.usize(..cases.len())];
        bytes.truncate(random.usize(..=bytes.len()));
        bytes.extend_from_slice(&other[random.usize(..=other.len())..]);
    }
    for _ in 0..random.usize(..5) {
        let from = random.usize(..=bytes.len());
        let to = (from + random.usize(..8)).min(bytes.len());
        let piece = bytes[from..to].to_vec();
        match random.usize(..4) {
            0 => drop(bytes.splice(from..to, WORDS[random.usize(..WORDS.len())].iter().copied())),
            1 => drop(bytes.splice(from..from, WORDS[random.usize(..WORDS.len())].iter().copied())),
            2 => drop(bytes.drain(from..to)),
            _ => drop(bytes.splice(from..from, piece)),
        }
    }
    bytes
}

/// What came out, as text to compare: the verdict, the pieces in order by channel, the answer.
fn decode(
    bytes: &[u8],
    head: (u16, &str),
    kind: Kind,
    bound: usize,
    mut next: impl FnMut() -> usize,
) -> String {
    let limits =
        Limits { line: bound, event: bound, answer: 8 * bound, error_body: bound, ..Limits::default() };
    let mut decoder = Decoder::new(Expect { kind, choices: 1 }, limits, false);
    decoder.head(head.0, Some(head.1));
    let (mut texts, mut calls) = (std::collections::BTreeMap::<_, String>::new(), Vec::new());
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Text { choice, text } | Piece::Reasoning { choice, text } => {
            assert!(!text.is_empty());
            texts.entry((choice, matches!(piece, Piece::Text { .. }))).or_default().push_str(text);
        }
        Piece::ToolCall { choice, index, call } => {
            assert!(!call.id.is_empty() && !call.id.as_str().contains(char::is_control));
            calls.push((choice, index, call.arguments.as_str().to_owned()));
        }
    };
    let mut verdict = None;
    let mut rest = bytes;
    while !rest.is_empty() && verdict.is_none() {
        let (read, after) = rest.split_at(next().min(rest.len()));
        verdict = decoder.feed(read, &mut sink).err();
        rest = after;
    }
    let verdict = verdict.or_else(|| decoder.finish(&mut sink).err());
    let complete = verdict.is_none();
    let answer = decoder.into_answer();
    for ((choice, is_text), delivered) in &texts {
        let choice = &answer.choices[*choice as usize];
        let whole = if *is_text { &choice.text } else { &choice.reasoning };
        assert!(whole.as_str().starts_with(delivered.as_str()));
        assert!(!complete || whole.as_str() == delivered);
    }
    for (choice, index, arguments) in &calls {
        assert_eq!(
            answer.choices[*choice as usize].tool_calls[*index as usize].arguments.as_str(),
            arguments
        );
    }
    let json = json(&answer);
    let verdict =
        verdict.map(|error| (error.status, error.message.clone(), error.code.clone(), error.body.clone()));
    format!("{verdict:?}\n{texts:?}\n{calls:?}\n{json}\n{:?}", answer.tolerated)
}

/// The completion object; whatever the server sent, it is JSON.
fn json(answer: &Answer) -> String {
    let json = answer.to_json();
    let read: Result<serde::de::IgnoredAny, _> = serde_json::from_str(&json);
    assert!(read.is_ok(), "{read:?}: {json}");
    json
}

#[test]
fn damaged_bytes_come_out_the_same_in_any_reads() {
    let cases = cases();
    let mut kinds = [0; 2];
    for seed in 1..=30_000 {
        let mut random = Rng::with_seed(seed);
        let bytes = damaged(&mut random, &cases);
        let types = ["text/event-stream", "text/event-stream", "application/json", "text/html"];
        let head = ([200, 200, 200, 200, 500][random.usize(..5)], types[random.usize(..4)]);
        let kind = [Kind::Chat, Kind::Chat, Kind::Completion, Kind::Raw][random.usize(..4)];
        let bound = [220, 100_000, 100_000][random.usize(..3)];
        let show = || format!("seed {seed}, {head:?} {kind:?} {bound}: {}", String::from_utf8_lossy(&bytes));
        let whole = decode(&bytes, head, kind, bound, || usize::MAX);
        assert_eq!(decode(&bytes, head, kind, bound, || 1), whole, "{}", show());
        assert_eq!(decode(&bytes, head, kind, bound, || 1 + random.usize(..40)), whole, "{}", show());
        kinds[usize::from(whole.starts_with("None"))] += 1;
    }
    // Damage that always fails, or never, would test half of it.
    assert!(kinds.iter().all(|count| *count > 3000), "{kinds:?}");
}
