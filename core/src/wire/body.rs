//! What the bytes of a response are (a stream, one JSON text, a page, an error) and what becomes of them.

use super::answer::Answer;
use super::chunk::Chunk;
use super::clean::write_value;
use super::errors::{self, Sign};
use super::json::{Fault, Type, Value, parse};
use super::sse::{Event, Sse};
use super::tolerated::{Oddity, Tolerated};
use super::{Bound, Expect, Flow, Kind, Limits, Sink};
use crate::error::{Error, Status};

/// One HTTP response, from its bytes to an answer and a verdict.
pub struct Decoder {
    shape: Shape,
    http_status: u16,
    /// The content type says that it is a stream of events.
    streams: bool,
    received: u64,
    reading: Reading,
}

/// What the body is.
enum Shape {
    /// Not known yet.
    Unknown(Head),
    Events(Sse),
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

/// What does not depend on the framing.
struct Reading {
    expect: Expect,
    limits: Limits,
    strict: bool,
    http_status: u16,
    answer: Answer,
    done: bool,
    failed: Option<Error>,
}

impl Decoder {
    /// A decoder for one response. With `strict`, everything that is otherwise understood and counted fails.
    pub fn new(expect: Expect, limits: Limits, strict: bool) -> Self {
        let answer = Answer::new(expect.kind, &limits);
        let reading = Reading { expect, limits, strict, http_status: 0, answer, done: false, failed: None };
        Self { shape: Shape::Unknown(Head::default()), http_status: 0, streams: false, received: 0, reading }
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
        let reading = &mut self.reading;
        match &mut self.shape {
            Shape::Unknown(_) => Ok(Flow::More),
            Shape::Events(sse) => {
                let limits = reading.limits;
                sse.feed(bytes, &limits, &mut |event| reading.event(event, true, sink))?;
                Ok(reading.flow())
            }
            Shape::Json(body) => {
                Bound::check("bytes of the body", body.len() + bytes.len(), reading.limits.answer)?;
                body.extend_from_slice(bytes);
                Ok(Flow::More)
            }
            Shape::Page(body) | Shape::Failure(body) => {
                let room = reading.limits.error_body.saturating_sub(body.len());
                body.extend_from_slice(&bytes[..bytes.len().min(room)]);
                Ok(if bytes.len() >= room { Flow::Done } else { Flow::More })
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
            Shape::Failure(body) => return Err(errors::of_body(self.http_status, body)),
            Shape::Events(sse) => {
                let limits = reading.limits;
                sse.finish(&limits, &mut |event| reading.event(event, false, sink))?;
                if !reading.done && reading.answer.finished().is_none() {
                    return Err(reading.truncated("the stream ended before the answer was complete"));
                }
            }
            Shape::Json(body) => {
                let body = std::mem::take(body);
                reading.whole(&body, sink)?;
            }
        }
        reading.answer.finish(sink);
        reading.check_strict()
    }

    /// Whether what arrived so far is a complete answer: a connection that is reset after it is no failure.
    pub fn is_complete(&self) -> bool {
        match &self.shape {
            Shape::Events(_) => self.reading.is_complete(),
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

    /// The answer so far.
    pub fn answer(&self) -> &Answer {
        &self.reading.answer
    }

    /// What has arrived, at any moment: what was delivered is a prefix of it.
    pub fn into_answer(self) -> Answer {
        let mut answer = self.reading.answer;
        answer.settle();
        answer
    }
}

impl Reading {
    fn remember<T>(&mut self, result: Result<T, Error>) -> Result<T, Error> {
        result.inspect_err(|error| self.failed = Some(error.clone()))
    }

    fn is_complete(&self) -> bool {
        self.done || self.answer.finished().is_some_and(|finished| finished >= self.expect.choices)
    }

    fn flow(&self) -> Flow {
        match (self.done, self.is_complete()) {
            (true, _) => Flow::Done,
            (false, true) => Flow::Finished,
            (false, false) => Flow::More,
        }
    }

    /// One event: JSON values, `[DONE]`, or several of them glued together. `ended` says whether a blank line
    /// ended it: what the end of the stream cut off counts only as far as it is whole.
    fn event(&mut self, event: Event<'_>, ended: bool, sink: &mut Sink<'_>) -> Result<(), Error> {
        let mut rest = event.data;
        let mut values = 0;
        while !self.done {
            rest = skip_framing(rest);
            if rest.is_empty() {
                break;
            }
            if let Some(after) = rest.strip_prefix(b"[DONE]") {
                self.done = true;
                self.answer.finish(sink);
                rest = after;
            } else {
                let parsed = parse(rest, self.limits.json_depth, &mut self.answer.tolerated);
                let (value, after) = match parsed {
                    Ok(parsed) => parsed,
                    Err(fault) => return self.no_json(fault, event, rest, ended),
                };
                rest = after;
                self.value(value, event.name, sink)?;
            }
            values += 1;
        }
        if values > 1 {
            self.answer.tolerated.add(Oddity::GluedValues);
        }
        if event.bare {
            self.answer.tolerated.add(Oddity::BareLine);
        }
        self.check_strict()
    }

    /// One JSON value of an event or a body.
    fn value(&mut self, value: Value<'_>, name: &[u8], sink: &mut Sink<'_>) -> Result<(), Error> {
        if value.kind() == Type::Array {
            // Google wraps its errors in a list.
            return value.items().try_for_each(|item| self.object(item, name, sink));
        }
        self.object(value, name, sink)
    }

    fn object(&mut self, value: Value<'_>, name: &[u8], sink: &mut Sink<'_>) -> Result<(), Error> {
        let named_error = name == b"error";
        if value.kind() != Type::Object {
            if named_error && !value.is_null() {
                return Err(errors::in_text(value.raw(), self.http_status));
            }
            if !value.is_null() {
                self.answer.tolerated.add(Oddity::WrongType);
            }
            return Ok(());
        }
        let chunk = Chunk::read(value);
        let foreign = !matches!(name, b"" | b"message" | b"error");
        // What a foreign event says under `message`, or in fields of its own, is its own affair.
        let bare = chunk.choices.is_none() && !foreign;
        let failed = named_error || chunk.sign == Sign::Sure || (bare && chunk.sign == Sign::Bare);
        let mut of_choice = None;
        if chunk.choices.is_some() || !(failed || foreign) {
            of_choice = self.answer.apply(&chunk, &self.limits, sink)?;
        }
        if failed {
            return Err(errors::of_object(value, self.http_status));
        }
        let of_choice = of_choice.filter(|error| errors::says_something(*error));
        of_choice.map_or(Ok(()), |error| Err(errors::of_object(error, self.http_status)))
    }

    /// Data that is no JSON.
    fn no_json(&mut self, fault: Fault, event: Event<'_>, rest: &[u8], ended: bool) -> Result<(), Error> {
        if fault == Fault::Depth {
            return Err(Bound { what: "JSON depth", limit: self.limits.json_depth }.into());
        }
        if event.name == b"error" {
            return Err(errors::in_text(event.data, self.http_status));
        }
        if event.bare || !matches!(event.name, b"" | b"message") {
            self.answer.tolerated.add(Oddity::ForeignText);
            return self.check_strict();
        }
        if !ended {
            return Ok(());
        }
        Err(errors::not_an_answer(self.http_status, rest))
    }

    /// A body that is one JSON text.
    fn whole(&mut self, body: &[u8], sink: &mut Sink<'_>) -> Result<(), Error> {
        let body = body.trim_ascii();
        let mut odd = Tolerated::default();
        let (value, after) = parse(body, self.limits.json_depth, &mut odd).map_err(|fault| match fault {
            Fault::Cut => self.truncated("the body ended inside its JSON"),
            Fault::Depth => Bound { what: "JSON depth", limit: self.limits.json_depth }.into(),
            Fault::Syntax => errors::not_an_answer(self.http_status, body),
        })?;
        let after = skip_framing(after);
        let alone = after.is_empty() || after.starts_with(b"[DONE]");
        if self.expect.kind == Kind::Raw {
            let chunk = Chunk::read(value);
            let bare = chunk.choices.is_none() && value.get("data").is_none();
            if chunk.sign == Sign::Sure || (bare && chunk.sign == Sign::Bare) {
                return Err(errors::of_object(value, self.http_status));
            }
        } else {
            self.event(Event { name: b"", data: body, bare: false }, true, sink)?;
            if self.answer.choices.is_empty() {
                return Err(errors::not_an_answer(self.http_status, body));
            }
            // One object is the whole answer; objects in a row are a stream without its framing.
            if !alone && !self.done && self.answer.finished().is_none() {
                return Err(self.truncated("the stream ended before the answer was complete"));
            }
        }
        if alone {
            write_value(value, &mut self.answer.body, &mut odd);
        }
        Ok(())
    }

    fn check_strict(&self) -> Result<(), Error> {
        match self.answer.tolerated.iter().next() {
            Some((oddity, _)) if self.strict => {
                let message = format!("not tolerated in strict mode: {}", oddity.name());
                Err(self.error(Status::BadResponse, &message))
            }
            _ => Ok(()),
        }
    }

    fn truncated(&self, message: &str) -> Error {
        self.error(Status::Truncated, message)
    }

    fn error(&self, status: Status, message: &str) -> Error {
        let mut error = Error::new(status, message);
        error.http_status = self.http_status;
        error
    }
}

fn redirect(http_status: u16) -> Error {
    let message =
        format!("the server answered with a redirect (HTTP status {http_status}), which is not followed");
    let mut error = Error::new(Status::BadResponse, message);
    error.http_status = http_status;
    error
}

/// Steps over white space and `data:` that was glued to what came before it.
fn skip_framing(mut rest: &[u8]) -> &[u8] {
    loop {
        rest = rest.trim_ascii();
        match rest.strip_prefix(b"data:") {
            Some(after) => rest = after,
            None => return rest,
        }
    }
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
            b':' => Some(Shape::Events(Sse::past_mark())),
            _ if streams => Some(Shape::Events(Sse::past_mark())),
            _ => {
                let fields: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b"error:"];
                if fields.iter().any(|field| head.starts_with(field)) {
                    Some(Shape::Events(Sse::past_mark()))
                } else if fields.iter().any(|field| field.starts_with(head)) {
                    None
                } else {
                    Some(Shape::Page(Vec::new()))
                }
            }
        }
    }
}
