//! The byte cases of `tests/wire`: each must come out as `expected.json` says, whatever the reads are.

use hyperbolic_core::error::{Error, Status};
use hyperbolic_core::wire::{Answer, Decoder, Expect, Flow, Kind, Limits, Piece};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/wire")
}

fn cases() -> BTreeMap<String, Value> {
    let text = std::fs::read_to_string(folder().join("expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// What was delivered: (choice, is reasoning) to text, and the tool calls.
#[derive(Debug, Default, PartialEq)]
struct Delivered {
    texts: BTreeMap<(u32, bool), String>,
    calls: Vec<(u32, u32, String)>,
}

type Outcome = (Delivered, Answer, Result<(), Error>);

/// Decodes the reads as a client does: until an error, the end, or no more is wanted.
fn decode<'r>(case: &Value, reads: impl Iterator<Item = &'r [u8]>) -> Outcome {
    let kind = match case["kind"].as_str() {
        Some("completion") => Kind::Completion,
        Some("raw") => Kind::Raw,
        _ => Kind::Chat,
    };
    let choices = case["expect_choices"].as_u64().unwrap_or(1) as usize;
    let strict = case["strict"].as_bool().unwrap_or(false);
    let mut decoder = Decoder::new(Expect { kind, choices }, Limits::default(), strict);
    decoder.head(case["http_status"].as_u64().unwrap_or(200) as u16, case["content_type"].as_str());
    let mut got = Delivered::default();
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Text { choice, text } => got.text(choice, false, text),
        Piece::Reasoning { choice, text } => got.text(choice, true, text),
        Piece::ToolCall { choice, index, call } => {
            assert!(!call.id.is_empty());
            got.calls.push((choice, index, call.arguments.as_str().to_owned()));
        }
    };
    let mut verdict = Ok(());
    let mut flow = Flow::More;
    for read in reads {
        match decoder.feed(read, &mut sink) {
            Ok(now) => {
                assert!(flow == Flow::More || now != Flow::More, "a finished stream went back to more");
                flow = now;
            }
            Err(error) => {
                verdict = Err(error);
                break;
            }
        }
    }
    let verdict = verdict.and_then(|()| decoder.finish(&mut sink));
    (got, decoder.into_answer(), verdict)
}

impl Delivered {
    fn text(&mut self, choice: u32, reasoning: bool, text: &str) {
        assert!(!text.is_empty());
        self.texts.entry((choice, reasoning)).or_default().push_str(text);
    }
}

/// What the case says against what came out, as two lists of lines that must be equal.
fn compare(case: &Value, outcome: &Outcome) -> (Vec<String>, Vec<String>) {
    let (delivered, answer, verdict) = outcome;
    let (mut want, mut got) = (Vec::new(), Vec::new());
    let mut both = |name: &str, wanted: &Value, is: Value| {
        if !wanted.is_null() {
            want.push(format!("{name}: {wanted}"));
            got.push(format!("{name}: {is}"));
        }
    };
    let error = verdict.as_ref().err();
    let status = match error.map(|error| error.status) {
        None => "complete",
        Some(Status::Truncated) => "truncated",
        Some(Status::BadResponse) => "bad_response",
        Some(_) => "server_error",
    };
    both("outcome", &case["outcome"], status.into());
    both("status", &case["status"], error.map_or(String::new(), |e| format!("{:?}", e.status)).into());
    let first = answer.choices.first();
    let text = first.map_or("", |choice| choice.text.as_str());
    both("text", &case["text"], text.into());
    both("reasoning", &case["reasoning"], first.map_or("", |choice| choice.reasoning.as_str()).into());
    both("finish_reason", &case["finish_reason"], first.map_or("", |c| c.finish_reason.as_str()).into());
    let calls: Vec<Value> = first.map_or(&[][..], |choice| &choice.tool_calls).iter().map(|call| {
        serde_json::json!({"id": call.id.as_str(), "name": call.name.as_str(), "arguments": call.arguments.as_str()})
    }).collect();
    both("tool_calls", &case["tool_calls"], calls.into());
    let texts: serde_json::Map<_, _> =
        answer.choices.iter().enumerate().map(|(at, c)| (at.to_string(), c.text.as_str().into())).collect();
    both("choices", &case["choices"], texts.into());
    let usage = answer.usage;
    let usage = [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens];
    both("usage", &case["usage"], usage.to_vec().into());
    for (name, is) in [
        ("message", error.map(|e| &e.message)),
        ("code", error.map(|e| &e.code)),
        ("type", error.map(|e| &e.kind)),
        ("param", error.map(|e| &e.param)),
    ] {
        both(name, &case[format!("error_{name}")], is.map_or("", |text| text.as_str()).into());
    }
    both("retryable", &case["retryable"], error.is_some_and(|e| e.retryable).into());
    let met: Vec<_> = answer.tolerated.iter().map(|(oddity, _)| oddity.name()).collect();
    both("tolerated", &case["tolerated"], met.into());
    both("json", &case["json"], serde_json::from_str(&answer.to_json()).unwrap());
    check_pieces(delivered, answer, verdict.is_ok());
    (want, got)
}

/// The pieces add up to the final text; where the answer is incomplete they are a prefix of it.
fn check_pieces(delivered: &Delivered, answer: &Answer, complete: bool) {
    let mut calls = 0;
    for (number, choice) in answer.choices.iter().enumerate() {
        for (reasoning, whole) in [(false, &choice.text), (true, &choice.reasoning)] {
            let pieces = delivered.texts.get(&(number as u32, reasoning)).map_or("", String::as_str);
            assert!(whole.as_str().starts_with(pieces), "{pieces:?} is no prefix of {whole:?}");
            assert!(!complete || whole.as_str() == pieces, "{pieces:?} is not {whole:?}");
        }
        calls += choice.tool_calls.len();
    }
    assert!(!complete || calls == delivered.calls.len(), "{delivered:?}");
    for (choice, index, arguments) in &delivered.calls {
        let call = &answer.choices[*choice as usize].tool_calls[*index as usize];
        assert_eq!(call.arguments.as_str(), arguments);
    }
}

#[test]
fn every_case_comes_out_whatever_the_reads() {
    let mut failures = Vec::new();
    let cases = cases();
    assert!(cases.len() >= 80, "{} cases", cases.len());
    for (name, case) in &cases {
        let bytes = std::fs::read(folder().join(name)).unwrap();
        let whole = decode(case, std::iter::once(&bytes[..]));
        let (want, got) = compare(case, &whole);
        if want != got {
            failures.push(format!("{name}: want {want:#?}, got {got:#?}, verdict {:?}", whole.2));
            continue;
        }
        let same = |outcome: &Outcome| {
            let texts = |answer: &Answer| answer.to_json();
            let message = |o: &Outcome| o.2.as_ref().err().map(|e| (e.status, e.message.clone()));
            outcome.0 == whole.0
                && texts(&outcome.1) == texts(&whole.1)
                && message(outcome) == message(&whole)
        };
        let bytewise = decode(case, bytes.chunks(1));
        if compare(case, &bytewise).1 != want || !same(&bytewise) {
            failures.push(format!("{name} in 1-byte reads: {bytewise:?}"));
        }
        for at in 0..=bytes.len() {
            let split = decode(case, [&bytes[..at], &bytes[at..]].into_iter());
            if compare(case, &split).1 != want || !same(&split) {
                failures.push(format!("{name} split at {at}: {split:?}"));
                break;
            }
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_case_is_listed_and_says_who_does_it() {
    let cases = cases();
    for file in std::fs::read_dir(folder()).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let helper = name == "README.md" || name == "expected.json";
        assert!(helper || cases.contains_key(&name), "{name} is not in expected.json");
    }
    for (name, case) in &cases {
        assert!(case["server"].as_str().is_some_and(|server| !server.is_empty()), "{name} names no server");
    }
}
