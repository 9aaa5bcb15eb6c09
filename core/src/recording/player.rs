//! Reads a recording, and answers from it.

use super::line::{FORMAT, Header, Line, VERSION};
use super::{Exchange, body, damaged};
use crate::error::{Error, Status};
use crate::key::Key;
use crate::sync::lock;
use serde::Deserialize;
use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A recording that requests are answered from. Shared by any number of threads.
pub struct Recording {
    exchanges: Vec<Recorded>,
    /// By route, then by the canonical form of the body.
    answers: Mutex<HashMap<String, HashMap<Vec<u8>, Answers>>>,
}

struct Recorded {
    line: usize,
    exchange: Arc<Exchange>,
}

/// The answers to one request: their places, in the order of the file, and how many of them were given.
#[derive(Default)]
struct Answers {
    places: Vec<usize>,
    given: usize,
}

impl Recording {
    /// Reads a recording from a file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|e| {
            Error::new(Status::BadData, format!("the recording {} cannot be read: {e}", path.display()))
        })?;
        Self::parse(&bytes).map_err(|mut error| {
            error.message = format!("{}: {}", path.display(), error.message).into();
            error
        })
    }

    /// Reads a recording.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        // Editors put this mark before a text.
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').zip(1..);
        let (first, _) = lines.next().unwrap_or_default();
        check_header(first).map_err(|what| damaged(1, what))?;
        let (mut exchanges, mut answers) = (Vec::new(), HashMap::<_, HashMap<_, Answers>>::new());
        for (text, line) in lines {
            if text.trim_ascii().is_empty() {
                continue;
            }
            let (exchange, form) = read(text).map_err(|what| damaged(line, what))?;
            let of_route = answers.entry(exchange.route.clone()).or_default();
            of_route.entry(form).or_default().places.push(exchanges.len());
            exchanges.push(Recorded { line, exchange: Arc::new(exchange) });
        }
        Ok(Self { exchanges, answers: Mutex::new(answers) })
    }

    /// What was recorded, in the order of the file.
    pub fn exchanges(&self) -> impl Iterator<Item = &Arc<Exchange>> {
        self.exchanges.iter().map(|recorded| &recorded.exchange)
    }

    /// The first exchange of that route with an equal body that was not given yet; each is given once. Bodies are
    /// compared as JSON values, without the key.
    pub fn answer(&self, route: &str, body: &[u8], key: Option<&Key>) -> Result<Arc<Exchange>, Error> {
        let body = body::recorded(body, key).map_err(|e| Error::invalid("request", e))?;
        let form = body::canonical(body.get()).unwrap_or_default();
        let mut answers = lock(&self.answers);
        let known = answers.get_mut(route).and_then(|of_route| of_route.get_mut(&form));
        let place = known.as_ref().and_then(|known| known.places.get(known.given).copied());
        match (known, place.and_then(|place| self.exchanges.get(place))) {
            (Some(known), Some(recorded)) => {
                known.given += 1;
                Ok(Arc::clone(&recorded.exchange))
            }
            (Some(known), None) => {
                let given = known.given;
                Err(self.no_answer("further answer", format!("the {given} that it has were given already")))
            }
            (None, _) => {
                drop(answers);
                Err(self.no_answer("answer", self.closest(route, body.get())))
            }
        }
    }

    fn no_answer(&self, what: &str, why: String) -> Error {
        let count = self.exchanges.len();
        Error::new(
            Status::BadData,
            format!("the recording has no {what} to this request in its {count} exchanges: {why}"),
        )
        .with_hint("Send what was sent when it was recorded, or record it anew.")
    }

    /// What is most like a request that was not recorded, and where it differs.
    fn closest(&self, route: &str, body: &str) -> String {
        let of_route = self.exchanges.iter().filter(|recorded| recorded.exchange.route == route);
        let differing = of_route.map(|recorded| {
            let request = str::from_utf8(&recorded.exchange.request).unwrap_or_default();
            (body::difference(body, request), recorded.line)
        });
        match differing.min_by_key(|((count, _), _)| *count) {
            None => format!("none is of the route {route}"),
            Some(((_, Some(name)), line)) => format!("the closest is on line {line} and differs in {name:?}"),
            Some(((_, None), line)) => format!("the closest is on line {line}"),
        }
    }
}

fn check_header(line: &[u8]) -> Result<(), String> {
    let header: Header = parse(line)?;
    if header.format != FORMAT {
        return Err(format!("the format is {:?} and not {FORMAT:?}", header.format));
    }
    if header.version != VERSION {
        return Err(format!("the version is {} and not {VERSION}, the one that can be read", header.version));
    }
    Ok(())
}

/// The exchange of a line, and the canonical form of its body.
fn read(line: &[u8]) -> Result<(Exchange, Vec<u8>), String> {
    let line: Line = parse(line)?;
    let form = body::canonical(line.request()).ok_or("the request is nested too deeply")?;
    Ok((line.exchange()?, form))
}

fn parse<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, String> {
    const CUT: &str = "it is cut off; what wrote the recording stopped in the middle of it";
    // Only the last line can lack its end.
    let last = line.last() != Some(&b'\n');
    let text = match str::from_utf8(line.trim_ascii_end()) {
        Ok(text) => text,
        Err(e) if last && e.error_len().is_none() => return Err(CUT.into()),
        Err(e) => return Err(format!("no UTF-8 (column {})", e.valid_up_to() + 1)),
    };
    serde_json::from_str(text).map_err(|e| {
        // Half a number is no JSON, but a line that was whole ends with its brace.
        let half = e.is_syntax() && e.column() >= text.len() && !text.ends_with('}');
        if last && (e.is_eof() || half) {
            return CUT.into();
        }
        let what = e.to_string();
        let what =
            what.strip_suffix(&format!(" at line {} column {}", e.line(), e.column())).unwrap_or(&what);
        let no_json = if e.is_data() { "" } else { "no JSON: " };
        format!("{no_json}{} (column {})", clipped(what), e.column())
    })
}

/// The beginning of a text that may be as long as the file.
fn clipped(text: &str) -> String {
    const LONGEST: usize = 200;
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { short + "…" } else { short }
}

#[cfg(test)]
mod tests {
    use super::Recording;
    use crate::error::{Error, Status};
    use crate::key::Key;
    use crate::recording::Outcome;
    use std::sync::Mutex;

    const HEADER: &str = "{\"format\":\"hyperbolic-recording\",\"version\":1}\n";

    /// An exchange that was cut after so many milliseconds, by which it is known again.
    fn cut(route: &str, request: &str, ms: u64) -> String {
        format!("{{\"route\":\"{route}\",\"request\":{request},\"end\":{{\"cut\":{{\"ms\":{ms}}}}}}}\n")
    }

    fn recording(lines: &[String]) -> Recording {
        Recording::parse((HEADER.to_owned() + &lines.concat()).as_bytes()).unwrap()
    }

    fn damage(file: impl AsRef<[u8]>) -> Error {
        Recording::parse(file.as_ref()).err().expect("damaged")
    }

    #[test]
    fn each_answer_is_given_once_in_order() {
        let recording = recording(&[
            cut("completions", r#"{"a":1,"b":2}"#, 1),
            cut("completions", r#"{"b":2, "a":1.0}"#, 2),
            cut("chat/completions", r#"{"a":1,"b":2}"#, 3),
            cut("models", "null", 4),
            cut("completions", r#"{"a":1}"#, 5),
        ]);
        let ask = |route, body: &str| recording.answer(route, body.as_bytes(), None).map(|e| e.ended_ms);
        assert_eq!(ask("completions", r#"{"a":1}"#), Ok(5));
        assert_eq!(ask("completions", r#"{"b":2,"a":1}"#), Ok(1));
        assert_eq!(ask("completions", r#"{"a":1,"b":2}"#), Ok(2));
        assert_eq!(ask("models", ""), Ok(4));
        assert_eq!(ask("chat/completions", " {\"a\":1,\n\"b\":2} "), Ok(3));
        let error = ask("completions", r#"{"a":1,"b":2}"#).unwrap_err();
        assert_eq!((error.status, error.retryable), (Status::BadData, false));
        let expected = "the recording has no further answer to this request in its 5 exchanges: \
                        the 2 that it has were given already";
        assert_eq!(error.message.as_str(), expected);
    }

    #[test]
    fn what_is_missing_is_explained() {
        let recording = recording(&[
            cut("chat/completions", r#"{"model":"n","messages":["hi"]}"#, 1),
            "\n".into(),
            cut("chat/completions", r#"{"model":"m","messages":["hello"]}"#, 2),
        ]);
        let ask = |route, body: &str| recording.answer(route, body.as_bytes(), None).unwrap_err();
        let why = |error: &Error| error.message.as_str().rsplit_once("2 exchanges: ").unwrap().1.to_owned();
        let error = ask("chat/completions", r#"{"model":"m","messages":["goodbye"]}"#);
        assert_eq!((error.status, error.retryable), (Status::BadData, false));
        assert_eq!(why(&error), r#"the closest is on line 4 and differs in "messages""#);
        assert_eq!(why(&ask("models", "")), "none is of the route models");
        // Never what was said.
        assert!(!format!("{error:?}").contains("hello") && !format!("{error:?}").contains("goodbye"));
    }

    #[test]
    fn many_threads_get_each_answer_once() {
        const COUNT: u64 = 400;
        let lines: Vec<_> = (0..COUNT).map(|ms| cut("models", "null", ms)).collect();
        let (recording, given) = (recording(&lines), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Ok(exchange) = recording.answer("models", b"", None) {
                        given.lock().unwrap().push(exchange.ended_ms);
                    }
                });
            }
        });
        let mut given = given.into_inner().unwrap();
        given.sort_unstable();
        assert_eq!(given, (0..COUNT).collect::<Vec<_>>());
    }

    #[test]
    fn a_request_with_a_key_finds_what_was_recorded_without() {
        let recording = recording(&[cut("completions", r#"{"user":"[key]"}"#, 1)]);
        let (key, body) = (Key::new("sk-other").unwrap(), br#"{"user":"sk-other"}"#);
        assert!(recording.answer("completions", body, None).is_err());
        assert!(recording.answer("completions", body, Some(&key)).is_ok());
    }

    #[test]
    fn files_of_editors_are_read() {
        let file = format!("\u{feff}{HEADER}\n{}  \n{}", cut("models", "null", 1), cut("models", "null", 2));
        for file in [file.replace('\n', "\r\n"), file.trim_end().to_owned(), file] {
            assert_eq!(Recording::parse(file.as_bytes()).unwrap().exchanges().count(), 2, "{file:?}");
        }
        assert_eq!(Recording::parse(HEADER.as_bytes()).unwrap().exchanges().count(), 0);
    }

    #[test]
    fn what_is_damaged_is_named() {
        let answer = |head: &str, chunks: &str, end: &str| {
            format!(r#"{{"route":"models","request":null,"head":{head},"chunks":{chunks},"end":{end}}}"#)
        };
        let (head, end) = (r#"{"ms":3,"status":200,"headers":[]}"#, r#"{"whole":{"ms":9}}"#);
        assert!(Recording::parse((HEADER.to_owned() + &answer(head, "[]", end)).as_bytes()).is_ok());
        for (line, what) in [
            ("<html>".into(), "no JSON: expected value (column 1)"),
            ("{} {}".into(), "missing field `route` (column 2)"),
            (answer(head, "[]", r#"{"whole":{"ms":9}"#), "no JSON: EOF while parsing an object"),
            (r#"{"route":"models","end":{"cut":{"ms":1}}}"#.into(), "missing field `request`"),
            (
                r#"{"route":1,"request":null}"#.into(),
                "invalid type: integer `1`, expected a string (column 10)",
            ),
            (answer(head, "[]", r#"{"whole":{}}"#), "missing field `ms`"),
            (answer(head, "[]", r#"{"gone":{"ms":9}}"#), "unknown variant `gone`, expected one of `whole`"),
            (answer(head, "[]", r#"{"broken_off":{"ms":9}}"#), "missing field `message`"),
            (answer(head, "[]", r#"{"whole":{"ms":-1}}"#), "invalid value: integer `-1`, expected u64"),
            (answer(head, "null", end), "missing field `chunks`"),
            (answer("null", "[]", r#"{"cut":{"ms":9}}"#), "missing field `head`"),
            (answer("null", "null", end), "missing field `head`"),
            (answer(head, "[]", end).replace("head", "hat"), "unknown field `hat`, expected one of `route`"),
            (answer(head, r#"[{"ms":3,"text":""},{"ms":3}]"#, end), "chunk 2 is neither text nor hex"),
            (answer(head, r#"[{"ms":3,"text":"","hex":""}]"#, end), "chunk 1 is neither text nor hex"),
            (answer(head, r#"[{"ms":3,"hex":"0"}]"#, end), "chunk 1 is neither text nor hex"),
            (answer(head, r#"[{"ms":3,"hex":"+1"}]"#, end), "chunk 1 is neither text nor hex"),
            (
                answer(head, r#"[{"ms":2,"text":""}]"#, end),
                "chunk 1: the time goes backwards, from 3 to 2 ms",
            ),
            (answer(head, r#"[{"ms":10,"text":""}]"#, end), "end: the time goes backwards, from 10 to 9 ms"),
            (answer(&head.replace("200", "42"), "[]", end), "head: 42 is no HTTP status"),
            (
                answer(&head.replace("[]", r#"[["a b","c"]]"#), "[]", end),
                r#"head: "a b" is no name of a header"#,
            ),
            (answer(&head.replace("[]", r#"[["a","\n"]]"#), "[]", end), "head: the value of a cannot"),
            (
                answer(
                    head,
                    "[]",
                    r#"{"no_answer":{"ms":9,"error":"panic","message":"","hint":"","retryable":true}}"#,
                ),
                "unknown variant `panic`, expected one of `connect`",
            ),
            (
                answer(
                    head,
                    "[]",
                    r#"{"no_answer":{"ms":9,"error":"system","message":"","hint":"","retryable":true}}"#,
                ),
                "`no_answer` and `dead` go with neither",
            ),
            (answer(head, "[]", end).replace("null", &"[".repeat(100_000)), "no JSON: "),
            (
                answer(head, "[]", end).replace("null", &format!("{}{}", "[".repeat(9999), "]".repeat(9999))),
                "the request is nested too deeply",
            ),
        ] {
            for after in ["\n", "\n\n", "\nmore"] {
                let error = damage(HEADER.to_owned() + &cut("models", "null", 0) + &line + after);
                assert_eq!((error.status, error.retryable), (Status::BadData, false), "{line:.200}");
                let begin = format!("the recording is damaged: line 3: {what}");
                assert!(error.message.as_str().starts_with(&begin), "{line:.200}: {error}");
                assert!(error.message.len() < 1000, "{line:.200}");
            }
        }
        let error = damage([HEADER.as_bytes(), b"\n{\"route\":\"\xff\"}"].concat());
        assert!(error.message.as_str().ends_with("line 3: no UTF-8 (column 11)"), "{error}");
    }

    #[test]
    fn another_format_is_told_apart() {
        for (file, what) in [
            ("\n", "no JSON: EOF while parsing a value (column 0)"),
            ("hello\n", "no JSON: expected value (column 1)"),
            ("{}\n", "missing field `format` (column 2)"),
            (r#"{"format":"har","version":1}"#, r#"the format is "har" and not "hyperbolic-recording""#),
            (
                r#"{"format":"hyperbolic-recording","version":2,"new":{}}"#,
                "the version is 2 and not 1, the one that can be read",
            ),
            ("", "it is cut off; what wrote the recording stopped in the middle of it"),
        ] {
            let error = damage(file);
            assert_eq!(error.message.as_str(), format!("the recording is damaged: line 1: {what}"), "{file}");
        }
    }

    #[test]
    fn a_cut_anywhere_is_told() {
        let file = HEADER.to_owned()
            + &cut("models", "null", 1)
            + "{\"route\":\"completions\",\"request\":{\"prompt\":\"\\u00e9é😀\",\"n\":1.5e1},\
               \"head\":{\"ms\":10,\"status\":200,\"headers\":[[\"content-type\",\"text/plain\"]]},\
               \"chunks\":[{\"ms\":10,\"text\":\"é\\n\"},{\"ms\":11,\"hex\":\"ff\"}],\"end\":{\"broken_off\":{\"ms\":11,\
               \"message\":\"\"}}}\n";
        assert_eq!(Recording::parse(file.as_bytes()).unwrap().exchanges().count(), 2);
        let bytes = file.as_bytes();
        // A cut at the end of a line cannot be seen, and one that took only the line break took nothing.
        let ends = |at: usize| at > 0 && (bytes[at - 1] == b'\n' || bytes[at] == b'\n');
        for at in (0..bytes.len()).filter(|at| !ends(*at)) {
            let line = 1 + bytes[..at].iter().filter(|byte| **byte == b'\n').count();
            let what = "it is cut off; what wrote the recording stopped in the middle of it";
            let expected = format!("the recording is damaged: line {line}: {what}");
            assert_eq!(damage(&bytes[..at]).message.as_str(), expected, "{at}");
        }
    }

    #[test]
    fn failures_are_given_as_they_were() {
        let end = r#"{"no_answer":{"ms":7,"error":"connect","message":"m","hint":"h","retryable":true}}"#;
        let recording = recording(&[format!(r#"{{"route":"models","request":null,"end":{end}}}"#)]);
        let exchange = recording.answer("models", b"", None).unwrap();
        let expected = Error::new(Status::Connect, "m").with_hint("h").retryable();
        assert_eq!((exchange.ended_ms, &exchange.outcome), (7, &Outcome::NoAnswer(expected)));
    }

    #[test]
    fn a_file_is_named() {
        let missing = std::env::temp_dir().join("hyperbolic-no-such-folder").join("a.jsonl");
        let error = Recording::open(&missing).err().unwrap();
        assert_eq!(error.status, Status::BadData);
        assert!(error.message.as_str().contains("a.jsonl"), "{error}");
    }
}
