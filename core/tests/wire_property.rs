//! Any answer, cut into any events, framed in any way and read in any pieces, is the answer of the unstreamed call.

use fastrand::Rng;
use hyperbolic_core::wire::{Answer, Decoder, Expect, Flow, Kind, Limits, Piece};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

fn pick<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

fn text(random: &mut Rng, longest: usize) -> String {
    const PARTS: &[&str] = &[
        "a", "Hello ", "\n", "\"", "\\", "é", "€", "😀", "\u{2028}", "<", "<think>", "</think>", "data: ",
        "[DONE]", "\r\n", "\u{0}", "{}", "\u{fffd}", "\u{feff}", " ",
    ];
    (0..random.usize(..=longest)).map(|_| PARTS[random.usize(..PARTS.len())]).collect()
}

/// An answer as the unstreamed call gives it.
fn whole(random: &mut Rng) -> Value {
    let choices: Vec<Value> = (0..1 + random.usize(..3)).map(|index| choice(random, index)).collect();
    let mut all = json!({
        "id": "c1", "object": "chat.completion", "created": 17,
        "model": pick(random, &["m", "deepseek-ai/DeepSeek-R1"]), "choices": choices,
    });
    if random.usize(..2) == 0 {
        all["usage"] =
            json!({"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "details": {"x": [1]}});
    }
    if random.usize(..3) == 0 {
        all["system_fingerprint"] = "fp".into();
    }
    all
}

fn choice(random: &mut Rng, index: usize) -> Value {
    let mut message = json!({"role": "assistant", "content": text(random, 8)});
    if random.usize(..3) == 0 {
        // Never empty: an empty one says nothing about who sorts the reasoning out.
        message["reasoning_content"] = format!("r{}", text(random, 5)).into();
    } else if random.usize(..3) == 0 {
        message["content"] = format!("<think>{}</think>\n{}", text(random, 4), text(random, 6)).into();
    }
    if random.usize(..3) == 0 {
        message["content"] = Value::Null;
        let calls = (0..1 + random.usize(..3)).map(|place| {
            let arguments = json!({"x": text(random, 5), "y": [place]}).to_string();
            json!({"id": format!("id{place}"), "type": "function", "function": {"name": "f", "arguments": arguments}})
        });
        message["tool_calls"] = calls.collect();
    }
    if random.usize(..4) == 0 {
        message["refusal"] = format!("no{}", text(random, 3)).into();
    }
    let mut choice =
        json!({"index": index, "message": message, "finish_reason": pick(random, &["stop", "length", "é"])});
    if random.usize(..4) == 0 {
        choice["logprobs"] = json!({"content": [{"token": "a"}, {"token": "b"}, {"token": "c"}]});
    }
    choice
}

/// Cuts text into pieces, also inside surrogate pairs; each is a JSON string.
fn pieces(random: &mut Rng, text: &str) -> Vec<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut pieces = Vec::new();
    let mut rest = &units[..];
    while !rest.is_empty() || pieces.is_empty() {
        let (piece, after) = rest.split_at(random.usize(..=rest.len()));
        pieces.push(json_string(random, piece));
        rest = after;
    }
    pieces
}

fn json_string(random: &mut Rng, units: &[u16]) -> String {
    if let Ok(text) = String::from_utf16(units)
        && random.usize(..2) == 0
    {
        return Value::from(text).to_string();
    }
    let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
    format!("\"{escaped}\"")
}

/// The deltas of one choice, as JSON texts of its entry in `choices`, in order.
fn deltas(random: &mut Rng, choice: &Value) -> Vec<String> {
    let index = &choice["index"];
    let message = &choice["message"];
    let entry = |delta: &str| format!("{{\"index\":{index},\"delta\":{{{delta}}}}}");
    let mut out = vec![entry("\"role\":\"assistant\",\"content\":null,\"refusal\":null")];
    for name in ["reasoning_content", "content", "refusal"] {
        if let Some(text) = message[name].as_str() {
            out.extend(pieces(random, text).iter().map(|piece| entry(&format!("\"{name}\":{piece}"))));
        }
    }
    for (place, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let (id, name) = (&call["id"], &call["function"]["name"]);
        let repeat = random.usize(..2) == 0;
        let arguments = call["function"]["arguments"].as_str().unwrap();
        for (fragment, piece) in pieces(random, arguments).iter().enumerate() {
            let named = format!(
                "\"id\":{id},\"type\":\"function\",\"function\":{{\"name\":{name},\"arguments\":{piece}}}"
            );
            let bare = format!("\"function\":{{\"arguments\":{piece}}}");
            let rest = if fragment == 0 || repeat { named } else { bare };
            out.push(entry(&format!("\"tool_calls\":[{{\"index\":{place},{rest}}}]")));
        }
    }
    for token in choice["logprobs"]["content"].as_array().into_iter().flatten() {
        out.push(format!("{{\"index\":{index},\"delta\":{{}},\"logprobs\":{{\"content\":[{token}]}}}}"));
    }
    out.push(format!("{{\"index\":{index},\"delta\":{{}},\"finish_reason\":{}}}", choice["finish_reason"]));
    out
}

/// The chunks of an answer: the choices' deltas in any interleaving, sometimes several in one chunk.
fn chunks(random: &mut Rng, whole: &Value) -> Vec<String> {
    let choices = whole["choices"].as_array().unwrap();
    let mut queues: Vec<_> =
        choices.iter().map(|choice| deltas(random, choice).into_iter().peekable()).collect();
    let mut head = Map::new();
    for (key, value) in whole.as_object().unwrap() {
        if !matches!(key.as_str(), "choices" | "usage") {
            head.insert(key.clone(), value.clone());
        }
    }
    head["object"] = "chat.completion.chunk".into();
    let head = Value::from(head).to_string();
    let head = head.strip_suffix('}').unwrap();
    let mut out = Vec::new();
    while queues.iter_mut().any(|queue| queue.peek().is_some()) {
        let mut entries = Vec::new();
        for queue in &mut queues {
            if random.usize(..2) == 0 {
                entries.extend(queue.next());
            }
        }
        let usage = pick(random, &["", ",\"usage\":null", ",\"usage\":{}"]);
        out.push(format!("{head},\"choices\":[{}]{usage}}}", entries.join(",")));
    }
    if let Some(usage) = whole.get("usage") {
        out.push(format!("{head},\"choices\":[],\"usage\":{usage}}}"));
    }
    out
}

/// The bytes of a stream of those events, in any framing that the grammar allows.
fn framed(random: &mut Rng, chunks: &[String]) -> Vec<u8> {
    let mut out = String::from(pick(random, &["", "\u{feff}", ": hi\n\n", "\n\n"]));
    for chunk in chunks {
        // One kind an event: a line feed behind a carriage return would belong to it.
        let end = pick(random, &["\n", "\r\n", "\r"]);
        if random.usize(..4) == 0 {
            let noise: &str =
                pick(random, &[": comment", "id: 7", "retry: 3", "event: message", "event", "x: y", "data"]);
            out.push_str(noise);
            out.push_str(end);
        }
        let space = pick(random, &["", " "]);
        // A line may end wherever JSON allows white space; behind the first brace it does.
        let split = random.usize(..3) == 0;
        let lines = if split { vec!["{", &chunk[1..]] } else { vec![chunk.as_str()] };
        for line in lines {
            out.extend(["data:", space, line, end]);
        }
        out.push_str(end);
    }
    if random.usize(..2) == 0 {
        out.push_str("data: [DONE]\n\n");
    }
    out.into_bytes()
}

/// What came out, without what does not depend on the server.
fn decoded(random: &mut Rng, bytes: &[u8], content_type: &str, choices: usize) -> Answer {
    let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices }, Limits::default(), false);
    decoder.head(200, Some(content_type));
    let mut texts: BTreeMap<(u32, bool), String> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut sink = |piece: Piece<'_>| match piece {
        Piece::Text { choice, text } => texts.entry((choice, false)).or_default().push_str(text),
        Piece::Reasoning { choice, text } => texts.entry((choice, true)).or_default().push_str(text),
        Piece::ToolCall { choice, index, call } => calls.push((choice, index, call.arguments.clone())),
    };
    let mut rest = bytes;
    let longest = pick(random, &[1, 3, 50, 5000]);
    let mut flow = Flow::More;
    while !rest.is_empty() {
        let (read, after) = rest.split_at(rest.len().min(1 + random.usize(..longest)));
        flow = decoder.feed(read, &mut sink).unwrap();
        rest = after;
    }
    assert!(content_type == "application/json" || flow != Flow::More);
    decoder.finish(&mut sink).unwrap();
    assert_eq!(decoder.received(), bytes.len() as u64);
    let answer = decoder.into_answer();
    for (number, choice) in answer.choices.iter().enumerate() {
        let delivered = |reasoning| texts.get(&(number as u32, reasoning)).map_or("", String::as_str);
        assert_eq!((delivered(false), delivered(true)), (choice.text.as_str(), choice.reasoning.as_str()));
        let arguments: Vec<_> =
            calls.iter().filter(|call| call.0 as usize == number).map(|call| &call.2).collect();
        assert_eq!(arguments, choice.tool_calls.iter().map(|call| &call.arguments).collect::<Vec<_>>());
    }
    answer
}

#[test]
fn streamed_is_unstreamed() {
    for seed in 1..=4000 {
        let mut random = Rng::with_seed(seed);
        let whole = whole(&mut random);
        let choices = whole["choices"].as_array().unwrap().len();
        let chunks = chunks(&mut random, &whole);
        let bytes = framed(&mut random, &chunks);
        let shown = || format!("seed {seed}: {}", String::from_utf8_lossy(&bytes));
        let plain = decoded(&mut random, whole.to_string().as_bytes(), "application/json", choices);
        let streamed = decoded(&mut random, &bytes, "text/event-stream", choices);
        for (a, b) in streamed.choices.iter().zip(&plain.choices) {
            let fields = |c: &hyperbolic_core::wire::Choice| {
                let calls = c
                    .tool_calls
                    .iter()
                    .map(|call| (call.id.clone(), call.name.clone(), call.arguments.clone()));
                let texts = [&c.role, &c.text, &c.reasoning, &c.finish_reason, &c.logprobs].map(Clone::clone);
                (texts, calls.collect::<Vec<_>>())
            };
            assert_eq!(fields(a), fields(b), "{}", shown());
        }
        assert_eq!(streamed.choices.len(), choices);
        assert_eq!((streamed.usage, streamed.created), (plain.usage, plain.created));
        let json: Value = serde_json::from_str(&streamed.to_json()).unwrap();
        assert_eq!(json, whole, "{}", shown());
        assert_eq!(serde_json::from_str::<Value>(&plain.to_json()).unwrap(), whole);
        assert_eq!((streamed.tolerated.total(), plain.tolerated.total()), (0, 0), "{}", shown());
    }
}
