use super::Frame;
use crate::wire::json::{MAX_DEPTH, parse};
use crate::wire::{Decoder, Expect, Kind, Limits, Piece, Tolerated};
use fastrand::Rng;

/// Reads an event in full.
fn learn(frame: &mut Frame, event: &str) {
    let value = parse(event.as_bytes(), 128, &mut Tolerated::default()).unwrap().0;
    frame.learn(event.as_bytes(), value);
}

/// What is new in the second event, once the first was read: its words and its usage.
fn new(first: &str, second: &str) -> Option<(String, Option<String>)> {
    let mut frame = Frame::default();
    learn(&mut frame, first);
    let new = frame.new_in(second.as_bytes(), 128)?;
    let text = |raw: &[u8]| String::from_utf8(raw.to_vec()).unwrap();
    Some((text(new.words.string().unwrap().raw()), new.usage.map(|usage| text(usage.raw()))))
}

fn words(first: &str, second: &str) -> Option<String> {
    new(first, second).map(|(words, _)| words)
}

#[test]
fn only_words_may_differ() {
    let event = |id: &str, words: &str, end: &str| {
        format!(
            r#"{{"id":"{id}","choices":[{{"index":0,"delta":{{"content":"{words}"}},"finish_reason":{end}}}]}}"#
        )
    };
    let first = event("a", "x", "null");
    for same in ["", "y", "long words", r"\n", r#"\"q\""#, r"\\", r"a\u00e9"] {
        assert_eq!(words(&first, &event("a", same, "null")).as_deref(), Some(same));
    }
    let (other_id, ended) = (event("b", "x", "null"), event("a", "x", "\"stop\""));
    let (broken, more) = (event("a", r"x\", "null"), event("a", r#"x","content":"y"#, "null"));
    let longer = format!("{first} 1");
    for other in [&other_id, &ended, &broken, &more, &longer, &first[..20], &first[..first.len() - 1], ""] {
        assert_eq!(words(&first, other), None, "{other}");
    }
    // One that ends its choice does more than add to a text.
    assert_eq!(words(&ended, &ended), None);
    let unended = event("a", "x", "\"\"");
    assert_eq!(words(&unended, &event("a", "y", "\"\"")).as_deref(), Some("y"));
}

#[test]
fn usage_may_differ_wherever_it_stands() {
    let behind =
        |usage: &str| format!(r#"{{"choices":[{{"delta":{{"content":"x"}}}}],"usage":{usage},"a":1}}"#);
    let ahead = |usage: &str| format!(r#"{{"usage": {usage} ,"choices":[{{"delta":{{"content":"x"}}}}]}}"#);
    let counts = r#"{"total_tokens":3,"details":{"a":[1,{}],"b":"}"}}"#;
    for event in [&behind as &dyn Fn(&str) -> String, &ahead] {
        for first in ["null", counts, "{}", "1"] {
            for usage in [counts, "{\"total_tokens\" : 12}", "{}", "[]", "12", "\"\\\"\"", "true"] {
                let found = new(&event(first), &event(usage));
                assert_eq!(found, Some(("x".into(), Some(usage.into()))), "{first} {usage}");
            }
            assert_eq!(new(&event(first), &event("null")), Some(("x".into(), None)));
            // What is odd is counted by whoever reads the event in full; what is broken fails there.
            for usage in ["NaN", "[01]", "{\"a\":1,}", "{\"a\":1", "{}}", "1,\"usage\":2", ""] {
                assert_eq!(new(&event(first), &event(usage)), None, "{first} {usage}");
            }
        }
    }
    // As deep as in an event that is read in full.
    for (depth, bound) in [(8, 8), (1000, MAX_DEPTH)] {
        let mut frame = Frame::default();
        learn(&mut frame, &behind("null"));
        let deep = |brackets: usize| behind(&format!("{}{}", "[".repeat(brackets), "]".repeat(brackets)));
        assert!(frame.new_in(deep(bound - 1).as_bytes(), depth).is_some());
        assert!(frame.new_in(deep(bound).as_bytes(), depth).is_none());
        assert!(parse(deep(bound - 1).as_bytes(), depth, &mut Tolerated::default()).is_ok());
        assert!(parse(deep(bound).as_bytes(), depth, &mut Tolerated::default()).is_err());
    }
}

#[test]
fn arguments_grow_like_words() {
    let event = |index: &str, more: &str, piece: &str| {
        format!(
            r#"{{"choices":[{{"delta":{{"content":null,"tool_calls":[{{"index":{index}{more},"function":{{"arguments":{piece}}}}}]}}}}]}}"#
        )
    };
    let first = event("1", "", "\"{\"");
    assert_eq!(words(&first, &event("1", "", r#""\"a""#)).as_deref(), Some(r#"\"a"#));
    assert_eq!(words(&first, &event("2", "", "\"a\"")), None);
    assert_eq!(words(&first, &event("1", "", "{}")), None);
    let typed = event("0", r#","type":"function","id":"","name":null"#, "\"\"");
    assert_eq!(words(&typed, &typed).as_deref(), Some(""));
    for (index, more) in
        [("1", r#","id":"a""#), ("1", r#","name":"f""#), ("1", r#","x":1"#), ("-1", ""), ("null", "")]
    {
        let event = event(index, more, "\"a\"");
        assert_eq!(words(&event, &event), None, "{event}");
    }
}

#[test]
fn what_does_more_than_add_to_one_text_is_read_each_time() {
    for delta in [
        r#""content":"x","tool_calls":[]"#,
        r#""content":"x","tool_calls":[{"index":0,"function":{"arguments":"a"}}]"#,
        r#""tool_calls":[{"index":0,"function":{"arguments":"a"}},{"index":1,"function":{"arguments":"a"}}]"#,
        r#""tool_calls":[{"index":0,"function":{"arguments":{}}}]"#,
        r#""tool_calls":[{"index":0}]"#,
        r#""function_call":{"arguments":"a"}"#,
        r#""content":"x","reasoning":"y""#,
        r#""content":"x","other":1"#,
        r#""content":["x"]"#,
        r#""content":null"#,
        "",
    ] {
        let event = format!(r#"{{"choices":[{{"delta":{{{delta}}}}}]}}"#);
        assert_eq!(words(&event, &event), None, "{delta}");
    }
    for event in [
        r#"{"choices":[{"delta":{"content":"x"}}],"usage":{"total_tokens":1},"usage":null}"#,
        r#"{"choices":[{"delta":{"content":"x"}},{"delta":{"content":"x"}}]}"#,
        r#"{"choices":[{"delta":{"content":"x"},"logprobs":{}}]}"#,
        r#"{"choices":[{"delta":{"content":"x"},"usage":{}}]}"#,
        r#"{"choices":[{"delta":{"content":"x"},"text":"y"}]}"#,
        r#"{"choices":[{"message":{"content":"x"}}]}"#,
        r#"{"choices":[{"text":1}]}"#,
        r#"{"choices":[{"delta":{"content":"x"}}],"error":"no"}"#,
        r#"[{"choices":[{"delta":{"content":"x"}}]}]"#,
    ] {
        assert_eq!(words(event, event), None, "{event}");
    }
    let both = r#"{"choices":[{"delta":{"content":"","reasoning_content":"x","role":"assistant"}}]}"#;
    assert_eq!(words(both, both).as_deref(), Some("x"));
    let completion = r#"{"choices":[{"text":"x","index":0,"logprobs":null}]}"#;
    assert_eq!(words(completion, completion).as_deref(), Some("x"));
}

#[test]
fn a_stream_whose_events_differ_is_soon_let_be() {
    let event = |id: u32| format!(r#"{{"id":"{id}","choices":[{{"delta":{{"content":"x"}}}}]}}"#);
    let mut frame = Frame::default();
    for id in 0..super::PATIENCE + 1 {
        assert!(frame.new_in(event(id).as_bytes(), 128).is_none());
        learn(&mut frame, &event(id));
    }
    assert!(frame.place.is_none());
}

fn pick<T: Copy>(random: &mut Rng, from: &[T]) -> T {
    from[random.usize(..from.len())]
}

/// The inside of a string: whole, cut inside a character, odd, or broken.
const WORDS: &[&str] = &[
    "",
    " the",
    "a",
    "<think>",
    "</think>",
    "\\n",
    "\\\"",
    "\\\\",
    "{",
    "}",
    "é",
    "\\ud83d",
    "\\ude00",
    "\\u20ac",
    "\\q",
    "\u{1}",
    "[DONE]",
    "x\\",
    "y\",\"role\":\"z",
    "\\u12",
];
const NUMBERS: &[&str] =
    &["0", "1", "12", "-1", "1.5", "\"7\"", "null", "1e3", "01", "+1", "NaN", "9223372036854775807", "{}"];
const USAGE: &[&str] = &[
    "null",
    "null",
    "{}",
    "[]",
    "5",
    "\"x\"",
    "true",
    "{\"total_tokens\":1",
    "nul",
    "{\"total_tokens\":3,}",
    "{\"details\":{\"a\\n\":[1,{\"b\":\"\\ud800\"}]},\"prompt_tokens\":2}",
    "{\"prompt_tokens\":1,\"x\":\"\u{1}\"}",
];

fn usage(random: &mut Rng) -> String {
    if random.usize(..4) == 0 {
        return pick(random, USAGE).to_owned();
    }
    let space = pick(random, &["", " "]);
    let names = ["prompt_tokens", "completion_tokens", "total_tokens"];
    let counts = names.map(|name| {
        let odd = random.usize(..12) == 0;
        let number = if odd { pick(random, NUMBERS).to_owned() } else { random.usize(..500).to_string() };
        format!("\"{name}\":{space}{number}")
    });
    let details = pick(random, &["", ",\"details\":null", ",\"details\":{\"cached\":[1, 2]}"]);
    format!("{{{}{details}}}", counts[..1 + random.usize(..3)].join(&format!(",{space}")))
}

/// Events around other words and usage; now and then one of another kind.
fn stream(random: &mut Rng) -> (Kind, Vec<String>) {
    let texts = [
        "\"content\":W",
        "\"reasoning_content\":W",
        "\"content\":\"\",\"reasoning\":W",
        "\"content\":W,\"reasoning\":\"\"",
    ];
    let call = "\"content\":null,\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":W}}]";
    let named = "\"tool_calls\":[{\"index\":0,\"id\":\"c\",\"function\":{\"name\":\"f\",\"arguments\":W}}]";
    let deltas =
        [texts[0], texts[1], texts[2], texts[3], call, named].map(|delta| format!("\"delta\":{{{delta}}}"));
    let kind = if random.usize(..6) == 0 { Kind::Completion } else { Kind::Chat };
    let choice = match kind {
        Kind::Completion => "\"text\":W".to_owned(),
        _ => deltas[random.usize(..deltas.len())].clone(),
    };
    let choice = format!(
        "\"index\":{},{choice},\"finish_reason\":{}",
        random.usize(..2),
        pick(random, &["null", "\"\""])
    );
    let choices = format!("\"choices\":[{{{choice}}}]");
    let event = match random.usize(..5) {
        0 => format!("{{\"id\":\"c\",\"model\":\"deepseek-r1\",{choices}}}"),
        1 => format!("{{\"usage\":U,\"created\":1,{choices},\"fingerprint\":\"f\"}}"),
        2 => format!("{{\"usage\": U , {choices}, \"usage\": U}}"),
        3 => format!(" {{\"object\":\"chat.completion.chunk\",{choices},\"usage\":U}}"),
        _ => format!("{{\"id\":\"c\",{choices},\"usage\":U}}"),
    };
    let mut events = Vec::new();
    for _ in 0..random.usize(..24) {
        let odd = random.usize(..6) == 0;
        let words = pick(random, &WORDS[..if odd { WORDS.len() } else { 10 }]);
        let mut event = event.replace('W', &format!("\"{words}\""));
        if random.usize(..40) == 0 {
            let other = &deltas[random.usize(..deltas.len())].replace('W', "\"w\"");
            event = format!(
                "{{\"choices\":[{{{other},\"finish_reason\":{}}}]}}",
                pick(random, &["null", "\"stop\""])
            );
        }
        while let Some(at) = event.find('U') {
            event.replace_range(at..=at, &usage(random));
        }
        events.push(event);
    }
    (kind, events)
}

/// All that an answer holds and that was delivered, event by event; how many events were not read in full.
fn decoded(kind: Kind, events: &[String], limits: Limits, strict: bool, frames: bool) -> (String, usize) {
    let mut decoder = Decoder::new(Expect { kind, choices: 2 }, limits, strict);
    decoder.head(200, Some("text/event-stream"));
    let (mut seen, mut fast) = (String::new(), 0);
    for event in events {
        if !frames {
            decoder.reading.frame = Frame::default();
        }
        let depth = limits.json_depth;
        fast += usize::from(decoder.reading.frame.new_in(event.as_bytes(), depth).is_some());
        let bytes = format!("data: {event}\n\n");
        let mut pieces = Vec::new();
        let flow = decoder.feed(bytes.as_bytes(), &mut |piece: Piece<'_>| pieces.push(format!("{piece:?}")));
        seen += &format!("{event}: {flow:?} {pieces:?} {:?}\n", decoder.answer());
    }
    let answer = decoder.into_answer();
    let json = answer.to_json();
    serde_json::from_str::<serde::de::IgnoredAny>(&json).unwrap();
    (format!("{seen}{answer:?}\n{json}"), fast)
}

#[test]
fn an_answer_is_the_same_without_frames() {
    let (mut fast, mut all) = (0, 0);
    for seed in 1..=6000 {
        let mut random = Rng::with_seed(seed);
        let (kind, events) = stream(&mut random);
        let strict = random.usize(..8) == 0;
        let depth = if random.usize(..8) == 0 { 6 } else { 128 };
        let answer = if random.usize(..4) == 0 { 9000 + random.usize(..300) } else { 64 << 20 };
        let limits = Limits { json_depth: depth, answer, ..Limits::default() };
        let (with, skipped) = decoded(kind, &events, limits, strict, true);
        let (without, none) = decoded(kind, &events, limits, strict, false);
        for (with, without) in with.lines().zip(without.lines()) {
            assert_eq!(with, without, "seed {seed}");
        }
        assert_eq!((with.lines().count(), none), (without.lines().count(), 0), "seed {seed}");
        (fast, all) = (fast + skipped, all + events.len());
    }
    assert!(fast * 3 > all, "{fast} of {all}");
}
