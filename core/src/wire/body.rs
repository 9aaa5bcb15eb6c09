//! What the bytes of a response are (a stream, one JSON text, a page, an error) and what becomes of them.

use super::answer::Answer;
use super::errors;
use super::frame::Frame;
use super::json::{Type, parse};
use super::reading::Reading;
use super::sse::{Event, Sse};
use super::tolerated::Tolerated;
use super::{Bound, Expect, Flow, Kind, Limits, Sink};
use crate::error::{Error, Status};

/// One HTTP response, from its bytes to an answer and a verdict.
pub struct Decoder {
    shape: Shape,
    http_status: u16,
    /// The content type says that it is a stream of events.
    streams: bool,
    received: u64,
    events: u64,
    pub(super) reading: Reading,
}

/// What the body is.
enum Shape {
    /// Not known yet.
    Unknown(Head),
    /// A stream; its bytes are kept until one line of it is one of a stream: it may turn out to be plain text.
    Events(Sse, Vec<u8>),
    /// One JSON text.
    Json(Vec<u8>),
    /// HTML or plain text with a status that promised an answer.
    Page(Vec<u8>),
    /// The body of an HTTP error.
    Failure(Vec<u8>),
}

/// The first bytes, as long as they do not tell what the body is.
#[derive(Default)]
struct Head {
    /// Whether the place for a byte-order mark is behind.
    begun: bool,
    /// What was no white space before the answer.
    bytes: Vec<u8>,
}

impl Decoder {
    /// A decoder for one response. With `strict`, everything that is otherwise understood and counted fails.
    pub fn new(expect: Expect, limits: Limits, strict: bool) -> Self {
        let answer = Answer::new(expect.kind, &limits);
        let reading = Reading {
            expect,
            limits,
            strict,
            http_status: 0,
            answer,
            frame: Frame::default(),
            done: false,
            failed: None,
            is_refused: false,
        };
        Self {
            shape: Shape::Unknown(Head::default()),
            http_status: 0,
            streams: false,
            received: 0,
            events: 0,
            reading,
        }
    }

    /// The head of the response. It decides, together with the first bytes, what the body is.
    pub fn head(&mut self, http_status: u16, content_type: Option<&str>) {
        self.http_status = http_status;
        self.reading.http_status = http_status;
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        self.streams = essence.eq_ignore_ascii_case("text/event-stream");
        if http_status >= 300 {
            self.shape = Shape::Failure(Vec::new());
        }
    }

    /// The next bytes of the body; `sink` takes what they complete. After an error the same error comes again.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<Flow, Error> {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if let Some(error) = &self.reading.failed {
            return Err(error.clone());
        }
        let result = self.feed_shape(bytes, sink);
        self.reading.remember(result)
    }

    fn feed_shape(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<Flow, Error> {
        let Shape::Unknown(head) = &mut self.shape else { return self.feed_known(bytes, sink) };
        let Some(shape) = head.recognize(bytes, self.streams, self.reading.expect.kind) else {
            return Ok(Flow::More);
        };
        // The head holds these bytes too, from the first on that counts.
        let head = std::mem::take(&mut head.bytes);
        self.shape = shape;
        self.feed_known(&head, sink)
    }

    fn feed_known(&mut self, bytes: &[u8], sink: &mut Sink<'_>) -> Result<Flow, Error> {
        let (reading, events) = (&mut self.reading, &mut self.events);
        if !matches!(self.shape, Shape::Unknown(_) | Shape::Events(..)) {
            *events += 1;
        }
        match &mut self.shape {
            Shape::Unknown(_) => Ok(Flow::More),
            Shape::Events(sse, words) => {
                let limits = reading.limits;
                let mut take = |event: Event<'_>| {
                    *events += 1;
                    reading.event(event, true, sink)
                };
                sse.feed(bytes, &limits, &mut take)?;
                if sse.is_foreign() {
                    keep_some(words, bytes, limits.error_body);
                } else {
                    *words = Vec::new();
                }
                Ok(reading.flow())
            }
            Shape::Json(body) => {
                Bound::check("bytes of the body", body.len() + bytes.len(), reading.limits.answer)?;
                body.extend_from_slice(bytes);
                Ok(Flow::More)
            }
            Shape::Page(body) | Shape::Failure(body) => {
                let full = keep_some(body, bytes, reading.limits.error_body);
                Ok(if full { Flow::Done } else { Flow::More })
            }
        }
    }

    /// The body ended cleanly: gives the verdict. `sink` takes what waited for more.
    pub fn finish(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        if let Some(error) = &self.reading.failed {
            return Err(error.clone());
        }
        let result = self.verdict(sink);
        self.reading.remember(result)
    }

    fn verdict(&mut self, sink: &mut Sink<'_>) -> Result<(), Error> {
        let reading = &mut self.reading;
        match &mut self.shape {
            Shape::Unknown(head) if head.bytes.is_empty() => {
                return Err(reading.truncated("the server closed the connection without an answer"));
            }
            Shape::Unknown(Head { bytes: body, .. }) | Shape::Page(body) => {
                return Err(errors::not_an_answer(self.http_status, body));
            }
            Shape::Failure(_) if self.http_status < 400 => return Err(redirect(self.http_status)),
            Shape::Failure(body) => {
                let mut odd = Tolerated::default();
                if let Ok((value, _)) = parse(body, reading.limits.json_depth, &mut odd) {
                    reading.answer.count(value);
                }
                return Err(errors::of_body(self.http_status, body));
            }
            Shape::Events(sse, words) => {
                let limits = reading.limits;
                sse.finish(&limits, &mut |event| reading.event(event, false, sink))?;
                if !reading.done && reading.answer.finished().is_none() {
                    // Gateways keep the content type of the stream that they could not open.
                    if sse.is_foreign() && !begins_field(words) {
                        return Err(errors::not_an_answer(self.http_status, words));
                    }
                    return Err(reading.truncated("the stream ended before the answer was complete"));
                }
            }
            Shape::Json(body) => {
                reading.whole(body, sink)?;
            }
        }
        reading.answer.finish(sink);
        reading.check_strict()
    }

    /// Whether what arrived so far is a complete answer: a connection that is reset after it is no failure.
    pub fn is_complete(&self) -> bool {
        match &self.shape {
            Shape::Events(..) => self.reading.is_complete(),
            Shape::Json(body) => {
                let value = parse(body, self.reading.limits.json_depth, &mut Tolerated::default());
                value.is_ok_and(|(value, _)| value.kind() == Type::Object)
            }
            Shape::Unknown(_) | Shape::Page(_) | Shape::Failure(_) => false,
        }
    }

    /// Bytes of the body so far.
    pub fn received(&self) -> u64 {
        self.received
    }

    /// Whether anything of an answer came, be it not readable yet: a word, a part of a tool call, or a byte of a body that
    /// comes as a whole and is no error.
    pub fn has_begun(&self) -> bool {
        match &self.shape {
            Shape::Json(body) if !self.reading.is_refused => !body.is_empty(),
            Shape::Unknown(_) | Shape::Page(_) | Shape::Failure(_) => false,
            Shape::Events(..) | Shape::Json(_) => self.reading.answer.has_begun(),
        }
    }

    /// How often something came that is no mere sign of life: an event with data, or bytes of a body that is no stream.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The answer so far.
    pub fn answer(&self) -> &Answer {
        &self.reading.answer
    }

    /// What has arrived, at any moment: what was delivered is a prefix of it.
    pub fn into_answer(self) -> Answer {
        self.end(&mut |_| {})
    }

    /// What has arrived; `sink` takes the text that waited for more, and then all of it was delivered.
    pub fn end(self, sink: &mut Sink<'_>) -> Answer {
        let mut answer = self.reading.answer;
        answer.settle(sink);
        answer
    }
}

/// Appends what fits; whether it is full then.
fn keep_some(kept: &mut Vec<u8>, bytes: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(kept.len());
    kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    bytes.len() >= room
}

/// The fields that a stream may begin with.
const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b"error:"];

/// Whether these bytes, the first of a line, may be cut off inside the name of a field.
fn begins_field(head: &[u8]) -> bool {
    FIELDS.iter().any(|field| field.starts_with(head))
}

fn redirect(http_status: u16) -> Error {
    let message =
        format!("the server answered with a redirect (HTTP status {http_status}), which is not followed");
    let mut error = Error::new(Status::BadResponse, message);
    error.http_status = http_status;
    error
}

impl Head {
    /// What the body is, once its first bytes that count tell; then they all are in `self.bytes`.
    fn recognize(&mut self, bytes: &[u8], streams: bool, kind: Kind) -> Option<Shape> {
        const MARK: &[u8] = b"\xef\xbb\xbf";
        let head = &mut self.bytes;
        head.extend_from_slice(bytes);
        if !self.begun {
            if head.len() < MARK.len() && MARK.starts_with(head) {
                return None;
            }
            if head.starts_with(MARK) {
                head.drain(..MARK.len());
            }
            self.begun = true;
        }
        // White space before an answer keeps connections alive; there may be much of it, so it is not kept.
        let blank = head.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        head.drain(..blank);
        match head.first()? {
            b'<' => Some(Shape::Page(Vec::new())),
            b'{' | b'[' if !streams || kind == Kind::Raw => Some(Shape::Json(Vec::new())),
            _ if kind == Kind::Raw => Some(Shape::Page(Vec::new())),
            b':' => Some(Shape::Events(Sse::past_mark(), Vec::new())),
            _ if streams => Some(Shape::Events(Sse::past_mark(), Vec::new())),
            _ => {
                if FIELDS.iter().any(|field| head.starts_with(field)) {
                    Some(Shape::Events(Sse::past_mark(), Vec::new()))
                } else if begins_field(head) {
                    None
                } else {
                    Some(Shape::Page(Vec::new()))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Decoder;
    use crate::error::{Error, Status};
    use crate::wire::{Expect, Flow, Kind, Limits, Piece};

    fn decoder(limits: Limits) -> Decoder {
        let mut decoder = Decoder::new(Expect { kind: Kind::Chat, choices: 1 }, limits, false);
        decoder.head(200, Some("Text/Event-Stream; charset=utf-8"));
        decoder
    }

    fn delta(delta: &str) -> String {
        format!("data: {{\"choices\":[{{\"index\":0,{delta}}}]}}\n\n")
    }

    fn fed(limits: Limits, body: &str) -> Result<Flow, Error> {
        decoder(limits).feed(body.as_bytes(), &mut |_| {})
    }

    #[test]
    fn flow_tells_when_to_stop() {
        let mut decoder = decoder(Limits::default());
        let feed = |decoder: &mut Decoder, text: &str| decoder.feed(text.as_bytes(), &mut |_| {}).unwrap();
        assert_eq!(feed(&mut decoder, &delta(r#""delta":{"content":"a"}"#)), Flow::More);
        assert!(!decoder.is_complete());
        assert_eq!(feed(&mut decoder, &delta(r#""finish_reason":"stop""#)), Flow::Finished);
        assert!(decoder.is_complete());
        assert_eq!(feed(&mut decoder, "data: {\"usage\":{\"prompt_tokens\":1}}\n\n"), Flow::Finished);
        assert_eq!(feed(&mut decoder, "data: [DONE]\n\ndata: {{{"), Flow::Done);
        assert_eq!(decoder.answer().usage.prompt_tokens, Some(1));
    }

    #[test]
    fn every_bound_is_named() {
        let small = Limits {
            line: 500,
            event: 300,
            answer: 2000,
            json_depth: 8,
            choices: 2,
            tool_calls: 2,
            error_body: 9,
        };
        let call = |n: usize| delta(&format!(r#""delta":{{"tool_calls":[{{"index":{n},"id":"i{n}"}}]}}"#));
        let text = delta(&format!(r#""delta":{{"content":"{}"}}"#, "x".repeat(200)));
        let growing = delta(&format!(r#""delta":{{"refusal":"{}"}}"#, "x".repeat(200)));
        for (body, what) in [
            (format!(":{}\n", "x".repeat(500)), "line"),
            (format!("data: {}\n", "x".repeat(301)), "event"),
            (text.repeat(12), "bytes of the answer"),
            (growing.repeat(12), "bytes of the answer"),
            ("data: {\"a\":[[[[[[[[1]]]]]]]]}\n\n".to_owned(), "JSON depth"),
            ("data: {\"choices\":[{},{},{}]}\n\n".to_owned(), "choices"),
            (call(0) + &call(1) + &call(2), "tool calls"),
        ] {
            let error = fed(small, &body).unwrap_err();
            assert_eq!(error.status, Status::BadResponse);
            assert!(error.message.as_str().ends_with(what), "{} is not about {what}", error.message);
        }
        // What is replaced is not kept: an endless stream may repeat itself.
        let replaced = |n| {
            format!(
                "data: {{\"timings\":{{\"n\":{n}}},\"usage\":{{\"prompt_tokens\":{n}}},\"choices\":[]}}\n\n"
            )
        };
        assert_eq!(fed(small, &(0..500).map(replaced).collect::<String>()).unwrap(), Flow::More);
    }

    #[test]
    fn a_cancelled_answer_begins_with_what_was_delivered() {
        let mut decoder = decoder(Limits::default());
        let mut delivered = String::new();
        for text in [r"a\ud83d", r"\ude00b\ud83d"] {
            let body = delta(&format!(r#""delta":{{"content":"{text}"}}"#));
            let mut sink = |piece: Piece<'_>| match piece {
                Piece::Text { text, .. } => delivered.push_str(text),
                other => panic!("{other:?}"),
            };
            decoder.feed(body.as_bytes(), &mut sink).unwrap();
        }
        assert_eq!(delivered, "a\u{1f600}b");
        let answer = decoder.into_answer();
        assert_eq!(answer.choices[0].text.as_str(), "a\u{1f600}b\u{fffd}");
        assert_eq!(answer.choices[0].role.as_str(), "assistant");
    }

    #[test]
    fn an_error_stays() {
        let mut decoder = decoder(Limits::default());
        let error = decoder.feed(b"data: {\"error\":\"boom\"}\n\n", &mut |_| {}).unwrap_err();
        assert_eq!(error.status, Status::Server);
        let more = delta(r#""delta":{"content":"a"},"finish_reason":"stop""#);
        assert_eq!(decoder.feed(more.as_bytes(), &mut |_| {}).unwrap_err(), error);
        assert_eq!(decoder.finish(&mut |_| {}).unwrap_err(), error);
        assert!(!decoder.is_complete());
    }

    #[test]
    fn what_an_error_used_is_counted() {
        let error = r#"{"error":{"message":"refused"},"usage":{"prompt_tokens":7,"completion_tokens":0}}"#;
        for (status, kind, body) in [
            (400, "application/json", error.to_owned()),
            (200, "text/event-stream", format!("data: {error}\n\n")),
            (200, "application/json", error.to_owned()),
        ] {
            let mut decoder = decoder(Limits::default());
            decoder.head(status, Some(kind));
            let fed = decoder.feed(body.as_bytes(), &mut |_| {});
            assert!(fed.and_then(|_| decoder.finish(&mut |_| {})).is_err());
            let usage = decoder.into_answer().usage;
            assert_eq!((usage.prompt_tokens, usage.total_tokens), (Some(7), Some(7)), "{status} {kind}");
        }
    }

    #[test]
    fn error_bodies_are_cut_at_their_bound() {
        let mut decoder = decoder(Limits { error_body: 10, ..Limits::default() });
        decoder.head(503, Some("text/plain"));
        assert_eq!(decoder.feed(b"12345", &mut |_| {}).unwrap(), Flow::More);
        assert_eq!(decoder.feed(b"678901", &mut |_| {}).unwrap(), Flow::Done);
        let error = decoder.finish(&mut |_| {}).unwrap_err();
        assert_eq!((error.status, error.body.as_str()), (Status::Server, "1234567890"));
    }

    #[test]
    fn a_whole_body_is_complete_when_its_json_is() {
        let mut decoder = decoder(Limits::default());
        decoder.head(200, Some("application/json"));
        decoder.feed(br#"{"choices":[{"message":{"content":"a"}}]"#, &mut |_| {}).unwrap();
        assert!(!decoder.is_complete());
        decoder.feed(b"}", &mut |_| {}).unwrap();
        assert!(decoder.is_complete());
        decoder.finish(&mut |_| {}).unwrap();
        assert_eq!(decoder.answer().choices[0].text.as_str(), "a");
        assert!(decoder.is_complete(), "also after the verdict");
    }
}
